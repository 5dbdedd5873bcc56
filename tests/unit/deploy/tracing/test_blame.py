"""Faults named where they may have been the cause, and nowhere else."""

from typing import Any

from cluster.trace_subjects import Record
from deploy.chaos.history import Past
from deploy.tracing import blame

PAUSE = Past("pause-6", "pause node-2 --for 40s", ("node-2",), 100.0, 140.0)
KILL = Past("container-kill-7", "container-kill node-1", ("node-1",), 200.0)


def silence(**more: Any) -> Record:
    why = "the kubelet of node-2 was silent for 20.0 s"
    return {"event": "note", "msg": "x", "ts": 120.0, "subject": "node-2", "why": why, **more}


def test_what_stood_while_a_kubelet_was_silent() -> None:
    told = blame.of_silence(silence(), [KILL, PAUSE])
    assert told.startswith(
        ", while the chaos order `pause node-2 --for 40s` held node-2 (pause-6: "
    )
    assert " to " in told and "container" not in told


def test_nothing_that_was_elsewhere_or_at_another_time() -> None:
    assert not blame.of_silence(silence(ts=99.0), [PAUSE])
    assert not blame.of_silence(silence(ts=170.0), [PAUSE])
    assert blame.of_silence(silence(ts=160.0), [PAUSE]), "it was silent since before the end"
    assert not blame.of_silence(silence(subject="node-3"), [PAUSE])
    of_pod = "it counts as not ready: of its node node-2, its kubelet has been silent for 4.0 s"
    assert blame.of_silence(silence(subject="default/web", why=of_pod), [PAUSE])
    assert not blame.of_silence(silence(why="it does not fit"), [PAUSE])


def test_what_ended_a_container() -> None:
    note: Record = {"event": "note", "msg": "container.exited", "ts": 201.0, "process": "node-1"}
    told = blame.of_exit(note, [PAUSE, KILL])
    assert told.startswith(", while the chaos order `container-kill node-1` held node-1 (")
    assert "container-kill-7: since " in told
    assert not blame.of_exit({**note, "ts": 199.0}, [KILL])
    assert not blame.of_exit({**note, "msg": "container.started"}, [KILL])
    assert not blame.of_exit({**note, "process": "node-2"}, [KILL])
