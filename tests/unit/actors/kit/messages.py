"""Messages and actors that the kit's tests use."""

import asyncio
from typing import ClassVar

from actors.kit.actor import Actor, Delivery, Later, Sink
from cluster.errors import Fenced, StatusError
from cluster.messages import base
from cluster.messages.base import Done, Message


class Add(Message, frozen=True):
    amount: int

    def subject(self) -> str:
        return f"add {self.amount}"


class Total(Message, frozen=True):
    value: int


class Slow(Message, frozen=True):
    """Answered after ``seconds`` of handling."""

    seconds: float


class SlowLater(Message, frozen=True):
    """Answered after ``seconds``, while other messages are handled."""

    seconds: float
    crash: bool = False


class Crash(Message, frozen=True):
    pass


class Refuse(Message, frozen=True):
    """Answered with a StatusError."""


class Count(Message, frozen=True):
    """Stream of Total 0 .. ``until`` - 1. -1: for ever. ``fail``: ends with Fenced."""

    until: int
    fail: bool = False
    crash: bool = False


class Blob(Message, frozen=True):
    """Answered with itself."""

    data: bytes


class Pulse(Message, frozen=True):
    routine: ClassVar[bool] = True
    number: int = 0


MESSAGES = (Add, Total, Slow, SlowLater, Crash, Refuse, Count, Blob, Pulse)
REGISTRY: dict[str, type[Message]] = {
    cls.__name__: cls for cls in (*MESSAGES, base.Done, base.Failed, base.Down, base.ConnectionLost)
}


class Counter(Actor):
    """Adds up; does what the messages above say."""

    def __init__(self) -> None:
        self.total = 0
        self.served = 0
        self.deliveries: list[Delivery] = []

    async def handle(self, message: Message, delivery: Delivery) -> "Message | Later | None":
        self.deliveries.append(delivery)
        match message:
            case Add(amount=amount):
                self.total += amount
                return Total(self.total)
            case Slow(seconds=seconds):
                await asyncio.sleep(seconds)
                return Done()
            case SlowLater(seconds=seconds, crash=crash):
                return Later(self._later(seconds, crash))
            case Crash():
                raise RuntimeError("boom")
            case Refuse():
                raise StatusError({"code": 404, "reason": "NotFound", "message": "none"})
            case Blob():
                return message
            case Pulse():
                return None
        return await super().handle(message, delivery)

    async def _later(self, seconds: float, crash: bool) -> Message:
        await asyncio.sleep(seconds)
        if crash:
            raise RuntimeError("boom later")
        return Total(self.total)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, Count)
        number = 0
        while number != message.until:
            await sink.send(Total(number))
            number += 1
            self.served = number
        if message.fail:
            raise Fenced("over")
        if message.crash:
            raise RuntimeError("boom in a stream")


class Watcher(Actor):
    """Keeps what it is told, with the loop's time."""

    def __init__(self, *targets: str, processes: tuple[str, ...] = ()) -> None:
        self.targets = targets
        self.processes = processes
        self.seen: list[tuple[float, Message]] = []

    async def started(self) -> None:
        for target in self.targets:
            self.ctx.monitor(target)
        for process in self.processes:
            self.ctx.monitor_process(process)

    async def handle(self, message: Message, delivery: Delivery) -> None:
        self.seen.append((asyncio.get_running_loop().time(), message))
        if isinstance(message, Add) and self.targets:
            self.ctx.monitor(self.targets[0])

    def messages(self) -> list[Message]:
        return [message for _, message in self.seen]
