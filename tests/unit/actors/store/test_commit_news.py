"""News of the commit index rides on the next append, or leaves by itself a moment later."""

import asyncio
from collections.abc import Sequence

from actors.store.commit_news import HOLD_SECONDS, CommitNews
from cluster.raft.messages import AppendRequest, Entry, RaftRpc, TimeoutNow
from tests.simulation.loop import run_simulation


def news(to: str, commit: int) -> AppendRequest:
    return AppendRequest("a", to, 1, commit, 1, (), commit, quiet=True)


def append(to: str, index: int) -> AppendRequest:
    return AppendRequest("a", to, 1, index - 1, 1, (Entry(index, 1, b"x"),), index - 1)


def test_news_is_held_replaced_by_newer_and_sent_a_moment_later() -> None:
    async def main() -> None:
        sent: list[RaftRpc] = []
        held = CommitNews(sent.extend)
        other = TimeoutNow("a", "b", 1)
        assert held.take([news("b", 1), other, news("c", 1)]) == [other]
        assert held.take([news("b", 2)]) == []
        await asyncio.sleep(HOLD_SECONDS / 2)
        assert sent == []
        await asyncio.sleep(HOLD_SECONDS)
        assert sent == [news("b", 2), news("c", 1)]
        await asyncio.sleep(1)
        assert len(sent) == 2

    run_simulation(main)


def test_an_append_takes_the_news_along() -> None:
    async def main() -> None:
        sent: list[RaftRpc] = []
        held = CommitNews(sent.extend)
        held.take([news("b", 1), news("c", 1)])
        assert held.take([append("b", 2)]) == [append("b", 2)]
        await asyncio.sleep(1)
        assert sent == [news("c", 1)]

    run_simulation(main)


def test_news_that_came_after_what_was_taken_along_has_its_own_moment() -> None:
    async def main() -> None:
        sent: list[RaftRpc] = []
        held = CommitNews(sent.extend)
        for index in range(2, 12):
            held.take([news("b", index - 1)])
            await asyncio.sleep(HOLD_SECONDS * 0.4)
            held.take([append("b", index)])
            await asyncio.sleep(HOLD_SECONDS * 0.5)
        assert sent == []
        held.take([news("b", 12)])
        await asyncio.sleep(HOLD_SECONDS * 2)
        assert sent == [news("b", 12)]

    run_simulation(main)


def test_who_waits_beyond_is_told_at_once_but_after_who_waits_here() -> None:
    async def main() -> None:
        order: list[str] = []

        def send(messages: Sequence[RaftRpc]) -> None:
            order.append("news")

        held = CommitNews(send)
        held.hurry()
        held.take([news("b", 1)])
        asyncio.get_running_loop().call_soon(order.append, "here")
        held.hurry()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["here", "news"]
        held.take([news("b", 2)])
        held.close()
        await asyncio.sleep(1)
        assert order == ["here", "news"]

    run_simulation(main)
