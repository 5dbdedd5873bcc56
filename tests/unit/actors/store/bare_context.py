"""The context of an actor that is not there, for the parts of a store on their own.

Job: tasks that are looked after, references that write down what they are told. Must not know: the
parts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from actors.kit.context import Context
from actors.kit.tracing import CURRENT
from actors.kit.world.memory import memory_world
from cluster.messages.base import Message

Answer = Callable[[Message], Awaitable[Message]]


class BareRef:
    """``told``: address, trace and message of each tell."""

    def __init__(self, context: "BareContext", address: str) -> None:
        self._context = context
        self._address = address

    def tell(self, message: Message) -> None:
        if self._context.refuses is not None:
            raise self._context.refuses
        self._context.told.append((self._address, CURRENT.get(), message))

    async def ask(self, message: Message, seconds: float) -> Message:
        return await self._context.answers[self._address](message)


class BareContext:
    """``answers``: to asks, by address. ``refuses``: what a tell raises, if anything."""

    def __init__(self, process: str = "r1") -> None:
        self.process = process
        self.world = memory_world(process)
        self.log = self
        self.told: list[tuple[str, str, Message]] = []
        self.answers: dict[str, Answer] = {}
        self.refuses: Exception | None = None
        self.warnings: list[str] = []
        self._tasks: list[asyncio.Task[Any]] = []

    @property
    def context(self) -> Context:
        """As the parts take it."""
        return cast(Context, self)

    def ref(self, address: str) -> BareRef:
        return BareRef(self, address)

    def task(self, coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        self._tasks.append(asyncio.get_running_loop().create_task(coroutine, name=name))
        return self._tasks[-1]

    def note(self, what: str, subject: str, **fields: Any) -> None:
        pass

    def warning(self, text: str, **fields: Any) -> None:
        self.warnings.append(text)

    async def stop(self) -> None:
        """Raises what a task failed of, as the actor would have crashed."""
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
