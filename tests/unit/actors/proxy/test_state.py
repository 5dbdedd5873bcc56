"""The proxy's state: any order of changes gives the table that the final state deserves."""

import random
from typing import Any

from actors.proxy.rules import NodeView
from actors.proxy.state import ProxyState
from cluster.settings import NetworkSettings
from tests.unit.actors.proxy.test_rules import endpoint, endpoint_slice, service

FRONT = ("10.96.0.7", "tcp", 80)


def make() -> ProxyState:
    return ProxyState("t", NodeView("n1", "a"), NetworkSettings())


def named(obj: dict[str, Any], name: str, **extra: Any) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "name": name, **extra}}


def test_order_of_arrival_does_not_matter() -> None:
    changes: list[tuple[str, dict[str, Any]]] = [
        ("service", service()),
        ("slice", named(endpoint_slice(endpoint("10.244.1.2")), "s1")),
        ("slice", named(endpoint_slice(endpoint("10.244.1.3")), "s2")),
    ]
    tables = []
    for seed in range(6):
        state = make()
        order = list(changes)
        random.Random(seed).shuffle(order)
        for what, obj in order:
            state.table()
            (state.service_changed if what == "service" else state.slice_changed)(None, obj)
        tables.append(state.table())
    assert all(table == tables[0] for table in tables)
    assert len(tables[0].forwards[("10.96.0.7", "tcp", 80)].backends) == 2


def test_equal_versions_do_not_dirty_and_deletes_do() -> None:
    state = make()
    state.service_changed(None, service())
    item = endpoint_slice(endpoint("10.244.1.2"))
    state.slice_changed(None, item)
    state.table()
    assert not state.dirty
    annotated = named(item, "web-1", annotations={"x": "y"})
    state.slice_changed(item, annotated)
    state.service_changed(service(), named(service(), "web", annotations={"x": "y"}))
    assert not state.dirty
    state.slice_changed(annotated, None)
    assert state.dirty
    assert state.table().forwards[("10.96.0.7", "tcp", 80)].backends == ()
    state.service_changed(service(), None)
    assert not state.table().forwards


def test_a_slice_may_change_its_service() -> None:
    state = make()
    state.service_changed(None, service())
    state.slice_changed(None, endpoint_slice(endpoint("10.244.1.2")))
    assert state.table().forwards[("10.96.0.7", "tcp", 80)].backends
    moved = endpoint_slice(endpoint("10.244.1.2"))
    moved["metadata"]["labels"] = {"kubernetes.io/service-name": "other"}
    state.slice_changed(None, moved)
    assert not state.table().forwards[("10.96.0.7", "tcp", 80)].backends


def test_health_ports_count_ready_local_endpoints() -> None:
    state = make()
    local = service(externalTrafficPolicy="Local", healthCheckNodePort=32000)
    state.service_changed(None, local)
    state.slice_changed(
        None,
        endpoint_slice(
            endpoint("10.244.1.2"),
            endpoint("10.244.2.2", "n2"),
            endpoint("10.244.1.3", ready=False),
        ),
    )
    state.table()
    assert state.health_ports() == {32000: (("d", "web"), 1)}


def test_places_are_the_tcp_ports_of_ready_endpoints_elsewhere() -> None:
    state = make()
    ends = (
        endpoint("10.244.1.2", "n1"), endpoint("10.244.2.2", "n2"),
        endpoint("10.244.2.3", "n2", ready=False), endpoint("10.244.3.2", ""),
    )  # fmt: skip
    state.slice_changed(None, endpoint_slice(*ends))
    assert state.places() == {"n2": {"10.244.2.2": 8080}}


def test_what_is_left_out_dirties_its_services_alone() -> None:
    state = make()
    state.service_changed(None, service())
    state.slice_changed(None, endpoint_slice(endpoint("10.244.1.2"), endpoint("10.244.2.2", "n2")))
    state.table()
    state.leave_out(frozenset({"10.244.9.9"}))
    assert not state.dirty
    state.leave_out(frozenset({"10.244.2.2"}))
    assert [end.address for end in state.table().forwards[FRONT].backends] == ["10.244.1.2"]
    state.leave_out(frozenset({"10.244.2.2"}))
    assert not state.dirty
    state.leave_out(frozenset())
    assert len(state.table().forwards[FRONT].backends) == 2
