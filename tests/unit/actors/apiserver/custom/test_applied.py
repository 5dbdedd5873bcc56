"""Server-side apply of custom resources. Answers as a kube-apiserver gave them."""

from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.support.widgets import GROUP, established, widget

APPLY = "application/apply-patch+yaml"


async def apply(plane: ControlPlane, **spec: Any) -> dict[str, Any]:
    """A widget after it was applied."""
    query = {"group": GROUP, "fieldManager": "ann", "content_type": APPLY}
    return dict(await plane.patch("widgets", "w", widget(**spec), "default", **query))


def owned(obj: dict[str, Any]) -> dict[str, Any]:
    """What the one manager owns of the spec."""
    (entry,) = obj["metadata"]["managedFields"]
    return dict(entry["fieldsV1"]["f:spec"])


async def test_a_field_the_schema_does_not_name_is_an_error(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError) as caught:
        await apply(plane, strange=1)
    assert caught.value.code == 400
    assert caught.value.status["message"] == (
        "failed to create typed patch object (/w; example.com/v1, Kind=Widget): "
        ".spec.strange: field not declared in schema"
    )


async def test_null_is_kept_where_it_may_be_and_told_where_not(plane: ControlPlane) -> None:
    await established(plane)
    with pytest.raises(StatusError) as caught:
        await apply(plane, size=None, labels=None)
    assert [cause["field"] for cause in caught.value.status["details"]["causes"]] == [
        "spec.size",
        "spec.labels",
    ]
    made = await apply(plane, note=None, replicas=None, parts=[], free={"a": None})
    assert made["spec"] == {
        "color": "red", "note": None, "replicas": 1, "parts": [], "free": {"a": None},
    }  # fmt: skip
    assert owned(made) == {
        "f:color": {}, "f:note": {}, "f:replicas": {}, "f:free": {"f:a": {}},
    }  # fmt: skip
    assert await apply(plane, note=None, replicas=None, parts=[], free={"a": None}) == made


async def test_the_status_of_what_is_not_there(plane: ControlPlane) -> None:
    await established(plane)
    body = {**widget(), "status": {"strange": 1}}
    query = {"subresource": "status", "fieldManager": "ann", "content_type": APPLY}
    with pytest.raises(StatusError) as caught:
        await plane.patch("widgets", "w", body, "default", GROUP, **query)
    assert caught.value.code == 404
    await apply(plane)
    with pytest.raises(StatusError) as caught:
        await plane.patch("widgets", "w", body, "default", GROUP, **query)
    assert caught.value.code == 400


async def test_managed_fields_cannot_be_applied(plane: ControlPlane) -> None:
    await established(plane)
    body = widget(strange=1)
    body["metadata"]["managedFields"] = [{}]
    query = {"fieldManager": "ann", "content_type": APPLY}
    with pytest.raises(StatusError, match=r"metadata\.managedFields must be nil"):
        await plane.patch("widgets", "w", body, "default", GROUP, **query)
