"""Rules of CronJobs."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated
from tests.unit.cluster.api.validation.test_jobs import job


def cron(**more: Any) -> dict[str, Any]:
    template = {"spec": {"template": job()["spec"]["template"]}}
    spec = {"schedule": "@daily", "jobTemplate": template, **more}
    return {"metadata": {"name": "often"}, "spec": spec}


def test_right_ones() -> None:
    assert created("batch", "cronjobs", cron(timeZone="Etc/UTC")) == []


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        ({"schedule": "TZ=UTC * * * * *"}, "cannot use TZ or CRON_TZ in schedule, use timeZone"),
        ({"schedule": "CRON_TZ=UTC * * * * *", "timeZone": "Etc/UTC"},
         "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ({"timeZone": "Mars/Base"}, "unknown time zone Mars/Base"),
        ({"concurrencyPolicy": "Any"}, 'supported values: "Allow", "Forbid", "Replace"'),
        ({"startingDeadlineSeconds": -1}, "spec.startingDeadlineSeconds"),
        ({"failedJobsHistoryLimit": -1}, "spec.failedJobsHistoryLimit"),
        ({"jobTemplate": {"spec": {"parallelism": -1}}}, "spec.jobTemplate.spec.parallelism"),
    ],
)  # fmt: skip
def test_wrong_cron_jobs(more: dict[str, Any], text: str) -> None:
    found = created("batch", "cronjobs", cron(**more))
    assert any(text in item for item in found), found


def test_names_of_cron_jobs_leave_room() -> None:
    long = changed(cron(), "metadata.name", "a" * 53)
    assert "must be no more than 52 characters" in created("batch", "cronjobs", long)[0]


def test_labels_of_a_cron_jobs_jobs_are_looked_at_when_there_is_one() -> None:
    made = cron()
    made["spec"]["jobTemplate"]["metadata"] = {"labels": {"a": "Odd!"}}
    assert created("batch", "cronjobs", made) == []


def test_cron_jobs_leave_selectors_to_the_server() -> None:
    spec = job(selector={"matchLabels": {"a": "b"}}, manualSelector=True)["spec"]
    found = created("batch", "cronjobs", cron(jobTemplate={"spec": spec}))
    path = "spec.jobTemplate.spec"
    assert [text.split(": ")[:2] for text in found] == [
        [f"{path}.selector", "Invalid value"],
        [f"{path}.manualSelector", "Unsupported value"],
    ]


def test_of_a_cron_job_that_was_there_some_may_stay_wrong() -> None:
    old = cron(schedule="TZ=Europe/Nowhere 0 * * * *")
    assert len(created("batch", "cronjobs", copy.deepcopy(old))) == 1
    group = ("batch", "cronjobs")
    assert updated(*group, copy.deepcopy(old), changed(old, "spec.suspend", True)) == []
    both = changed(old, "spec.timeZone", "Etc/UTC")
    [told] = updated(*group, copy.deepcopy(old), both)
    assert "cannot use both timeZone field and TZ" in told
    [told] = updated(*group, cron(), copy.deepcopy(old))
    assert "use timeZone field instead" in told
    gone = cron(timeZone="Europe/Nowhere")
    assert updated(*group, copy.deepcopy(gone), changed(gone, "spec.suspend", True)) == []
    long = changed(cron(), "metadata.name", "a" * 53)
    assert updated(*group, copy.deepcopy(long), changed(long, "spec.suspend", True)) == []
