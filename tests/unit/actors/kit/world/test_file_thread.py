"""The thread: in order, to the end, with what it raises."""

import asyncio
import threading

import pytest

from actors.kit.world.file_thread import FileThread


async def test_work_is_done_in_order_in_one_thread() -> None:
    thread = FileThread("t")
    seen: list[tuple[int, str]] = []

    def note(number: int) -> None:
        seen.append((number, threading.current_thread().name))

    await asyncio.gather(*(thread.do(lambda n=n: note(n)) for n in range(50)))
    assert seen == [(number, "t") for number in range(50)]
    thread.end()


async def test_what_work_raises_is_told_and_the_next_work_is_done() -> None:
    thread = FileThread("t")

    def fail() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await thread.do(fail)
    await thread.do(lambda: None)
    thread.end()


async def test_cancelled_work_is_done_all_the_same() -> None:
    thread = FileThread("t")
    go, done = threading.Event(), threading.Event()
    first = thread.do(lambda: go.wait(10) and None)
    second = thread.do(done.set)
    first.cancel()
    second.cancel()
    go.set()
    await thread.do(lambda: None)
    assert done.is_set()
    thread.end()


async def test_the_thread_ends() -> None:
    thread = FileThread("ends soon")
    await thread.do(lambda: None)
    (running,) = (one for one in threading.enumerate() if one.name == "ends soon")
    thread.end()
    await asyncio.to_thread(running.join, 10)
    assert not running.is_alive()


def test_a_closed_loop_is_nobodys_loss() -> None:
    thread = FileThread("left alone")
    go = threading.Event()

    async def ask() -> None:
        await thread.do(lambda: None)
        thread.do(lambda: go.wait(10) and None)

    asyncio.run(ask())
    (running,) = (one for one in threading.enumerate() if one.name == "left alone")
    go.set()
    thread.end()
    running.join(10)
    assert not running.is_alive()
