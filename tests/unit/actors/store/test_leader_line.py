"""Asks to the leader: none without one, and none that outlasts its leadership."""

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import cast

import pytest

from actors.store.engine import Engine
from actors.store.leader_line import TRY_SECONDS, LeaderLine
from actors.store.waiters import ChangeWaiters
from cluster.errors import AskTimeout, NotLeader
from cluster.messages.base import Done, Message
from cluster.messages.store import ReadIndexRequest
from tests.simulation.loop import simulated
from tests.unit.actors.store.bare_context import BareContext

QUESTION = ReadIndexRequest()


class Rig:
    """Replica r1, which follows ``leader``; r2 never answers, r3 does."""

    def __init__(self, leader: str) -> None:
        self.bare = BareContext("r1")
        self.bare.answers = {"store@r2": self.silence, "store@r3": self.answer}
        self.member = SimpleNamespace(leader=leader)
        self.standings = ChangeWaiters()
        self.line = LeaderLine(self.bare.context, cast(Engine, self))

    async def silence(self, message: Message) -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    async def answer(self, message: Message) -> Message:
        assert message is QUESTION
        await asyncio.sleep(0.1)
        return Done()

    async def follow(self, leader: str) -> None:
        """Another standing is known."""
        self.member.leader = leader
        self.standings.changed()
        await asyncio.sleep(0.01)


async def outcome_after(asked: Awaitable[Message]) -> tuple[float, object]:
    """Seconds until an ask ends, and its answer or the type of its error."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        return loop.time() - began, await asked
    except AskTimeout as error:
        return round(loop.time() - began, 3), type(error)


@simulated
async def test_the_leader_is_asked_and_nobody_else() -> None:
    rig = Rig("r3")
    assert await rig.line.ask(QUESTION) == Done()
    for nobody in ("", "r1"):
        await rig.follow(nobody)
        with pytest.raises(NotLeader):
            await rig.line.ask(QUESTION)
    await rig.bare.stop()


@simulated
async def test_one_try_has_an_end() -> None:
    rig = Rig("r2")
    assert await outcome_after(rig.line.ask(QUESTION)) == (TRY_SECONDS, AskTimeout)
    assert await outcome_after(rig.line.ask(QUESTION, 0.5)) == (0.5, AskTimeout)
    await rig.bare.stop()


@simulated
async def test_it_lets_go_as_soon_as_another_leads_and_not_before() -> None:
    rig = Rig("r2")
    asked = asyncio.ensure_future(outcome_after(rig.line.ask(QUESTION)))
    await asyncio.sleep(0.2)
    # No leader is known, or the same again: it may still answer.
    for same in ("", "r2"):
        await rig.follow(same)
        assert not asked.done()
    rig.member.leader = "r3"
    again = asyncio.ensure_future(rig.line.ask(QUESTION))
    await asyncio.sleep(0.02)
    await rig.follow("r3")
    assert asked.done()
    assert await asked == (0.24, AskTimeout)
    assert await again == Done()
    await rig.bare.stop()
