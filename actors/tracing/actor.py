"""``tracer@<process>``: shows a process's trace as it is made, and searches its files.

Only replicas and this process's own actors may ask: records name objects of all namespaces.
"""

from collections.abc import Callable
from pathlib import Path

from actors.kit.actor import Actor, Delivery, Later, Sink
from actors.kit.tap import Tap
from actors.kit.tracing import encoded
from actors.kit.world.file_thread import FileThread
from actors.tracing import search
from cluster.api.status import bad_request
from cluster.errors import PeerFault
from cluster.messages.base import Message
from cluster.messages.tracing import FindSubject, FindTrace, TraceBatch, WatchTrace


class TracerActor(Actor):
    """``folder``: of this process's trace files; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = FileThread("trace search")

    async def stopped(self) -> None:
        """No more searches."""
        self._thread.end()

    async def handle(self, message: Message, delivery: Delivery) -> Later:
        """A search: one after the other, beside everything else."""
        _check(delivery)
        match message:
            case FindTrace():
                return Later(self._search(lambda: search.find_trace(self._folder, message.trace)))
            case FindSubject():
                words, since = message.words, message.since
                return Later(self._search(lambda: search.find_subject(self._folder, words, since)))
        raise PeerFault(f"a tracer takes no {type(message).__name__}")

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        """Records as they are made, until the reader goes."""
        _check(delivery)
        if not isinstance(message, WatchTrace):
            raise PeerFault(f"a tracer streams no {type(message).__name__}")
        tap = Tap(message.actors, message.traces, message.with_routine, message.rate)
        recorder = self.ctx.recorder
        recorder.attach(tap)
        try:
            while True:
                records, missed = await tap.take()
                lines = b"".join(encoded(record) + b"\n" for record in records)
                await sink.send(TraceBatch(lines, len(records), missed))
        finally:
            recorder.detach(tap)

    async def _search(self, search_files: Callable[[], TraceBatch]) -> TraceBatch:
        answers: list[TraceBatch | ValueError] = []

        def work() -> None:
            self.ctx.recorder.tracer.flush()
            try:
                answers.append(search_files())
            except ValueError as error:
                answers.append(error)

        await self._thread.do(work)
        [answer] = answers
        if isinstance(answer, ValueError):
            raise bad_request(str(answer))
        return answer


def _check(delivery: Delivery) -> None:
    """Raises PeerFault."""
    principal = delivery.principal
    if not principal.is_trusted:
        raise PeerFault(f"{principal.user} may not read traces")
