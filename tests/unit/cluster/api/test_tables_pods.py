"""Pod lines, status by status."""

from typing import Any

import pytest

from cluster.api.tables_pods import POD_COLUMNS, row_conditions, summarize

NOW = 1_700_000_100.0
AT = "2023-11-14T22:13:20Z"  # 100 seconds before NOW


def state(kind: str, **fields: Any) -> dict[str, Any]:
    return {"state": {kind: fields}}


def container(name: str, kind: str, ready: bool = False, **fields: Any) -> dict[str, Any]:
    more = {
        key: fields.pop(key) for key in ("restartCount", "lastState", "started") if key in fields
    }
    return {"name": name, "ready": ready, **state(kind, **fields), **more}


RUNNING = container("a", "running", ready=True)


def pod(
    *statuses: dict[str, Any],
    phase: str = "Running",
    inits: tuple[dict[str, Any], ...] = (),
    sidecars: tuple[str, ...] = (),
    deleting: bool = False,
    **status: Any,
) -> dict[str, Any]:
    names = [item["name"] for item in statuses] or ["a"]
    policy = {name: {"restartPolicy": "Always"} for name in sidecars}
    return {
        "metadata": {"name": "p", **({"deletionTimestamp": AT} if deleting else {})},
        "spec": {
            "containers": [{"name": name} for name in names],
            "initContainers": [{"name": i["name"], **policy.get(i["name"], {})} for i in inits],
        },
        "status": {
            "phase": phase,
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(inits),
            **status,
        },
    }


def conditions(*true: str) -> list[dict[str, str]]:
    return [{"type": name, "status": "True"} for name in true]


DONE = container("i", "terminated", exitCode=0, reason="Completed")


@pytest.mark.parametrize(
    ("given", "ready", "status"),
    [
        (pod(phase="Pending"), "0/1", "Pending"),
        (pod(RUNNING), "1/1", "Running"),
        (pod(container("a", "waiting", reason="ContainerCreating")), "0/1", "ContainerCreating"),
        (pod(container("a", "waiting", reason="CrashLoopBackOff")), "0/1", "CrashLoopBackOff"),
        (pod(container("a", "waiting", reason="ErrImageNeverPull")), "0/1", "ErrImageNeverPull"),
        (pod(container("a", "terminated", exitCode=0, reason="Completed"), phase="Succeeded"),
         "0/1", "Completed"),
        (pod(container("a", "terminated", exitCode=1, reason="Error"), phase="Failed"),
         "0/1", "Error"),
        (pod(container("a", "terminated", exitCode=3)), "0/1", "ExitCode:3"),
        (pod(container("a", "terminated", exitCode=137, signal=9)), "0/1", "Signal:9"),
        (pod(container("a", "terminated", exitCode=0, reason="Completed"),
             container("b", "running", ready=True), conditions=conditions("Ready")),
         "1/2", "Running"),
        (pod(container("a", "terminated", exitCode=0, reason="Completed"),
             container("b", "running", ready=True)), "1/2", "NotReady"),
        (pod(RUNNING, deleting=True), "1/1", "Terminating"),
        (pod(RUNNING, deleting=True, reason="NodeLost"), "1/1", "Unknown"),
        (pod(container("a", "terminated", exitCode=0, reason="Completed"), phase="Succeeded",
             deleting=True), "0/1", "Completed"),
        (pod(phase="Failed", reason="Evicted"), "0/1", "Evicted"),
        (pod(phase="Pending", conditions=[{"type": "PodScheduled", "status": "False",
                                           "reason": "SchedulingGated"}]),
         "0/1", "SchedulingGated"),
        (pod(inits=(container("i", "waiting", reason="PodInitializing"),), phase="Pending"),
         "0/1", "Init:0/1"),
        (pod(inits=(DONE, container("j", "running")), phase="Pending"), "0/1", "Init:1/2"),
        (pod(inits=(container("i", "waiting", reason="CrashLoopBackOff"),), phase="Pending"),
         "0/1", "Init:CrashLoopBackOff"),
        (pod(inits=(container("i", "terminated", exitCode=2, reason="Error"),), phase="Pending"),
         "0/1", "Init:Error"),
        (pod(inits=(container("i", "terminated", exitCode=2),), phase="Pending"),
         "0/1", "Init:ExitCode:2"),
        (pod(RUNNING, inits=(DONE,)), "1/1", "Running"),
        (pod(container("a", "waiting", reason="PodInitializing"),
             inits=(container("s", "running", started=True, ready=True),), sidecars=("s",)),
         "1/2", "PodInitializing"),
        (pod(RUNNING, inits=(container("s", "running", started=True, ready=True),),
             sidecars=("s",)), "2/2", "Running"),
    ],
)  # fmt: skip
def test_ready_and_status(given: dict[str, Any], ready: str, status: str) -> None:
    summary = summarize(given)
    assert (f"{summary.ready}/{summary.total}", summary.status) == (ready, status)


def cells(given: dict[str, Any]) -> dict[str, Any]:
    return {column.name: column.cell(given, NOW) for column in POD_COLUMNS}


def test_restarts_tell_how_many_and_when_the_last_was() -> None:
    last = {"terminated": {"finishedAt": AT}}
    assert cells(pod(RUNNING))["Restarts"] == "0"
    restarted = container("a", "running", ready=True, restartCount=3, lastState=last)
    assert cells(pod(restarted))["Restarts"] == "3 (100s ago)"
    assert cells(pod(container("a", "running", restartCount=2)))["Restarts"] == "2"


def test_restarts_of_init_containers_count_until_they_are_done() -> None:
    restarting = container("i", "waiting", reason="CrashLoopBackOff", restartCount=4)
    assert cells(pod(inits=(restarting,), phase="Pending"))["Restarts"] == "4"
    done = {**DONE, "restartCount": 4}
    assert cells(pod(RUNNING, inits=(done,)))["Restarts"] == "0"


def test_wide_columns() -> None:
    given = pod(
        RUNNING, podIPs=[{"ip": "10.0.0.1"}], nominatedNodeName="n2", conditions=conditions("g1")
    )
    given["spec"].update(nodeName="n1", readinessGates=[{"conditionType": c} for c in ("g1", "g2")])
    found = cells(given)
    assert [found[c.name] for c in POD_COLUMNS if c.priority] == ["10.0.0.1", "n1", "n2", "1/2"]
    found = cells(pod(RUNNING))
    assert [found[c.name] for c in POD_COLUMNS if c.priority] == ["<none>"] * 4


def test_finished_pods_say_so_in_their_row() -> None:
    assert row_conditions(pod(RUNNING)) == []
    assert row_conditions(pod(phase="Failed"))[0]["reason"] == "Failed"


def test_a_bare_pod_has_a_line() -> None:
    assert cells({"metadata": {"name": "p"}, "spec": {}})["Ready"] == "0/0"
