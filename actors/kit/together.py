"""Coroutines that run together on behalf of one caller, and never outlive it.

Must not know: what they do.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def until_first(*works: Coroutine[Any, Any, Any]) -> None:
    """Run all until the first ends; the others are cancelled, and over at the return.

    Raises what the first that ended raised (if several end at once: the first of them in the order
    given). Cancelled: all are.
    """
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
    finally:
        await _cancel(tasks)
    for task in ended:
        task.result()


async def _cancel(tasks: "list[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Together:
    """``async with Together() as group: group.start(...)``: works of one caller, as many as come.

    At the end of the block those that still run are cancelled, and over; what the first that failed
    raised is raised, unless the block itself raises.
    """

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._failed: BaseException | None = None

    async def __aenter__(self) -> "Together":
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await _cancel(list(self._tasks))
        if error is None and self._failed is not None:
            raise self._failed

    def __len__(self) -> int:
        """How many run."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run it beside the block."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = self._failed or error
