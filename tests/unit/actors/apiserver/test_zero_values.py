"""What a client says as false, zero or an empty text is what it leaves out, as in Kubernetes."""

from typing import Any

from tests.support.control_plane import ControlPlane

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
