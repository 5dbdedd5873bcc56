"""Which updates must say which version, and which object, they are of."""

import orjson
import pytest

from actors.apiserver import http_errors
from actors.apiserver.strategies.table import TABLE, strategy_of
from cluster.api.kinds import SERVED
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

LEASES = ("leases", "coordination.k8s.io")
WITHOUT = "Invalid value: 0: must be specified for an update"  # what kube-apiserver says


async def test_a_lease_is_not_updated_unconditionally(plane: ControlPlane) -> None:
    made = await plane.create(
        LEASES[0],
        {"metadata": {"name": "a"}, "spec": {"holderIdentity": "x"}},
        "default",
        LEASES[1],
    )
    for version in ("", "0", None):
        changed = {**made, "metadata": {**made["metadata"], "resourceVersion": version}}
        if version is None:
            del changed["metadata"]["resourceVersion"]
        with pytest.raises(StatusError) as refused:
            await plane.update(LEASES[0], changed, LEASES[1])
        said = refused.value.status
        assert said["code"] == 422
        assert said["details"]["kind"] == "leases"
        [cause] = said["details"]["causes"]
        assert cause == {
            "reason": "FieldValueInvalid", "field": "metadata.resourceVersion", "message": WITHOUT,
        }  # fmt: skip
    made["spec"]["holderIdentity"] = "y"
    await plane.update(LEASES[0], made, LEASES[1])
    with pytest.raises(StatusError) as late:
        await plane.update(LEASES[0], made, LEASES[1])
    assert late.value.status["code"] == 409
    patched = await plane.patch(
        LEASES[0], "a", {"spec": {"holderIdentity": "z"}}, "default", LEASES[1]
    )
    assert patched["spec"]["holderIdentity"] == "z"


async def test_a_configmap_is_updated_unconditionally(plane: ControlPlane) -> None:
    await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
    changed = {"metadata": {"name": "a", "namespace": "default"}, "data": {"a": "b"}}
    assert (await plane.update("configmaps", changed))["data"] == {"a": "b"}


def test_the_table_names_kinds_that_are_served() -> None:
    served = {(kind.group, kind.plural) for kind in SERVED}
    assert set(TABLE) <= served
    conditional = [kind for kind in SERVED if not strategy_of(kind).unconditional]
    assert {kind.plural for kind in conditional} >= {"leases", "csinodes", "apiservices"}


async def test_what_is_created_by_apply_says_its_name(plane: ControlPlane) -> None:
    config = orjson.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}})
    request = ApiRequest(
        "patch", "configmaps", namespace="default", name="nameless", body=config,
        content_type="application/apply-patch+yaml", query={"fieldManager": "me"},
    )  # fmt: skip
    with pytest.raises(StatusError, match="name must be provided") as refused:
        await plane.ask(request)
    assert refused.value.code == 400


async def test_when_something_goes_is_not_for_clients_to_say(plane: ControlPlane) -> None:
    given = {"metadata": {"name": "going", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    made = await plane.create("configmaps", given, "default")
    assert not {"deletionTimestamp", "managedFields"} & set(made["metadata"])


async def test_warnings_come_with_refusals(plane: ControlPlane) -> None:
    body = orjson.dumps({"metadata": {"name": "Bad_Name"}, "dada": {}})
    with pytest.raises(StatusError) as refused:
        await plane.ask(ApiRequest("create", "configmaps", namespace="default", body=body))
    assert refused.value.code == 422
    assert refused.value.warnings == ('unknown field "dada"',)
    answer = http_errors.response(refused.value)
    assert answer.headers["Warning"] == '299 - "unknown field \\"dada\\""'
