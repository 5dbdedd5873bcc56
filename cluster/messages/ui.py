"""What the live page of a replica is asked. Receivers: ``apiserver/ui@<replica>``.

All but ``RedeemLogin`` come from the same process only: what may be seen is judged at the HTTPS
door.
"""

from typing import ClassVar

import msgspec

from cluster.messages.base import Message


class WatchPage(Message, frozen=True):
    """Stream of PageUpdate: everything at once, then what changed, a few times a second."""

    routine: ClassVar[bool] = True


class PageUpdate(Message, frozen=True):
    """``body``: JSON, section → key → value, or null for what is gone. ``b"{}"``: nothing is new,
    but the stream lives."""

    routine: ClassVar[bool] = True

    body: bytes


class FindChain(Message, frozen=True):
    """Ask: the causal tree of a trace, across all processes; reply PageAnswer."""

    trace: str

    def subject(self) -> str:
        return f"find {self.trace}"


class FindChainsOf(Message, frozen=True):
    """Ask: which chains wrote an object, or noted something of it; reply PageAnswer. ``words``: see
    ``tracing.FindSubject``."""

    words: str

    def subject(self) -> str:
        return f"find {self.words}"


class FlowMessages(Message, frozen=True):
    """Ask: the last messages of one type between two actors; reply PageAnswer."""

    sender: str
    receiver: str
    message: str


class PageAnswer(Message, frozen=True):
    """``body``: JSON."""

    body: bytes


class Identity(msgspec.Struct, frozen=True):
    """An authenticated user, as a session acts for it."""

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class MakeLogin(Message, frozen=True):
    """Ask: a code with which a browser may act as this user, once, soon; reply LoginCode.
    ``ending``: the last end of all of the user's sessions that was known."""

    identity: Identity
    ending: int = 0


class LoginCode(Message, frozen=True):
    """``seconds``: how long it is good for."""

    code: str
    seconds: float


class RedeemLogin(Message, frozen=True):
    """Ask the replica that made the code, whose name it begins with; reply Login. A code is taken
    once; one that is unknown, used or too old is a StatusError 401. From replicas only."""

    code: str


class Login(Message, frozen=True):
    """Whom a code stood for. ``ending``: see MakeLogin."""

    identity: Identity
    ending: int = 0
