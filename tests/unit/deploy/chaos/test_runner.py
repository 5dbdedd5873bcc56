"""A scenario from begin to end on a cluster that is one table, with planted violations."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from cluster.chaos.dice import Dice
from cluster.chaos.observations import Container
from cluster.chaos.orders import Active, Healed, Order
from cluster.chaos.report import Report, decode, encode
from cluster.chaos.scenario import (
    Bounds,
    DeploymentLoad,
    Repeated,
    Scenario,
    StatefulSetLoad,
    Workload,
)
from cluster.chaos.schedule import Timed
from cluster.messages.apiserver import ApiRequest
from deploy.chaos.apps import App
from deploy.chaos.breaking import Breaker, Carried
from deploy.chaos.runner import Run
from tests.simulation.loop import run_simulation
from tests.unit.deploy.chaos.fake_ground import FakeGround, FakeHands

WEB = DeploymentLoad("web", roll=3.0, scale=(2.0, 4.0), evict=3.0, requests=5.0)
SCENARIO = Scenario(
    "kills", "leaders are killed", seconds=12.0, steady=2.0,
    workload=Workload(deployments=(WEB,), statefulsets=(StatefulSetLoad("db", scale=4.0),)),
    faults=(Repeated((Order("kill", "leader"),), every=4.0, for_=2.0, first=1.0),),
    bounds=Bounds(write_gap=3.0, read_gap=3.0, failed_requests=0.05, settle=10.0),
)  # fmt: skip


class Told:
    """A run, what it said, and when."""

    def __init__(self, scenario: Scenario, plant: Callable[[FakeGround, FakeHands], None]) -> None:
        self.lines: list[tuple[float, str]] = []
        self.report: Report = run_simulation(lambda: self._run(scenario, plant))

    async def _run(
        self, scenario: Scenario, plant: Callable[[FakeGround, FakeHands], None]
    ) -> Report:
        self.ground = FakeGround()
        self.hands = FakeHands(self.ground)
        plant(self.ground, self.hands)
        return await Run(scenario, 5, self.ground, self.hands, self._say).outcome()

    def _say(self, line: str) -> None:
        self.lines.append((asyncio.get_running_loop().time(), line))

    def found(self) -> set[str]:
        return {one.violation.invariant for one in self.report.violations}


def nothing(ground: FakeGround, hands: FakeHands) -> None:
    """A cluster that does well."""


def test_a_cluster_that_does_well() -> None:
    told = Told(SCENARIO, nothing)
    report = told.report
    assert (report.verdict, report.reasons) == ("held", ()), told.lines
    assert report.exit_code() == 0
    assert [at for at, _ in told.hands.done] == pytest.approx(
        [told.hands.done[0][0] + 4.0 * n for n in range(3)], abs=0.05
    )
    assert report.figures["faults"] == 3
    assert report.figures["writes acknowledged"] > 200
    assert report.figures["evictions granted"] > 3
    assert report.figures["requests followed to a pod"] == report.figures["requests to Services"]
    assert report.figures["longest after it had left, seconds"] < 0.1
    assert 0.03 <= report.figures["longest write gap, seconds"] < 3.0
    assert [reign.replica for reign in report.reigns if reign.replica][:2] == ["r1", "r2"]
    assert {one.name for one in report.series} >= {
        "writes", "write p99", "ready web", "requests web failed",
    }  # fmt: skip
    assert any("web scaled to" in text for _, text in report.story)
    assert all(fault.proof and fault.healed and not fault.doubts for fault in report.faults)
    assert told.ground.objects.keys() == {("nodes", "", "n1"), ("nodes", "", "n2")}, "tidied up"
    assert decode(encode(report)) == report


def test_the_same_seed_gives_the_same_run() -> None:
    assert encode(Told(SCENARIO, nothing).report) == encode(Told(SCENARIO, nothing).report)


def lost(ground: FakeGround, hands: FakeHands) -> None:
    """Every fiftieth update is acknowledged, and forgotten."""
    count = iter(range(100_000))

    def lie(request: ApiRequest, honestly: Callable[[], Any]) -> Any:
        if next(count) % 50 != 49:
            return honestly()
        body = orjson.loads(request.body)
        ground.revision += 1
        body["metadata"]["resourceVersion"] = str(ground.revision)
        return body

    ground.lies["update", "configmaps"] = lie


def stale(ground: FakeGround, hands: FakeHands) -> None:
    """Every twentieth read shows the first state of the object."""
    count = iter(range(100_000))

    def lie(request: ApiRequest, honestly: Callable[[], Any]) -> Any:
        now = honestly()
        if request.name == "counter" or next(count) % 20 != 19:
            return now
        mine = [obj for kind, obj, _, _ in ground.log
                if kind == "configmaps" and obj["metadata"]["name"] == request.name]  # fmt: skip
        return mine[0]

    ground.lies["get", "configmaps"] = lie


def silent(ground: FakeGround, hands: FakeHands) -> None:
    """Watches miss every thirtieth event."""
    ground.mute_events = lambda event: event.revision % 30 == 0


def rivals(ground: FakeGround, hands: FakeHands) -> None:
    """A leader killed comes back in the same term as the next."""
    honest = ground.stores

    async def stores() -> Any:
        seen = await honest()
        if ground.term == 3:
            seen.append(type(seen[0])("r9", "leader", 3, 1, 1, "same"))
        return seen

    ground.stores = stores  # type: ignore[method-assign] # planted


def twice(ground: FakeGround, hands: FakeHands) -> None:
    """Another pod of an identity runs somewhere else, and stays."""
    ghost = Container("n2", "ghost", "ghost-uid", "chaos", "db-0", "main", True)
    hands.also = lambda: ground.more_containers.append(ghost)


def failing(ground: FakeGround, hands: FakeHands) -> None:
    """A Service answers nobody while a replica is down."""
    ground.failing = lambda: "refused" if ground.down else ""


def astray(ground: FakeGround, hands: FakeHands) -> None:
    """A pod that was evicted, and is in no slice any more, goes on answering on one node."""
    first: list[str] = []

    def answering(pods: list[str]) -> str:
        first.extend(pods[:1])
        return first[0]

    ground.answering = answering


def deaf(ground: FakeGround, hands: FakeHands) -> None:
    """Nobody answers while a replica is down."""
    honest = hands.inject

    async def inject(order: Order, seed: int = 0) -> Any:
        active = await honest(order, seed)
        ground.down.update(ground.replicas)
        return active

    async def heal(active: Any) -> Any:
        ground.down.clear()
        return await FakeHands.heal(hands, active)

    hands.inject, hands.heal = inject, heal  # type: ignore[method-assign] # planted


@pytest.mark.parametrize(
    ("plant", "invariant"),
    [
        (lost, "lost write"),
        (stale, "stale read"),
        (silent, "watch"),
        (rivals, "one leader per term"),
        (twice, "one live pod per identity"),
        (failing, "failed requests"),
        (astray, "stale endpoint"),
        (deaf, "write gap"),
    ],
)
def test_planted_violations(plant: Callable[[FakeGround, FakeHands], None], invariant: str) -> None:
    scenario = SCENARIO
    if plant is deaf:
        scenario = Scenario(**{**_fields(SCENARIO), "bounds": Bounds(write_gap=1.0, settle=10.0)})
    if plant is astray:
        scenario = Scenario(
            **{**_fields(SCENARIO), "seconds": 30.0, "bounds": Bounds(misdirected=2.0)}
        )
    told = Told(scenario, plant)
    assert told.report.verdict == "broken"
    assert told.report.exit_code() == 1
    assert invariant in told.found(), told.lines
    (first, *_) = [one for one in told.report.violations if one.violation.invariant == invariant]
    when = [at for at, line in told.lines if line.startswith(f"VIOLATION {invariant}")]
    assert when, "it was not told while the run went on"
    if invariant not in ("failed requests", "one live pod per identity"):
        assert when[0] < max(at for at, _ in told.lines) - 1.0, "it was told in the end only"
    if first.violation.subject:
        assert first.chain, "no cause"


def _fields(scenario: Scenario) -> dict[str, Any]:
    return {name: getattr(scenario, name) for name in scenario.__struct_fields__}


def test_pods_that_do_not_say_who_they_are() -> None:
    told = Told(SCENARIO, lambda ground, hands: setattr(ground, "answering", lambda pods: ""))
    (unchecked,) = told.report.unchecked
    count = int(told.report.figures["requests to Services"])
    assert f"{count} of {count} answered requests" in unchecked
    assert "requests followed to a pod" not in told.report.figures


def test_each_violation_is_told_once() -> None:
    told = Told(SCENARIO, twice)
    lines = [line for _, line in told.lines if line.startswith("VIOLATION one live pod")]
    assert len(lines) == 1


def test_what_is_left_over_is_found() -> None:
    def plant(ground: FakeGround, hands: FakeHands) -> None:
        left = Container("n1", "left", "gone", "chaos", "web-77", "main", True)
        hands.also = lambda: setattr(ground, "more_containers", [left])

    assert Told(SCENARIO, plant).found() == {"convergence", "orphan container"}


def test_a_fault_without_proof_says_nothing() -> None:
    told = Told(SCENARIO, lambda ground, hands: hands.doubtful.add("kill"))
    assert told.report.verdict == "says nothing"
    assert told.report.exit_code() == 2
    assert "kill leader for 2.0 s: it answers still" in told.report.reasons


def test_what_another_fault_masks_needs_no_proof() -> None:
    both = (
        Repeated((Order("kill", "r2"),), every=6.0, for_=4.0, first=1.0),
        Repeated((Order("clock", "r2", amount=5.0),), every=6.0, for_=1.0, first=2.0),
    )
    scenario = Scenario(**{**_fields(SCENARIO), "faults": both})
    told = Told(scenario, lambda ground, hands: hands.doubtful.add("clock"))
    assert told.report.verdict == "held", told.report.reasons
    masked = [fault for fault in told.report.faults if fault.masked]
    assert {fault.order.split()[0] for fault in masked} == {"clock"}
    assert all(fault.doubts and fault.masked.startswith("kill-") for fault in masked)


def test_a_fault_that_cannot_be_says_nothing() -> None:
    def plant(ground: FakeGround, hands: FakeHands) -> None:
        hands.impossible = True

    told = Told(SCENARIO, plant)
    assert told.report.verdict == "says nothing"
    assert any("not carried out: nobody leads" in reason for reason in told.report.reasons)


def test_a_fault_that_another_hinders_comes_when_it_can() -> None:
    def plant(ground: FakeGround, hands: FakeHands) -> None:
        # For longer than an order that cannot be is tried again.
        hands.hindered = 14.0

    told = Told(SCENARIO, plant)
    assert (told.report.verdict, told.report.reasons) == ("held", ())
    assert told.hands.done[0][0] == pytest.approx(14.0, abs=0.3)


class Seeds(FakeHands):
    """Orders of one seed cannot be: who is drawn by it is down."""

    def __init__(self, ground: FakeGround) -> None:
        super().__init__(ground)
        self.seeds: list[int] = []

    async def inject(self, order: Order, seed: int = 0) -> Active:
        self.seeds.append(seed)
        if seed == 5:
            raise ValueError("r1: not running already")
        return await super().inject(order, seed)


def test_who_is_down_already_is_not_drawn_again() -> None:
    async def main() -> list[int]:
        hands = Seeds(FakeGround())
        breaker = Breaker(hands, lambda line: None)
        await breaker.run([Timed(0.0, 0, Order("kill", "random-replica", seconds=1.0), 5)])
        assert [one.doubts() for one in breaker.carried] == [[]]
        return hands.seeds

    assert run_simulation(main) == [5, 6]


class Stubborn(FakeHands):
    """The first two tries heal nothing."""

    tries = 0

    async def heal(self, active: Active) -> Healed:
        self.tries += 1
        if self.tries < 3:
            return Healed(active, 0.0, "", doubt="r1 does not answer, and may suffer on")
        return await super().heal(active)


def test_what_is_not_healed_yet_is_healed_again() -> None:
    async def main() -> tuple[int, Carried]:
        hands = Stubborn(FakeGround())
        breaker = Breaker(hands, lambda line: None)
        await breaker.run([Timed(0.0, 0, Order("kill", "leader", seconds=1.0), 5)])
        return hands.tries, breaker.carried[0]

    tries, carried = run_simulation(main)
    assert (tries, carried.doubts()) == (3, [])
    assert carried.end - carried.mending == pytest.approx(2.0, abs=0.1)


def test_what_another_fault_keeps_from_being_healed_is_healed_after_it() -> None:
    hands, said = FakeHands(FakeGround()), list[str]()
    loss, pause = (Active(name, Order("pause", "r1"), ("r1",)) for name in ("loss-1", "pause-2"))
    hands.standing = [loss, pause]
    honest = hands.heal

    async def heal(active: Any) -> Any:
        if active is loss and pause in hands.standing:
            raise ValueError("r1 does not answer")
        return await honest(active)

    hands.heal = heal  # type: ignore[method-assign] # planted
    run_simulation(Breaker(hands, said.append).mend)
    assert hands.standing == []
    assert [line.split(":")[0] for line in said] == [
        "loss-1 not healed", "pause-2 healed", "loss-1 healed",
    ]  # fmt: skip


def test_what_is_asked_for_something_keeps_a_pod_whatever_its_budget_lets_go() -> None:
    def least(load: DeploymentLoad | StatefulSetLoad) -> int:
        return App(FakeGround(), "chaos", load, Dice(1)).least

    assert least(DeploymentLoad("web", requests=5.0, max_unavailable=2)) == 3
    assert least(DeploymentLoad("web")) == 1
    assert least(StatefulSetLoad("db")) == 1


def test_of_one_and_the_rest_the_one_suffers() -> None:
    def victims(order: Order) -> tuple[str, ...]:
        active = Active("partition-1", order, ("r1",), ("r2", "n1"))
        return Carried(Timed(0.0, 0, order, 1), 0.0, active=active).victims

    assert victims(Order("partition", "r1")) == ("r1",)
    assert victims(Order("partition", "r1", "zone/b")) == ("r1", "r2", "n1")
    assert victims(Order("partition", "r1", way="bridge")) == ("r1", "r2", "n1")


def test_an_order_that_another_fault_leaves_nobody_for_is_excused_and_told() -> None:
    def order(verb: str) -> Timed:
        return Timed(0.0, 0, Order(verb, "leader", seconds=1.0), 1)

    lasting = Carried(order("kill"), 1.0, end=9.0, active=Active("kill-1", Order("kill"), ("r1",)))
    late = Carried(order("pause"), 3.0, end=4.0, problem="not carried out: nobody leads")
    assert late.masked_by([lasting, late]) == "kill-1"
    alone = Carried(order("pause"), 10.0, end=11.0, problem="not carried out: nobody leads")
    assert alone.masked_by([lasting, alone]) == ""
    never = Carried(order("pause"), 3.0, end=4.0, problem="not carried out: nobody leads")
    assert never.masked_by([late, never]) == "", "what never was excuses nothing"


def test_a_workload_that_does_badly_before_the_faults_says_nothing() -> None:
    def plant(ground: FakeGround, hands: FakeHands) -> None:
        ground.failing = lambda: "refused"

    scenario = Scenario(**{**_fields(SCENARIO), "bounds": Bounds(settle=10.0)})
    told = Told(scenario, plant)
    assert told.report.verdict == "says nothing"
    assert any("before the faults 100%" in reason for reason in told.report.reasons)
