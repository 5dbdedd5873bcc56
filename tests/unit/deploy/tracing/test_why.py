"""deploy.tracing.why and .sentences: the story of an object, in plain words."""

from typing import Any

import pytest

from cluster.trace_subjects import traces_of
from cluster.trace_tree import Span
from deploy.chaos.history import Past
from deploy.tracing import sentences, teller, why
from deploy.tracing.sentences import Act

Record = dict[str, Any]
RS = "controllers/replicaset-controller@replica-1"
DEPLOYMENTS = "controllers/deployment-controller@replica-1"
POD = "default/web-x-1"


class Story:
    """Makes records: what was asked, what that stored, what was noted."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.faults: list[Past] = []
        self.number = 0
        self.now = 1000.0

    def span(self) -> str:
        self.number += 1
        self.now += 0.01
        return f"{self.number:016x}"

    def message(self, span: str, parent: str, name: str, subject: str, **more: Any) -> None:
        base = {"trace": "t", "span": span, "parent": parent, "msg": name, "from": "x@replica-1",
                "to": "apiserver@replica-1", "process": "replica-1", **more}  # fmt: skip
        self.records.append({**base, "event": "sent", "ts": self.now, "subject": subject})
        self.records.append(
            {**base, "event": "handled", "ts": self.now, "ms": 1.0, "outcome": "ok", **more}
        )

    def http(self, asked: str, code: int, *keys: str) -> str:
        """A user's request; gives the span of what it stored."""
        span = self.span()
        self.records.append(
            {"event": "note", "msg": "http.request", "trace": "t", "span": span, "ts": self.now,
             "ms": 1.0, "subject": asked, "code": code, "user": "alice", "process": "replica-1",
             "from": "apiserver@replica-1", "hlc": self.number}
        )  # fmt: skip
        return self.store(span, keys)

    def ask(self, who: str, cause: str, subject: str, *keys: str, **more: Any) -> str:
        span = self.span()
        self.message(span, cause, "ApiRequest", subject, **{"from": who, **more})
        return self.store(span, keys)

    def store(self, parent: str, keys: tuple[str, ...]) -> str:
        span = self.span()
        if keys:
            words = " ".join(f"put /registry/{key}" for key in keys)
            self.message(span, parent, "Txn", words)
        return span

    def note(self, who: str, cause: str, what: str, subject: str = POD, **fields: Any) -> None:
        self.now += 0.01
        self.number += 1
        self.records.append(
            {"event": "note", "msg": what, "from": who, "trace": "t" if cause else "",
             "span": cause, "ts": self.now, "subject": subject, "hlc": self.number,
             "process": who.rpartition("@")[2], **fields}
        )  # fmt: skip

    def told(self, words: str) -> list[str]:
        """Sentences with the lines below them, without times."""
        traces = traces_of(self.records, words)
        entries = why.story(traces, self.records, words, self.faults)
        return [line[14:].strip() for line in why.lines(entries)]


def applied() -> tuple[Story, str]:
    """A user applies a Deployment; its pod is made, placed and started."""
    story = Story()
    first = story.http(
        "PATCH /apis/apps/v1/namespaces/default/deployments/web",
        201,
        "apps/deployments/default/web",
    )
    second = story.ask(DEPLOYMENTS, first, "create replicasets.apps default/web-x",
                       "apps/replicasets/default/web-x")  # fmt: skip
    story.note(DEPLOYMENTS, first, "replicaset.created", "default/web-x", why="rollout 1",
               key="default/web")  # fmt: skip
    third = story.ask(RS, second, "create pods default/", f"core/pods/{POD}")
    story.note(RS, second, "pod.created", why="web-x is to have 1", key="default/web-x")
    story.note("scheduler@replica-1", third, "pod.placed", node="n1", feasible=2, examined=3,
               nodes=3, filtered={"node(s) were unschedulable": 1},
               scores={"n1": {"Fit": 9}, "n2": {"Fit": 9}})  # fmt: skip
    bound = story.ask("scheduler@replica-1", third, f"create pods {POD}/binding",
                      f"core/pods/{POD}")  # fmt: skip
    story.note("kubelet@n1", bound, "container.started", container="main", attempt=0)
    return story, bound


BEGINNING = [
    "replicaset-controller created it: web-x is to have 1  [t]",
    "because deployment-controller created replicaset web-x: rollout 1",
    "because alice created deployment web: PATCH /apis/apps/v1/namespaces/default/deployments/web",
    "scheduler placed it on n1: 2 of 3 nodes fit",
    "not fit: 1 node(s) were unschedulable",
    "points of n1: 9 (Fit 9)",
    "points of n2: 9 (Fit 9)",
    "of equals: the emptier zone, then the emptier node, then the draw",
    "container main started on n1",
]


def test_who_made_it_and_why_it_is_where_it_is() -> None:
    story, _ = applied()
    assert story.told("pod/web-x-1") == BEGINNING


def test_restarts_have_their_cause() -> None:
    story, bound = applied()
    who = "kubelet@n1"
    story.note(who, bound, "probe.liveness", container="main", healthy=False, handler="exec", row=3)
    story.note(
        who, bound, "container.stopping", container="main", grace=30.0, why="failed liveness"
    )
    story.note(who, bound, "container.exited", container="main", code=137, reason="OOMKilled")
    story.note(who, bound, "container.started", container="main", attempt=1)
    story.note(who, bound, "container.created", container="main")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        "the liveness probe of container main fails (exec, 3 times in a row)",
        "container main is told to stop, within 30 s: failed liveness",
        "container main ended with code 137 (OOMKilled)",
        "container main started again (restart 1) on n1",
    ]


def test_a_rank_chose_it_when_the_set_was_scaled_down() -> None:
    story, _ = applied()
    scaled = story.http("PATCH /apis/apps/v1/namespaces/default/deployments/web/scale", 200,
                        "apps/deployments/default/web")  # fmt: skip
    story.note(DEPLOYMENTS, scaled, "replicaset.changing", "default/web-x", why="from 1 to 0",
               key="default/web")  # fmt: skip
    smaller = story.ask(DEPLOYMENTS, scaled, "update replicasets.apps default/web-x",
                        "apps/replicasets/default/web-x")  # fmt: skip
    story.note(RS, smaller, "pod.deleting", why="it goes by lot", key="default/web-x")
    gone = story.ask(RS, smaller, f"delete pods {POD}", f"core/pods/{POD}")
    story.note("kubelet@n1", gone, "pod.cleared")
    story.ask("kubelet@n1", gone, f"delete pods {POD}", f"core/pods/{POD}")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        "replicaset-controller deleted it: it goes by lot  [t]",
        "because deployment-controller changed replicaset web-x: from 1 to 0",
        "because alice scaled deployment web: PATCH "
        "/apis/apps/v1/namespaces/default/deployments/web/scale",
        "nothing of it is left on n1",
        "kubelet on n1 let go of it: it is gone  [t]",
    ]


def test_what_a_controller_began_by_itself_is_told_so() -> None:
    story, _ = applied()
    node = "controllers/node-controller@replica-1"
    story.note(node, "", "node.changing", "n1", why="silent for 16 s", key="n1")
    tainted = story.ask(node, "", "patch nodes n1", "core/nodes/n1")
    taint = "controllers/taint-eviction-controller@replica-1"
    story.note(taint, tainted, "pod.deleting", why="a taint", key=POD)
    story.ask(taint, tainted, f"delete pods {POD}", f"core/pods/{POD}")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        "taint-eviction-controller deleted it: a taint  [t]",
        "because node-controller changed node n1: silent for 16 s (by itself)",
    ]
    assert story.told("node/n1") == ["node-controller changed it: silent for 16 s  [t]"]


def test_what_users_did_and_what_was_refused() -> None:
    story, _ = applied()
    pods = "/api/v1/namespaces/default/pods/web-x-1"
    story.http(f"POST {pods}/eviction", 429, f"core/pods/{POD}")
    story.http(f"POST {pods}/eviction", 201, f"core/pods/{POD}")
    story.http(f"DELETE {pods}", 200, f"core/pods/{POD}")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        f"alice evicted it: POST {pods}/eviction  [t]",
        f"alice deleted it: DELETE {pods}  [t]",
    ]


def test_all_causes_of_coalesced_work_are_told() -> None:
    story, bound = applied()
    path = "/apis/apps/v1/namespaces/default/replicasets/web-x/scale"
    second = story.http(f"PATCH {path}", 200, "apps/replicasets/default/web-x")
    third = f"{'e' * 32}-{'f' * 16}"
    links = [f"t-{second}", third]
    story.note(RS, bound, "work.coalesced", "default/web-x", links=links)
    story.ask(RS, bound, f"delete pods {POD}", f"core/pods/{POD}")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        "replicaset-controller deleted it  [t]",
        "because replicaset-controller created pod web-x-1: web-x is to have 1",
        "because deployment-controller created replicaset web-x: rollout 1",
        "because alice created deployment web: PATCH "
        "/apis/apps/v1/namespaces/default/deployments/web",
        f"and because alice scaled replicaset web-x: PATCH {path}",
        "and because of what began in eeeeeeee",
    ]


def test_a_deployment_tells_what_its_controller_did() -> None:
    story, _ = applied()
    assert story.told("deployment/web") == [
        "alice created it: PATCH /apis/apps/v1/namespaces/default/deployments/web  [t]",
        "deployment-controller created replicaset web-x: rollout 1  [t]",
    ]


def test_status_reports_are_no_acts_and_repeats_are_counted() -> None:
    story, bound = applied()
    story.ask("kubelet@n1", bound, f"patch pods {POD}/status", f"core/pods/{POD}")
    for _ in range(3):
        story.note("scheduler@replica-1", "", "pod.unschedulable", why="0/3 nodes")
    assert story.told("pod/web-x-1")[len(BEGINNING) :] == [
        "scheduler found no node for it: 0/3 nodes (3 times)"
    ]


def test_long_chains_are_cut_in_their_middle() -> None:
    story = Story()
    cause = story.http("POST /api/v1/namespaces/default/pods", 201, "core/pods/default/p0")
    for number in range(1, 12):
        cause = story.ask(
            RS, cause, f"create pods default/p{number}", f"core/pods/default/p{number}"
        )
    told = story.told("pod/p11")
    assert len(told) == 2 + teller.CAUSES_MAX
    assert told[-2] == "because … and 5 more …"
    assert told[-1].startswith("because alice created pod p0")


@pytest.mark.parametrize(
    ("message", "subject", "expected"),
    [
        ("ApiRequest", "patch pods x/p/status", ("patch", "pods", "x/p", "status")),
        ("ApiRequest", "create pods default/", ("create", "pods", "", "")),
        ("ApiRequest", "update nodes n1", ("update", "nodes", "n1", "")),
        ("ApiRequest", "patch nodes n1/status", ("patch", "nodes", "n1", "status")),
        ("ApiRequest", "delete replicasets.apps ns/x", ("delete", "replicasets", "ns/x", "")),
        ("http.request", "PUT /api/v1/nodes/n1", ("update", "nodes", "n1", "")),
        ("http.request", "POST /api/v1/namespaces", ("create", "namespaces", "", "")),
        ("http.request", "DELETE /api/v1/namespaces/x", ("delete", "namespaces", "x", "")),
        ("http.request", "POST /api/v1/namespaces/x/pods/p/eviction",
         ("create", "pods", "x/p", "eviction")),
    ],
)  # fmt: skip
def test_acts(message: str, subject: str, expected: tuple[str, ...]) -> None:
    span = Span("s")
    span.message, span.subject = message, subject
    act = Act(span)
    assert (act.verb, act.plural, act.path, act.part) == expected


def test_a_note_that_is_not_known_is_told_as_it_is() -> None:
    note = {"msg": "new.thing", "from": "proxy@n1", "subject": "default/x", "size": 3}
    assert sentences.of_note(note) == ["proxy on n1: new.thing default/x size=3"]
    assert sentences.of_note({**note, "msg": "status.published"}) == []


def test_an_object_must_be_named() -> None:
    with pytest.raises(ValueError, match="KIND/NAME"):
        why.Subject("web")


def lead(story: Story, replica: str, term: int) -> None:
    """A replica becomes leader now."""
    story.note(f"store@{replica}", "", "raft.standing", replica, role="leader", leader=replica,
               term=term)  # fmt: skip


def test_a_leader_that_came_while_the_work_was_asked_for() -> None:
    story = Story()
    lead(story, "replica-1", 1)
    first = story.http("PATCH /apis/apps/v1/namespaces/default/replicasets/web-x", 200,
                       "apps/replicasets/default/web-x")  # fmt: skip
    kill = Past("kill-1", "kill leader --for 2s", ("replica-1",), story.now + 0.001)
    story.faults = [kill]
    story.now += 20.0
    lead(story, "replica-2", 2)
    other = RS.replace("replica-1", "replica-2")
    story.ask(other, first, "create pods default/", f"core/pods/{POD}")
    story.note(other, first, "pod.created", why="web-x is to have 1", key="default/web-x")
    made = story.told("pod/web-x-1")
    assert made[0].startswith(
        "replica-2 became leader of term 2, because replica-1, which led term 1, was killed by "
        "the chaos order `kill leader --for 2s` (kill-1: since "
    )
    assert made[1] == "replicaset-controller created it: web-x is to have 1  [t]"


def test_a_leader_that_was_there_long_before_is_not_told() -> None:
    story = Story()
    lead(story, "replica-1", 1)
    lead(story, "replica-2", 2)
    story.now += 60.0
    first = story.http("PATCH /apis/apps/v1/namespaces/default/replicasets/web-x", 200,
                       "apps/replicasets/default/web-x")  # fmt: skip
    other = RS.replace("replica-1", "replica-2")
    story.ask(other, first, "create pods default/", f"core/pods/{POD}")
    assert not any("leader" in line for line in story.told("pod/web-x-1"))
    # Nor one that came at that time, and had no part in it.
    lead(story, "replica-3", 3)
    story.ask(RS, first, f"delete pods {POD}", f"core/pods/{POD}")
    assert not any("leader" in line for line in story.told("pod/web-x-1"))


def test_a_write_that_was_slow_and_what_stood_meanwhile() -> None:
    story = Story()
    lead(story, "replica-1", 1)
    story.faults = [Past("partition-2", "partition zone/a", ("replica-1",), story.now)]
    first = story.http("POST /api/v1/namespaces/default/pods", 201, f"core/pods/{POD}")
    for record in story.records:
        if record.get("span") == first or record["msg"] == "http.request":
            record["ms"] = 2100.0
    (made,) = story.told("pod/web-x-1")
    assert (
        "alice created it: POST /api/v1/namespaces/default/pods; the write waited 2.1 s "
        "for a majority, while the chaos order `partition zone/a` held replica-1 "
        "(partition-2: since "
    ) in made


def test_of_leaders() -> None:
    story = Story()
    lead(story, "replica-1", 1)
    lead(story, "replica-2", 2)
    assert [one.text for one in why.of_leaders("leader", story.records, [])] == [
        "replica-1 became leader of term 1: the first that is recorded",
        "replica-2 became leader of term 2 after replica-1, which led term 1",
    ]
    (mine,) = why.of_leaders("replica/replica-2", story.records, [])
    assert mine.text == "it became leader of term 2 after replica-1, which led term 1"
    assert why.of_leaders("replica/replica-9", story.records, []) == []
