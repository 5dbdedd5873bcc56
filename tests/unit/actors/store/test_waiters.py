"""Waiting for levels and changes."""

from actors.store.waiters import ChangeWaiters, LevelWaiters


async def test_levels_release_those_they_reach() -> None:
    waiters = LevelWaiters()
    five, three, four = waiters.wait(5), waiters.wait(3), waiters.wait(4)
    four.cancel()
    waiters.reached(4)
    assert three.done() and not five.done()
    waiters.reached(9)
    assert five.done()


async def test_a_change_that_came_before_the_wait_is_not_waited_for() -> None:
    waiters = ChangeWaiters()
    seen = waiters.count
    future = waiters.wait()
    waiters.changed()
    assert future.done()
    await waiters.wait_since(seen, 1000.0)
    await waiters.wait_since(waiters.count, 0.001)
