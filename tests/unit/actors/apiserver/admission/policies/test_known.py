"""Policies with their bindings, as they change."""

from typing import Any

import orjson

from actors.apiserver.admission.policies.known import BoundPolicies, Policies
from cluster.messages.store import KeyValue, StoreEvent

Json = dict[str, Any]


def item(name: str, spec: Json, uid: str = "1") -> KeyValue:
    value = orjson.dumps({"metadata": {"name": name, "uid": uid}, "spec": spec})
    return KeyValue(key=f"/x/{name}", value=value, create_revision=1, mod_revision=1, version=1)


def event(kind: Any, found: KeyValue) -> StoreEvent:
    return StoreEvent(kind=kind, item=found, previous=None)


def names(bound: BoundPolicies) -> list[tuple[str, list[str]]]:
    return [(policy.name, [item.name for item in bindings]) for policy, bindings in bound.bound]


def test_pairs_in_order_of_names() -> None:
    found = BoundPolicies("validating")
    found.policies.reset([item("b", {}), item("a", {}), item("c", {})])
    assert not found.synced and found.bound == ()
    found.bindings.reset([item("2", {"policyName": "a"}), item("1", {"policyName": "a"})])
    assert found.synced
    assert names(found) == [("a", ["1", "2"])]
    gone, new = item("1", {}), item("3", {"policyName": "c"})
    found.bindings.apply([event("put", new), event("delete", gone)])
    assert names(found) == [("a", ["2"]), ("c", ["3"])]
    found.policies.apply([event("delete", item("a", {}))])
    assert names(found) == [("c", ["3"])]


def test_a_policy_whose_spec_is_as_it_was_stays_compiled() -> None:
    found = BoundPolicies("mutating")
    found.policies.reset([item("a", {"mutations": []})])
    [policy] = found.policies.found.values()
    before = policy.compiled()
    found.policies.apply([event("put", item("a", {"mutations": []}))])
    found.policies.reset([item("a", {"mutations": []})])
    [policy] = found.policies.found.values()
    assert policy.compiled() is before
    for changed in (item("a", {"failurePolicy": "Ignore"}), item("a", {"mutations": []}, "2")):
        found.policies.apply([event("put", changed)])
        [policy] = found.policies.found.values()
        assert policy.compiled() is not before


def test_a_replica_that_has_just_started_knows_none() -> None:
    assert Policies().known
    followed = Policies(followed=True)
    assert not followed.known
    for part in (followed.validating, followed.mutating):
        assert [prefix.rpartition("/registry/")[2].split("/")[1] for prefix, _ in part.followers]
        for _, follower in part.followers:
            follower.reset([])
    assert followed.known
