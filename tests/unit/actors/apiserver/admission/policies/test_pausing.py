"""Others get turns while costly expressions are evaluated."""

import asyncio

from actors.apiserver.admission.policies.pausing import TURN_UNITS, pause


async def test_a_turn_for_so_much() -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    waiting = asyncio.ensure_future(other())
    assert await pause(10 * TURN_UNITS, 9 * TURN_UNITS + 1) == 10 * TURN_UNITS
    assert turns == []
    assert await pause(10 * TURN_UNITS, 9 * TURN_UNITS) == 9 * TURN_UNITS
    assert turns == ["other"]
    await waiting
