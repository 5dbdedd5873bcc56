"""The waiting half of the work queue, in virtual time."""

import asyncio

from actors.client.queue_state import Work
from actors.client.workqueue import WorkQueue
from tests.simulation.loop import run_simulation


def test_workers_sleep_until_woken_and_share_the_work() -> None:
    async def main() -> None:
        queue: WorkQueue[int] = WorkQueue()
        taken: list[int] = []

        async def worker() -> None:
            while True:
                work = await queue.get()
                await asyncio.sleep(1.0)
                taken.append(work.key)
                queue.done(work.key)

        workers = [asyncio.create_task(worker()) for _ in range(4)]
        await asyncio.sleep(0)
        for key in range(8):
            queue.add(key)
        await asyncio.sleep(2.5)
        assert sorted(taken) == list(range(8))
        for task in workers:
            task.cancel()
        queue.close()

    run_simulation(main)


def test_a_delay_too_short_for_the_clock_still_lets_time_pass() -> None:
    """Else work that waits for a moment almost reached comes back for ever (seed 116)."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        queue: WorkQueue[str] = WorkQueue()
        await asyncio.sleep(10.0)
        due = loop.time() + 1e-16
        queue.add("key")
        for _ in range(100):
            work = await queue.get()
            if loop.time() > due:
                break
            queue.add_after(work.key, due - loop.time())
            queue.done(work.key)
        assert loop.time() > due
        queue.close()

    run_simulation(main)


def test_a_delayed_key_comes_at_its_time() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("late", 30.0)
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(1.0)
        queue.add_after("soon", 2.0, "t")
        assert await waiting == Work("soon", "t")
        assert loop.time() == 3.0
        assert (await queue.get()).key == "late"
        assert loop.time() == 30.0
        assert queue.retry("late") < 0.01
        queue.done("late")
        assert (await queue.get()).key == "late"
        queue.forget("late")
        assert queue.failures("late") == 0
        queue.close()

    run_simulation(main)


def test_a_cancelled_worker_hands_its_turn_on() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue()
        first = asyncio.create_task(queue.get())
        second = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        first.cancel()
        assert (await second).key == "a"
        assert len(queue) == 0

    run_simulation(main)
