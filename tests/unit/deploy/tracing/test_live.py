"""deploy.tracing.live: each line once, when it is whole."""

from typing import Any

import pytest

from deploy.tracing.live import Live
from tests.unit.deploy.tracing.test_text import RECORDS


def texts(lines: Any) -> list[str]:
    return [line.split("  ", 1)[1].strip() for line in lines]


def test_a_line_is_told_once_and_only_when_it_is_settled() -> None:
    live = Live("pod/web-1")
    told: list[str] = []
    for tick in range(20):
        now = 1.0 + tick * 0.25
        live.take(one for one in RECORDS if now - 0.25 <= float(one["ts"]) < now)
        told += texts(live.lines(now))
    assert not live.is_waiting
    assert told == [
        "20  admin → replica-1: POST /api/v1/namespaces/default/pods 201",
        "● kubelet@node-1: container.started web-1 container=web",
        "4.0    kubelet@node-1 → replica-1: patch pods web-1/status",
        "4.0      endpointslice-controller@replica-1: create endpointslices web-x",
        "10        ● proxy@node-1,node-2: rules.applied web-1 fronts=7",
    ]


def test_a_late_record_adds_its_line_only() -> None:
    live = Live()
    late = [one for one in RECORDS if one.get("msg") == "container.started"]
    live.take(one for one in RECORDS if one not in late)
    assert len(list(live.lines(10.0))) == 4
    live.take(late)
    assert texts(live.lines(20.0)) == [
        "● kubelet@node-1: container.started default/web-1 container=web"
    ]
    assert list(live.lines(30.0)) == []


def test_other_objects_are_left_out() -> None:
    live = Live("pod/other")
    live.take(RECORDS)
    assert not live.is_waiting
    assert list(live.lines(100.0)) == []


def test_a_target_must_name_an_object() -> None:
    with pytest.raises(ValueError, match="KIND/NAME"):
        Live("pods")
