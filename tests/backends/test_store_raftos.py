"""The facts that keep raftos from carrying a store, on the package itself, if it is installed."""

from pathlib import Path

import pytest

pytest.importorskip("raftos", reason="installed on demand: see docs/decisions/0021")

from tests.bench import raftos_facts as facts


async def test_it_does_not_start_as_published(tmp_path: Path) -> None:
    assert "loop" in await facts.it_does_not_start_as_published(tmp_path)


def test_its_fifth_entry_fails_as_published_and_not_with_the_adapter(tmp_path: Path) -> None:
    assert facts.its_fifth_entry_fails_as_published(tmp_path).startswith("entry 5 raises ExtraData")
    assert facts.with_the_json_serializer_it_writes_on(tmp_path)


async def test_its_vote_is_forgotten_at_a_restart(tmp_path: Path) -> None:
    assert await facts.its_vote_is_forgotten_at_a_restart(tmp_path)


async def test_half_is_a_majority(tmp_path: Path) -> None:
    assert await facts.half_is_a_majority(tmp_path)


async def test_a_late_heartbeat_erases_committed_entries(tmp_path: Path) -> None:
    assert await facts.a_late_heartbeat_erases_committed_entries(tmp_path)
