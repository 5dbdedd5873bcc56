"""What a client says as false, zero or an empty text is what it leaves out, as in Kubernetes."""

from typing import Any

import msgspec
import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.unit.actors.apiserver.fake_store import FakeStore

LABELS = {"app": "web"}


def deployment(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "c", "image": "i"}], **spec},
            },
        },
    }


async def test_saying_nothing_in_another_way_is_no_new_template(plane: ControlPlane) -> None:
    made = await plane.create("deployments", deployment(), "default", group="apps")
    container = {"name": "c", "image": "i", "stdin": False, "workingDir": ""}
    other = deployment(hostNetwork=False, priorityClassName="", containers=[container])
    other["metadata"]["namespace"] = "default"
    given = await plane.update("deployments", other, "apps")
    assert given["spec"] == made["spec"]
    assert given["metadata"]["generation"] == 1


async def test_it_belongs_to_who_applies_it_and_to_nobody_else(plane: ControlPlane) -> None:
    await plane.create("deployments", deployment(hostNetwork=False), "default", group="apps")
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"hostNetwork": False}}},
    }
    given = await plane.patch(
        "deployments", "web", body, "default", group="apps", fieldManager="ann",
        content_type="application/apply-patch+yaml",
    )  # fmt: skip
    template = {"f:template": {"f:spec": {"f:hostNetwork": {}}}}
    owners = {one["manager"]: one["fieldsV1"] for one in given["metadata"]["managedFields"]}
    assert owners.pop("ann") == {"f:spec": template}
    (other,) = owners.values()
    assert "f:hostNetwork" not in other["f:spec"]["f:template"]["f:spec"]
    assert "hostNetwork" not in given["spec"]["template"]["spec"]


async def test_what_says_false_in_the_store_can_be_updated(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    pod = {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}
    job = {"metadata": {"name": "j"}, "spec": {"template": {"spec": pod}}}
    await fake_plane.create("jobs", job, "default", "batch")
    key = "/registry/batch/jobs/default/j"
    old = fake.live[key].value.replace(b'"image":"i"', b'"image":"i","stdin":false')
    fake.live[key] = msgspec.structs.replace(fake.live[key], value=old)
    read = await fake_plane.get("jobs", "j", "default", "batch")
    assert read["spec"]["template"]["spec"]["containers"][0]["stdin"] is False
    read["metadata"]["labels"] = {"a": "b"}
    given = await fake_plane.update("jobs", read, "batch")
    assert given["metadata"]["labels"] == {"a": "b"}
    assert "stdin" not in given["spec"]["template"]["spec"]["containers"][0]
    given["spec"]["template"]["spec"]["containers"][0]["stdin"] = True
    with pytest.raises(StatusError, match="field is immutable"):
        await fake_plane.update("jobs", given, "batch")
