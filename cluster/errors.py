"""The errors that components exchange, as one tree. Knows no component.

::

    SteersmanError
    ├── StatusError        an API failure a client can read: becomes a Kubernetes Status
    ├── PeerFault          a peer or the wire misbehaves: drop the connection
    ├── StoreError         the store says no; the asker must act
    │   ├── Compacted          revision no longer kept: list again
    │   ├── FutureRevision     revision not reached (yet)
    │   ├── Fenced             the writer's term is over: stop writing
    │   ├── LeaseNotFound      the lease has ended, or never was
    │   ├── TooLarge           more bytes than a write may have: nothing was written, write less
    │   ├── Unusable           full, or it refuses us: nothing was written, an operator must act
    │   ├── Unsupported        the store's engine cannot do that at all
    │   ├── Corrupt            this replica's state differs from the others': ask another
    │   └── SessionExpired     the exactly-once session was dropped: outcome unknown, open another
    └── TemporaryFault     try again (the outcome of a write may be unknown)
        ├── AskTimeout         no answer before the deadline
        ├── ActorDown          the receiver does not run, or its process is unreachable
        ├── Overloaded         a bounded mailbox or queue is full
        └── NotLeader          the store has no leader now, or lost it

Our own bugs are plain AssertionError or whatever Python raises: the actor dies, its
supervisor acts.
"""

from typing import Any


class SteersmanError(Exception):
    """Base of all errors that cross component borders."""


class StatusError(SteersmanError):
    """An API failure. ``status`` is a Kubernetes Status object (kind Status, with code, reason,
    message, details): see ``cluster.api.status`` for its makers. ``final``: whoever refused was
    asked once, and is not to be asked again unless the object is another. ``warnings``: what the
    caller is told besides. ``text``: what HTTP tells in place of the Status, '' for nothing."""

    final = False
    text = ""
    warnings: tuple[str, ...] = ()

    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status.get("message", ""))
        self.status = status

    @property
    def code(self) -> int:
        """HTTP status code."""
        return int(self.status.get("code", 500))

    @property
    def reason(self) -> str:
        """Kubernetes reason, as NotFound or Conflict."""
        return str(self.status.get("reason", ""))


class PeerFault(SteersmanError):
    """A peer sent what it must not. The connection is to be dropped."""


class StoreError(SteersmanError):
    """The store refused."""


class Compacted(StoreError):
    """The revision asked for is no longer kept."""


class FutureRevision(StoreError):
    """The revision asked for has not been reached. The text: ``asked, current: present``."""


class Fenced(StoreError):
    """The transaction was proposed under a term that is over."""


class SessionExpired(StoreError):
    """The session of a transaction is forgotten; whether it was applied before is not known."""


class LeaseNotFound(StoreError):
    """There is no such lease (any more)."""


class TooLarge(StoreError):
    """A write over a bound in bytes: nothing was written."""


class Unusable(StoreError):
    """The database behind the store is full or refuses this cluster: nothing was written, and
    nothing will be until an operator acts."""


class Unsupported(StoreError):
    """This engine of the store cannot do that; the text says what can."""


class Corrupt(StoreError):
    """The replica asked does not hold what the others hold, and so does not answer."""


class TemporaryFault(SteersmanError):
    """Trying again may help. A write that ends so may or may not have happened."""


class AskTimeout(TemporaryFault):
    """No answer before the deadline."""


class ActorDown(TemporaryFault):
    """The receiver does not run, or its process cannot be reached."""


class Overloaded(TemporaryFault):
    """A bounded queue is full."""


class NotLeader(TemporaryFault):
    """There is no leader to serve this now."""


BY_NAME: dict[str, type[SteersmanError]] = {
    cls.__name__: cls
    for cls in (
        PeerFault,
        StoreError,
        Compacted,
        FutureRevision,
        Fenced,
        LeaseNotFound,
        Corrupt,
        TooLarge,
        Unusable,
        Unsupported,
        SessionExpired,
        TemporaryFault,
        AskTimeout,
        ActorDown,
        Overloaded,
        NotLeader,
    )
}
