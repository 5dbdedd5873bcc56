"""Which faults there were, by the journal."""

import math
from pathlib import Path

from cluster.chaos.orders import Active, Order
from deploy.chaos import history, journal
from deploy.chaos.history import Past
from deploy.chaos.local import victims

LINES = """\
2026-11-28T10:00:00.000Z ann: pause-1: begins: pause node-2 --for 40s: node-2
2026-11-28T10:00:00.200Z ann: pause-1: pause of node-2 (node-2 (pid 4) is stopped)
2026-11-28T10:00:10.000Z a man: says: kill-2: begins: kill leader: replica-1
something else
2026-11-28T10:00:40.000Z ann: pause-1: healed (node-2 (pid 4) is running again)
2026-11-28T10:01:00.000Z -: kill-2: healed (the cluster was taken down)
2026-11-28T10:02:00.000Z -: pause-1: begins: pause zone/b: replica-2,node-2
"""


def test_names_come_again_and_the_last_may_stand() -> None:
    first, second, third = history.faults(LINES.splitlines(keepends=True))
    began = history.seconds("2026-11-28T10:00:00Z")
    assert first == Past("pause-1", "pause node-2 --for 40s", ("node-2",), began, began + 40)
    assert (second.victims, second.end - second.begin) == (("replica-1",), 50)
    assert (third.victims, third.end) == (("replica-2", "node-2"), math.inf)
    assert (first.verb, third.order) == ("pause", "pause zone/b")


def test_when_it_stood() -> None:
    fault = Past("kill-1", "kill leader", ("replica-1",), 10.0, 20.0)
    inside = [(5.0, 10.0), (12.0, 13.0), (20.0, 30.0), (0.0, 40.0)]
    assert all(fault.stood(*span) for span in inside)
    assert not fault.stood(5.0, 9.9) and not fault.stood(20.1, 30.0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert history.read(str(tmp_path)) == []
    said = history.line("loss-3", "loss zone/a 10%", ("node-1", "replica-1"))
    journal.write(str(tmp_path), "ann", said)
    (found,) = history.read(str(tmp_path))
    assert (found.name, found.order, found.victims) == (
        "loss-3", "loss zone/a 10%", ("node-1", "replica-1"),
    )  # fmt: skip


def test_who_suffers() -> None:
    names, others = ("node-1",), ("node-2", "node-3")
    one = Active("partition-1", Order("partition", "node-1"), names, others)
    assert victims(one) == names
    two = Active("partition-1", Order("partition", "zone/a", "zone/b"), names, others)
    assert victims(two) == (*names, *others)
