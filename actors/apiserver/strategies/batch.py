"""Rules of jobs and cron jobs: a job selects its pods by its own uid. Pure.

Source: docs "Jobs", Specifying your own Pod selector.
"""

from typing import Any

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.types import Object

UID_LABEL = "batch.kubernetes.io/controller-uid"
NAME_LABEL = "batch.kubernetes.io/job-name"
# The names before 1.27, which clients still select by.
OLD_LABELS = {"controller-uid": UID_LABEL, "job-name": NAME_LABEL}


def _create_job(obj: Object, now: float) -> None:
    obj["status"] = {}
    spec = obj.setdefault("spec", {})
    if spec.get("manualSelector"):
        return
    metadata = obj["metadata"]
    wanted = {UID_LABEL: metadata["uid"], NAME_LABEL: metadata["name"]}
    template: dict[str, Any] = spec.setdefault("template", {})
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    # What a client said itself stays, for validation to refuse.
    wanted.update({old: wanted[new] for old, new in OLD_LABELS.items()})
    for name, value in wanted.items():
        labels.setdefault(name, value)
    if not metadata.get("labels"):
        # The default of a job's labels, which every later write would else be the first to set.
        metadata["labels"] = dict(labels)
    selector = spec.get("selector") or {}
    own = {UID_LABEL: metadata["uid"]}
    spec["selector"] = {**selector, "matchLabels": {**own, **(selector.get("matchLabels") or {})}}


def _create_cron_job(obj: Object, now: float) -> None:
    obj["status"] = {}


JOBS = Strategy(generation=True, create=_create_job, orphans=True)
CRON_JOBS = Strategy(generation=True, create=_create_cron_job)
