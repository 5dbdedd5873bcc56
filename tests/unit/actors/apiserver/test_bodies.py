"""What a body says it is."""

from typing import Any

import pytest

from actors.apiserver import bodies
from cluster.api.kinds import by_resource
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane


@pytest.mark.parametrize("field", ["kind", "apiVersion"])
@pytest.mark.parametrize(
    ("value", "named"),
    [(0, "number"), (False, "bool"), ([], "array"), ({}, "object"), (7, "number")],
)
def test_a_type_that_is_no_text_is_a_bad_request(field: str, value: Any, named: str) -> None:
    kind = by_resource("", "v1", "configmaps")
    assert kind is not None
    with pytest.raises(StatusError, match=f"cannot unmarshal {named} into .*{field}") as raised:
        bodies.check_type(kind, None, {field: value})
    assert raised.value.code == 400


def test_what_is_not_said_is_filled_in() -> None:
    kind = by_resource("", "v1", "configmaps")
    assert kind is not None
    obj: dict[str, Any] = {"kind": None, "apiVersion": ""}
    bodies.check_type(kind, None, obj)
    assert obj == {"kind": "ConfigMap", "apiVersion": "v1"}


@pytest.mark.parametrize("body", [b"hello", b"k8s\0\xff", b"k8s\0\x0a\x02\x0a"])
async def test_protobuf_that_is_none_is_a_bad_request(plane: ControlPlane, body: bytes) -> None:
    request = ApiRequest(
        "create",
        "configmaps",
        namespace="default",
        body=body,
        content_type="application/vnd.kubernetes.protobuf",
    )
    with pytest.raises(StatusError, match="the body cannot be read: ") as raised:
        await plane.ask(request)
    assert raised.value.code == 400
