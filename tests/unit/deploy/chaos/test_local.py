"""What stands between a scenario and the commands: threads, engines that do not answer, bugs."""

import asyncio
from collections.abc import Callable

import pytest

from cluster.chaos.orders import Active, Healed, Order
from cluster.chaos.scenario import Scenario
from cluster.settings import ClusterSettings
from deploy.chaos.hands import Hindered
from deploy.chaos.local import Chaos, LocalHands
from deploy.commands import chaos_run
from deploy.engine import EngineError
from deploy.progress import Progress
from deploy.topology import Topology, build_settings


@pytest.mark.parametrize("error", [OSError("closed"), EngineError("closed")])
async def test_an_engine_that_does_not_answer_hinders(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    hands = LocalHands("/data")
    for name in ("inject", "heal"):
        monkeypatch.setattr(Chaos, name, fails)
    with pytest.raises(Hindered, match="closed"):
        await hands.inject(Order("container-kill", "nodes"))
    with pytest.raises(Hindered, match="closed"):
        await hands.heal(Active("kill-1", Order("kill", "leader"), ("r1",)))


def test_a_run_with_a_bug_mends_what_it_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [Active("kill-1", Order("kill", "leader"), ("r1",))]
    mended: list[str] = []

    async def active(_: LocalHands) -> list[Active]:
        return broken if begun else []

    async def heal(_: LocalHands, one: Active) -> Healed:
        mended.append(one.name)
        return Healed(one, 0.0, "it runs")

    async def run(
        settings: ClusterSettings, scenario: Scenario, seed: str, hands: LocalHands,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        begun.append(asyncio.get_running_loop().time())
        raise AssertionError("a bug")

    begun: list[float] = []
    monkeypatch.setattr(LocalHands, "active", active)
    monkeypatch.setattr(LocalHands, "heal", heal)
    monkeypatch.setattr(chaos_run, "_run", run)
    settings, scenario = build_settings(Topology(), "/data"), Scenario("one", "of none")
    with pytest.raises(AssertionError, match="a bug"):
        chaos_run.carried_out(settings, scenario, "1", Progress())
    assert mended == ["kill-1"]
