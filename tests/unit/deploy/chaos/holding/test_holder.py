"""Who holds packets does so no longer than its fault stands (that it holds them: tests/e2e)."""

import os
from pathlib import Path

from cluster.chaos.orders import Active, Order
from deploy.chaos.holding.holder import Plan, wanted
from deploy.chaos.holding.line import Hold
from deploy.chaos.ledger import Entry, Ledger

HOLDS = (Hold("", 0.04),)
NOW = 1000.0


def broken(folder: Path, name: str) -> None:
    """Into the ledger."""
    active = Active(name, Order("delay", "node/1", amount=0.04), ("node-1",), ("node-2",), NOW)
    with Ledger(str(folder)).changing() as page:
        page.put(Entry(active, "standing", os.getpid(), 0))


def test_it_ends_with_its_fault(tmp_path: Path) -> None:
    plan = Plan(HOLDS, "delay-1")
    assert not wanted(str(tmp_path), plan, NOW)
    broken(tmp_path, "delay-2")
    assert not wanted(str(tmp_path), plan, NOW)
    broken(tmp_path, "delay-1")
    assert wanted(str(tmp_path), plan, NOW)
    with Ledger(str(tmp_path)).changing() as page:
        page.drop("delay-1")
    assert not wanted(str(tmp_path), plan, NOW)


def test_it_ends_in_time_and_with_its_cluster(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    broken(data, "delay-1")
    assert wanted(str(data), Plan(HOLDS, "delay-1", until=NOW + 1), NOW)
    assert not wanted(str(data), Plan(HOLDS, "delay-1", until=NOW - 1), NOW)
    assert not wanted(str(tmp_path / "gone"), Plan(HOLDS, "delay-1"), NOW)


def test_it_keeps_no_namespace_alive_that_was_removed(tmp_path: Path) -> None:
    broken(tmp_path, "delay-1")
    there = tmp_path / "netns"
    plan = Plan((Hold(str(there), 0.04),), "delay-1")
    assert not wanted(str(tmp_path), plan, NOW)
    there.touch()
    assert wanted(str(tmp_path), plan, NOW)


def test_a_damaged_ledger_ends_nothing(tmp_path: Path) -> None:
    broken(tmp_path, "delay-1")
    (tmp_path / "chaos" / "active.json").write_text("{")
    assert wanted(str(tmp_path), Plan(HOLDS, "delay-1"), NOW)
