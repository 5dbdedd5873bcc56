"""The trace of whole clusters under faults: each message accounted for, no chain broken."""

from typing import Any

import pytest

from actors.kit.tracing import Kept, as_record
from deploy.tracing.accounts import Accounts
from tests.simulation import witness
from tests.simulation.authority import simulated_authority
from tests.simulation.client import NAME
from tests.simulation.loop import run_simulation
from tests.simulation.scenario import Scenario
from tests.simulation.witness import WitnessTracer

Record = dict[str, Any]
Span = tuple[str, str]
# The first has a StatefulSet too, and loses leaders, links, nodes and disks.
SEEDS = range(3, 9)
# These must have happened, or it shows nothing: the next seeds follow until they have. (What a seed
# does changes with every message more or less.)
FATES = {"connection lost", "nobody waits", "unreachable"}


class Ledger(WitnessTracer):
    """Keeps accounts of all records of a run, and how their spans hang together."""

    def __init__(self) -> None:
        super().__init__(keep=1000)
        self.accounts = Accounts()
        self.spans: dict[Span, Record] = {}
        self.starts: list[Record] = []

    def record(self, fields: Kept, routine: bool = False) -> None:
        record = as_record(fields)
        self.accounts.take(record)
        if record["event"] == "sent":
            self.spans.setdefault((record["trace"], record["span"]), record)
        elif record.get("msg") == "container.started":
            self.starts.append(record)
        super().record(fields, routine)

    def chain(self, note: Record) -> list[Record]:
        """From the message that a note was made in up to where it began."""
        trace, span, found = note["trace"], note["span"], []
        while span:
            message = self.spans.get((trace, span))
            assert message is not None, f"{note['subject']}: the chain breaks after {found}"
            found.append(message)
            span = message["parent"]
        return found


def ledger_of(seed: int, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Of one run."""
    kept = Ledger()
    monkeypatch.setattr(witness, "WitnessTracer", lambda keep: kept)

    async def main() -> list[str]:
        return (await Scenario(seed, simulated_authority()).outcome()).problems

    assert run_simulation(main, seed) == []
    return kept


def test_what_is_sent_is_received_or_dropped_and_starts_have_a_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unseen = set(FATES)
    for seed in SEEDS:
        ledger = ledger_of(seed, monkeypatch)
        check(ledger)
        unseen -= ledger.accounts.reasons.keys()
        if not unseen:
            return
    raise AssertionError(f"never happened: {unseen}")


def check(ledger: Ledger) -> None:
    accounts = ledger.accounts
    assert accounts.open == {}
    assert (accounts.balance, accounts.lost) == (0, 0)
    assert accounts.steps["sent"] > 20_000
    assert accounts.reasons[""] == 0
    assert len(ledger.starts) > 10
    for note in ledger.starts:
        root = ledger.chain(note)[-1]
        assert (root["msg"], root["from"]) == ("ApiRequest", f"user@{NAME}"), root
