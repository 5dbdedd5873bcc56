"""The far ends of asks and streams: small objects that turn calls into envelopes.

Must not know: transports, mailboxes.
"""

from typing import Protocol

from actors.kit.failures import to_failed
from actors.kit.mailbox import Request
from actors.kit.stream import Inlet, Stream
from actors.kit.tracing import CURRENT
from cluster.errors import SteersmanError
from cluster.messages.base import Message
from cluster.wire.envelope import EnvelopeKind


class Line(Protocol):
    """Sends what belongs to an exchange under way, on the connection it began on or not at all."""

    def epoch(self, process: str) -> int:
        """Counts the connections to a process: an exchange dies with its connection."""

    def respond(
        self, kind: EnvelopeKind, request: Request, message: Message | None, epoch: int
    ) -> None:
        """From the asked to the asker. Raises Overloaded, SteersmanError if it is too big."""

    def conclude(
        self, kind: EnvelopeKind, request: Request, message: Message | None, epoch: int
    ) -> None:
        """As ``respond``, but it must arrive: a full queue breaks the connection."""

    def signal(self, kind: EnvelopeKind, request: Request, credit: int) -> None:
        """From the asker to the asked, without a message; it must arrive."""

    def begin(self, request: Request, stream: Stream) -> None:
        """Open a stream. Raises ActorDown, Overloaded."""

    def finish(self, request: Request) -> None:
        """The reader is through."""

    def record_taken(self, request: Request, taken: bool) -> None:
        """For the trace: the reader took it, or went before it did."""


class RemoteReply:
    """Answers an ask that came from another process."""

    __slots__ = ("_epoch", "_line", "_request")

    def __init__(self, line: Line, request: Request) -> None:
        self._line = line
        self._request: Request | None = request
        self._epoch = line.epoch(request.principal.process)

    def resolve(self, message: Message) -> None:
        """Answer."""
        request = self._request
        if request is None:
            return
        try:
            self._line.respond("reply", request, message, self._epoch)
        except SteersmanError as error:
            self.fail(error)
        self._request = None

    def fail(self, error: SteersmanError) -> None:
        """Answer with an error."""
        request, self._request = self._request, None
        if request is not None:
            self._line.conclude("error", request, to_failed(error), self._epoch)


class RemoteOutlet:
    """Sends a sink's items to a reader in another process."""

    __slots__ = ("_epoch", "_line", "_request")

    def __init__(self, line: Line, request: Request) -> None:
        self._line = line
        self._request = request
        self._epoch = line.epoch(request.principal.process)

    def item(self, message: Message) -> None:
        """One item."""
        self._line.respond("item", self._request, message, self._epoch)

    def end(self, error: SteersmanError | None) -> None:
        """No more items."""
        if error is None:
            self._line.conclude("end", self._request, None, self._epoch)
        else:
            self._line.conclude("error", self._request, to_failed(error), self._epoch)


class RemoteOpener:
    """A stream whose serving actor is in another process. Also its ``Inlet``."""

    def __init__(self, line: Line, request: Request) -> None:
        self._line = line
        self._request = request

    def open(self, stream: Stream) -> Inlet:
        """Send the opening message."""
        self._line.begin(self._request, stream)
        return self

    def grant(self, count: int) -> None:
        """Take this many more items."""
        self._line.signal("credit", self._request, count)

    def cancel(self) -> None:
        """The reader goes away."""
        self._line.signal("cancel", self._request, 0)

    def taken(self, item: Message, trace: str, parent: str) -> None:
        """Record it."""
        self._line.record_taken(self._item(item, trace, parent), True)

    def unread(self, item: Message, trace: str, parent: str) -> None:
        """Record it."""
        self._line.record_taken(self._item(item, trace, parent), False)

    def _item(self, item: Message, trace: str, parent: str) -> Request:
        asked = self._request
        return Request(item, asked.id, asked.sender, asked.to, asked.principal, trace, parent)

    def closed(self, stream: Stream) -> None:
        """Forget it."""
        self._line.finish(self._request)


def context_of(request: Request) -> str:
    """The context that an answer is sent in: the work under way, else the request's."""
    return CURRENT.get() or request.trace
