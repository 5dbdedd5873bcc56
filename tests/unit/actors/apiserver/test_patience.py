"""Costly expressions leave the event loop its turns."""

import asyncio
import threading

import pytest

from actors.apiserver.patience import UNITS, unhurried
from cluster.cel.errors import CelTooLong
from cluster.cel.functions import merged
from cluster.cel.library.authorizer import (
    AUTHORIZER,
    AUTHORIZERS,
    CheckValue,
    DecisionValue,
    Question,
)
from cluster.cel.program import (
    STANDARD,
    Budget,
    CelCostExceeded,
    Declarations,
    Lazy,
    compile_expression,
)
from cluster.cel.types import DYN
from tests.support.control_plane import ControlPlane
from tests.support.widgets import GROUP, definition, established, widget

DECLARED = Declarations({"x": DYN})
SMALL = compile_expression("x.all(i, i > 0)", DECLARED)
LARGE = compile_expression("x.all(i, x.all(j, i + j > 0))", DECLARED)


async def test_short_work_is_done_at_once_and_long_work_in_a_thread() -> None:
    threads: list[bool] = []

    def work(units: int | None) -> bool:
        threads.append(threading.current_thread() is threading.main_thread())
        found = (SMALL if units == -1 else LARGE).evaluate(
            {"x": list(range(1, size + 1))}, Budget(10_000_000, units)
        )
        return bool(found)

    size = 3
    assert await unhurried(work) and threads == [True]
    size = 300
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    other = asyncio.ensure_future(others())
    assert await unhurried(work) and threads == [True, True, False]
    other.cancel()
    assert turns > 5


def test_impatience_is_no_fault_of_the_expression() -> None:
    given = {"x": list(range(1, 300))}
    budget = Budget(10_000_000, UNITS)
    with pytest.raises(CelTooLong):
        LARGE.evaluate(given, budget)
    assert budget.left < 10_000_000
    with pytest.raises(CelCostExceeded):
        LARGE.evaluate(given, Budget(100, UNITS))
    made = Lazy(lambda: LARGE.evaluate(given, Budget(10_000_000, patience)))
    patience: int | None = 10
    with pytest.raises(CelTooLong):
        made.get()
    patience = None
    assert made.get() is True


ASK = "authorizer.path('/healthz').check('get').allowed()"


def asking(source: str, budget: Budget) -> tuple[bool, int]:
    """The answer, and how often the authorizer was asked."""
    asked: list[Question] = []

    def decide(question: Question) -> DecisionValue:
        asked.append(question)
        return DecisionValue(True)

    declared = Declarations({"authorizer": AUTHORIZER}, merged(STANDARD, AUTHORIZERS))
    program = compile_expression(source, declared)
    return bool(program.evaluate({"authorizer": CheckValue(decide)}, budget)), len(asked)


def test_a_question_to_the_authorizer_costs_much_and_takes_little() -> None:
    budget = Budget(10_000_000, UNITS)
    assert asking(f"{ASK} && {ASK}", budget) == (True, 2)
    assert budget.patience is not None
    assert 700_000 < 10_000_000 - budget.left < 700_100
    assert 200 <= UNITS - budget.patience < 300
    # Three cost more than an expression may: found out in no hurry, as it always was.
    with pytest.raises(CelTooLong):
        asking(f"{ASK} && {ASK} && {ASK}", Budget(10_000_000, UNITS))
    budget = Budget(10_000_000)
    with pytest.raises(CelCostExceeded):
        asking(f"{ASK} && {ASK} && {ASK}", budget)
    # What is left decides even in a hurry.
    with pytest.raises(CelTooLong):
        asking(ASK, Budget(300_000, UNITS))
    with pytest.raises(CelCostExceeded):
        asking(ASK, Budget(300_000))


def test_what_takes_long_is_found_beside_questions() -> None:
    declared = Declarations({"authorizer": AUTHORIZER, "x": DYN}, merged(STANDARD, AUTHORIZERS))
    program = compile_expression(f"{ASK} && x.all(i, x.all(j, i + j > 0))", declared)
    given = {"authorizer": CheckValue(lambda _: DecisionValue(True)), "x": list(range(1, 300))}
    with pytest.raises(CelTooLong):
        program.evaluate(given, Budget(10_000_000, UNITS))


async def test_rules_of_a_custom_resource(plane: ControlPlane) -> None:
    found = definition()
    spec = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    numbers = {"type": "array", "maxItems": 1000, "items": {"type": "integer"}}
    spec["properties"]["numbers"] = numbers
    rule = "!has(self.numbers) || self.numbers.all(i, self.numbers.exists(j, j > i || j == 0))"
    spec["x-kubernetes-validations"] = [{"rule": rule, "message": "no end"}]
    await established(plane, found)
    await plane.create("widgets", widget(numbers=[*range(300, 0, -1), 0]), "default", GROUP)
    listed = await plane.list("widgets", "default", GROUP)
    assert len(listed["items"]) == 1
