"""Containers, and what those of one pod share."""

from typing import Any

from cluster.api.status import Cause
from cluster.api.validation.containers import Shared, check_container

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
    shared = Shared({})
    port = {"containerPort": 80, "hostPort": 80, "protocol": "TCP"}
    assert found(shared, ports=[port]) == []
    assert found(shared, ports=[port]) == ["c.name", "c.ports[0].hostPort"]
    other = {**port, "protocol": "UDP"}
    assert found(shared, name="b", ports=[other]) == []


def test_the_hosts_network_has_the_hosts_ports() -> None:
    shared = Shared({}, host_network=True)
    port = {"containerPort": 80, "hostPort": 81, "protocol": "TCP"}
    assert found(shared, ports=[port]) == ["c.ports[0].hostPort"]


def test_port_names_differ() -> None:
    ports = [{"name": "http", "containerPort": n, "protocol": "TCP"} for n in (80, 81)]
    assert found(Shared({}), ports=ports) == ["c.ports[1].name"]


def test_odd_values() -> None:
    assert found(Shared({}, is_pod=True), image=" x") == ["c.image"]
    assert found(Shared({}), image=" x") == []
    assert found(Shared({}), restartPolicy="X") == ["c.restartPolicy"]
    assert found(Shared({}), terminationMessagePolicy="X") == ["c.terminationMessagePolicy"]


def test_claims_are_the_pods() -> None:
    shared = Shared({}, claims=frozenset(("gpu",)))
    one, other = {"name": "gpu", "request": "a"}, {"name": "gpu", "request": "b"}
    assert found(shared, resources={"claims": [one, other]}) == []
    shared.names.clear()
    wrong = [one, one, {}, {"name": "fpga"}]
    assert found(shared, resources={"claims": wrong}) == [
        "c.resources.claims[1]", "c.resources.claims[2]", "c.resources.claims[3]"
    ]  # fmt: skip


def test_restart_rules() -> None:
    rule = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
    assert found(Shared({}), restartPolicy="Never", restartPolicyRules=[rule]) == []
    assert found(Shared({}), restartPolicyRules=[rule]) == ["c.restartPolicy"]
    wrong = [{"action": "Sleep"}, {"action": "Restart", "exitCodes": {"operator": "Like"}}]
    assert found(Shared({}), restartPolicy="Never", restartPolicyRules=wrong) == [
        "c.restartPolicyRules[0].action",
        "c.restartPolicyRules[0].exitCodes",
        "c.restartPolicyRules[1].exitCodes.operator",
    ]


def test_resize_policies() -> None:
    def policy(name: str, restart: str) -> dict[str, str]:
        return {"resourceName": name, "restartPolicy": restart}

    both = [policy("cpu", "NotRequired"), policy("memory", "RestartContainer")]
    assert found(Shared({}), resizePolicy=both) == []
    never = Shared({}, never_restarts=True)
    assert found(never, resizePolicy=both) == ["c.resizePolicy"]
    twice = [policy("cpu", "NotRequired"), policy("cpu", "Maybe"), policy("gpu", "NotRequired")]
    assert found(Shared({}), resizePolicy=twice) == [
        "c.resizePolicy[1]", "c.resizePolicy", "c.resizePolicy"
    ]  # fmt: skip
    causes: list[Cause] = []
    once = {**CONTAINER, "resizePolicy": both}
    check_container("c", once, Shared({}), True, causes)
    assert [cause.field for cause in causes] == ["c.resizePolicy[1].restartPolicy"]
    causes.clear()
    helper = {**once, "restartPolicy": "Always"}
    check_container("c", helper, Shared({}), True, causes)
    assert causes == []
