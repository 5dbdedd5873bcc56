"""Containers, and what those of one pod share."""

from typing import Any

from cluster.api.status import Cause
from cluster.api.validation.containers import Shared, check_container, check_security

CONTAINER: dict[str, Any] = {
    "name": "a",
    "image": "x",
    "imagePullPolicy": "Always",
    "terminationMessagePolicy": "File",
}


def found(shared: Shared, **fields: Any) -> list[str]:
    causes: list[Cause] = []
    check_container("c", {**CONTAINER, **fields}, shared, False, causes)
    return [cause.field for cause in causes]


def test_names_and_ports_are_taken_once() -> None:
    shared = Shared(frozenset())
    port = {"containerPort": 80, "hostPort": 80, "protocol": "TCP"}
    assert found(shared, ports=[port]) == []
    assert found(shared, ports=[port]) == ["c.name", "c.ports[0].hostPort"]
    other = {**port, "protocol": "UDP"}
    assert found(shared, name="b", ports=[other]) == []


def test_the_hosts_network_has_the_hosts_ports() -> None:
    shared = Shared(frozenset(), host_network=True)
    port = {"containerPort": 80, "hostPort": 81, "protocol": "TCP"}
    assert found(shared, ports=[port]) == ["c.ports[0].containerPort"]


def test_port_names_differ() -> None:
    ports = [{"name": "http", "containerPort": n, "protocol": "TCP"} for n in (80, 81)]
    assert found(Shared(frozenset()), ports=ports) == ["c.ports[1].name"]


def test_odd_values() -> None:
    assert found(Shared(frozenset()), image=" x") == ["c.image"]
    assert found(Shared(frozenset()), restartPolicy="X") == ["c.restartPolicy"]
    assert found(Shared(frozenset()), terminationMessagePolicy="X") == [
        "c.terminationMessagePolicy"
    ]


def test_security() -> None:
    causes: list[Cause] = []
    check_security("s", {"runAsUser": 0, "runAsGroup": 2**31 - 1}, causes)
    assert causes == []
    admin = {"allowPrivilegeEscalation": False, "capabilities": {"add": ["SYS_ADMIN"]}}
    check_security("s", admin, causes)
    check_security("s", {"fsGroup": 2**31}, causes)
    assert [cause.field for cause in causes] == ["s", "s.fsGroup"]


def test_resize_policies() -> None:
    def policy(name: str, restart: str) -> dict[str, str]:
        return {"resourceName": name, "restartPolicy": restart}

    both = [policy("cpu", "NotRequired"), policy("memory", "RestartContainer")]
    assert found(Shared(frozenset()), resizePolicy=both) == []
    never = Shared(frozenset(), never_restarts=True)
    assert found(never, resizePolicy=both) == ["c.resizePolicy[1].restartPolicy"]
    twice = [policy("cpu", "NotRequired"), policy("cpu", "Maybe"), policy("gpu", "NotRequired")]
    assert found(Shared(frozenset()), resizePolicy=twice) == [
        "c.resizePolicy[1]", "c.resizePolicy[1].restartPolicy", "c.resizePolicy[2].resourceName"
    ]  # fmt: skip
    causes: list[Cause] = []
    once = {**CONTAINER, "resizePolicy": both}
    check_container("c", once, Shared(frozenset()), True, causes)
    assert [cause.field for cause in causes] == ["c.resizePolicy[1].restartPolicy"]
    causes.clear()
    helper = {**once, "restartPolicy": "Always"}
    check_container("c", helper, Shared(frozenset()), True, causes)
    assert causes == []
