"""deploy.tracing.text: lines for people."""

from typing import Any

from cluster.trace_tree import build
from deploy.tracing import text

POD = "default/web-1"


def message(span: str, parent: str, ts: float, **more: Any) -> list[dict[str, Any]]:
    """What is recorded of one message: sent, received 2 ms later, handled 4 ms later."""
    base = {"trace": "t", "span": span, "parent": parent, "msg": "ApiRequest",
            "from": "kubelet@node-1", "to": "apiserver@replica-1", **more}  # fmt: skip
    return [
        {**base, "event": "sent", "ts": ts},
        {**base, "event": "received", "ts": ts + 0.002},
        {**base, "event": "handled", "ts": ts + 0.006, "ms": 4.0, "subject": "",
         "outcome": more.get("outcome", "ok")},
    ]  # fmt: skip


def note(span: str, ts: float, what: str, who: str = "kubelet@node-1", **more: Any) -> Any:
    return {"event": "note", "trace": "t", "span": span, "ts": ts, "msg": what, "from": who,
            "subject": POD, **more}  # fmt: skip


def store(span: str, parent: str, ts: float, key: str) -> list[dict[str, Any]]:
    return message(span, parent, ts, msg="Txn", subject=f"put /registry/{key}",
                   **{"from": "apiserver@replica-1", "to": "store@replica-1"})  # fmt: skip


RECORDS: list[dict[str, Any]] = [
    {"event": "note", "trace": "t", "span": "h", "ts": 1.02, "msg": "http.request", "ms": 20.0,
     "subject": "POST /api/v1/namespaces/default/pods", "code": 201, "user": "admin",
     "from": "apiserver@replica-1"},
    *store("h1", "h", 1.005, f"core/pods/{POD}"),
    *message("r", "h1", 1.01, subject=f"get pods {POD}"),
    *message("e", "h1", 1.2, subject="create events default"),
    *message("s1", "h1", 1.1, subject=f"patch pods {POD}/status"),
    *store("s1t", "s1", 1.101, f"core/pods/{POD}"),
    note("s1t", 1.3, "container.started", container="web"),
    note("s1t", 1.25, "status.published"),
    *message("s2", "s1t", 1.4, subject=f"patch pods {POD}/status"),
    *store("s2t", "s2", 1.401, f"core/pods/{POD}"),
    *message("c", "s2t", 1.5, subject="create endpointslices.discovery.k8s.io default",
             **{"from": "controllers/endpointslice-controller@replica-1"}),
    *store("ct", "c", 1.501, "discovery.k8s.io/endpointslices/default/web-x"),
    note("ct", 1.61, "rules.applied", "proxy@node-2", fronts=7),
    note("ct", 1.6, "rules.applied", "proxy@node-1", fronts=7),
]  # fmt: skip


def lines(full: bool = False) -> list[str]:
    roots = build(RECORDS, "t")
    return list(text.render(roots, full, namespace="default"))


def test_the_story_of_a_request_in_order() -> None:
    assert lines() == [
        "   0.0          20  admin → replica-1: POST /api/v1/namespaces/default/pods 201",
        "   300                ● kubelet@node-1: container.started web-1 container=web",
        "   400   2.0   4.0    kubelet@node-1 → replica-1: patch pods web-1/status",
        "   500   2.0   4.0      endpointslice-controller@replica-1: create endpointslices web-x",
        "   600          10        ● proxy@node-1,node-2: rules.applied web-1 fronts=7",
    ]


def test_full_shows_every_message_as_it_was() -> None:
    told = "\n".join(lines(full=True))
    for word in ("get pods", "create events", "Txn put /registry/core/pods", "status.published"):
        assert word in told
    assert len(lines(full=True)) == 14


def test_what_failed_says_so() -> None:
    records = message("a", "", 1.0, subject=f"update pods {POD}/status", outcome="Conflict")
    [line] = text.render(build(records, "t"))
    assert line.endswith("update pods default/web-1/status [Conflict]")


def test_numbers_are_short() -> None:
    assert [text.number(value) for value in (None, 0.04, 9.96, 12.3, 4321.0)] == [
        "", "0.0", "10.0", "12", "4321",
    ]  # fmt: skip


def test_a_table_is_told_by_its_sums() -> None:
    points = {"node-1": {"Fit": 90, "Spread": 200}, "node-2": {"Fit": 80}}
    assert text.short(points) == "node-1:290,node-2:80"
    assert text.short({"Insufficient cpu": 2}) == "Insufficient cpu:2"
    assert text.short("web") == "web"


def test_what_was_dropped_says_why() -> None:
    records = message("a", "", 1.0, subject=f"update pods {POD}/status")[:1]
    records += [{**records[0], "event": "dropped", "reason": "fault:cut"}]
    [line] = text.render(build(records, "t"))
    assert line.endswith("update pods default/web-1/status [dropped: fault:cut]")


def test_a_chain_may_be_as_long_as_its_work_went_on() -> None:
    records = [
        {"event": "sent", "trace": "t", "span": str(n), "parent": str(n - 1), "ts": float(n),
         "msg": "ApiRequest", "from": f"c{n % 2}@r", "to": "apiserver@r",
         "subject": f"update statefulsets.apps default/db-{n}"}
        for n in range(3000)
    ]  # fmt: skip
    for full in (False, True):
        lines = list(text.render(build(records, "t"), full))
        assert len(lines) == 3000
        assert lines[-1].endswith("update statefulsets default/db-2999" if not full else "db-2999")
