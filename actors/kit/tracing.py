"""The trace context, and where trace records go.

A context is the string ``<trace id, 32 hex>-<span id, 16 hex>`` (ids as of W3C Trace Context), in
a context variable: what is told, asked, opened or spawned meanwhile inherits it. Every message is a
span of its own, whose parent is the span it was sent in. Must not know: files (``trace_file``
writes them).
"""

import hashlib
from collections import deque
from contextvars import ContextVar, Token
from typing import Any, Protocol

import msgspec
import orjson
import structlog

from actors.kit.world.entropy import Entropy

CURRENT: ContextVar[str] = ContextVar("steersman_trace", default="")
TRACE_ID_LENGTH = 32
SPAN_ID_LENGTH = 16
CONTEXT_LENGTH = TRACE_ID_LENGTH + 1 + SPAN_ID_LENGTH

Record = dict[str, Any]
# No time was taken. (This very object: what is left out of a record is told by identity.)
UNTIMED = -1.0


class Step(
    msgspec.Struct, gc=False, omit_defaults=True, rename={"sender": "from", "size": "bytes"}
):
    """The record of one step of a message: a third of what a mapping costs to make and to write.

    ``ts``: UNIX seconds; ``size``: bytes on the wire; ``wait``, ``ms``: milliseconds in the
    mailbox, and of being handled. What does not apply is left out.
    """

    ts: float
    event: str
    msg: str
    id: int
    to: str
    sender: str
    trace: str
    span: str
    parent: str
    process: str
    zone: str
    hlc: int
    subject: str = ""
    size: int = 0
    wait: float = UNTIMED
    ms: float = UNTIMED
    outcome: str = ""
    reason: str = ""


Kept = Record | Step
_encode_step = msgspec.json.Encoder().encode


def as_record(kept: Kept) -> Record:
    """As a mapping."""
    if isinstance(kept, Step):
        record: Record = msgspec.to_builtins(kept)
        return record
    return kept


def encoded(kept: Kept) -> bytes:
    """As a line of JSON, without its end."""
    if isinstance(kept, Step):
        try:
            return _encode_step(kept)
        except UnicodeEncodeError:
            kept = as_record(kept)
    try:
        return orjson.dumps(kept, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # What JSON cannot hold, as half a surrogate pair, must not crash who records it.
        return orjson.dumps({"event": "unwritable", "msg": ascii(kept)})


def current_trace() -> str:
    """The context that is being worked for, '' if none."""
    return CURRENT.get()


class Resumed:
    """Work for a trace while inside; gives its context. (Every request and watch event has one: a
    generator would cost twice as much.)"""

    __slots__ = ("_before", "_context")

    def __init__(self, context: str) -> None:
        self._context = context

    def __enter__(self) -> str:
        context = self._context
        self._before: Token[str] = CURRENT.set(context if len(context) == CONTEXT_LENGTH else "")
        return context

    def __exit__(self, *_: object) -> None:
        CURRENT.reset(self._before)


def root_trace(entropy: Entropy, trace: str = "") -> Resumed:
    """Work for a new trace, as for one HTTP request. ``trace``: the trace id, if somebody outside
    has begun it."""
    return Resumed(f"{trace or entropy.hex(TRACE_ID_LENGTH)}-{entropy.hex(SPAN_ID_LENGTH)}")


def resume_trace(trace: str) -> Resumed:
    """Work for an earlier trace, as of the write that a watch event tells of. What is no context
    (as '') leaves work without one, and the first message then starts a new trace."""
    return Resumed(trace)


class Tracer(Protocol):
    """Takes the records of one process. Never blocks."""

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Keep one record. ``routine``: of a heartbeat, to be kept apart."""

    def flush(self) -> None:
        """Write what is buffered. Blocks: not for the loop's thread."""

    def close(self) -> None:
        """Write what is buffered, then stop."""


class Taker(Protocol):
    """Takes records."""

    def record(self, fields: Kept, routine: bool = False) -> None:
        """See ``Tracer``."""


class NullTracer:
    """Forgets everything."""

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class MemoryTracer:
    """Keeps the last ``keep`` records, and a running digest of all: equal runs, equal digests."""

    def __init__(self, keep: int = 100_000) -> None:
        self.count = 0
        self._kept: deque[Kept] = deque(maxlen=keep)
        self._hash = hashlib.blake2b(digest_size=16)

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Keep it, and add it to the digest."""
        self.count += 1
        self._kept.append(fields)
        self._hash.update(encoded(fields))

    @property
    def records(self) -> list[Record]:
        """Those that are kept."""
        return [as_record(one) for one in self._kept]

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def digest(self) -> str:
        """Of all records so far, as hex."""
        return self._hash.hexdigest()

    def find(self, **fields: Any) -> list[Record]:
        """The kept records that have all these fields."""
        wanted = fields.items()
        return [record for record in self.records if wanted <= record.items()]


def make_logger(taker: Taker, now: "Now", **bound: Any) -> structlog.typing.FilteringBoundLogger:
    """A structlog logger whose lines become trace records (event ``log``) with ``bound`` fields
    and the current context. ``now`` gives UNIX seconds."""

    def to_record(_: object, method: str, event: structlog.typing.EventDict) -> Any:
        trace = CURRENT.get()
        text = event.pop("event", "")
        record = {"ts": now(), "event": "log", "level": method, "msg": text, **event}
        if trace:
            record["trace"] = trace[:TRACE_ID_LENGTH]
            record["span"] = trace[TRACE_ID_LENGTH + 1 :]
        taker.record(record)
        raise structlog.DropEvent

    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        None,
        processors=[structlog.processors.format_exc_info, to_record],
        wrapper_class=structlog.make_filtering_bound_logger(10),
        cache_logger_on_first_use=True,
        **bound,
    )
    return logger


class Now(Protocol):
    """A clock's ``now``."""

    def __call__(self) -> float: ...
