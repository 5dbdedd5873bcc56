"""The trace context, and where trace records go.

A context is the string ``<trace id, 16 hex>-<span id, 16 hex>``, in a context variable: what is
told, asked, opened or spawned meanwhile inherits it. Every message is a span of its own, whose
parent is the span it was sent in. Must not know: files (``trace_file`` writes them).
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import orjson
import structlog

from actors.kit.world.entropy import Entropy

CURRENT: ContextVar[str] = ContextVar("steersman_trace", default="")
CONTEXT_LENGTH = 33
TRACE_ID_LENGTH = 16

Record = dict[str, Any]


def current_trace() -> str:
    """The context that is being worked for, '' if none."""
    return CURRENT.get()


@contextmanager
def root_trace(entropy: Entropy) -> Iterator[str]:
    """Work for a new trace, as for one HTTP request. Gives its context."""
    context = f"{entropy.hex(16)}-{entropy.hex(16)}"
    with resume_trace(context):
        yield context


@contextmanager
def resume_trace(trace: str) -> Iterator[str]:
    """Work for an earlier trace, as of the write that a watch event tells of. What is no context
    (as '') leaves work without one, and the first message then starts a new trace."""
    token = CURRENT.set(trace if len(trace) == CONTEXT_LENGTH else "")
    try:
        yield trace
    finally:
        CURRENT.reset(token)


class Tracer(Protocol):
    """Takes the records of one process. Never blocks."""

    def record(self, fields: Record, routine: bool = False) -> None:
        """Keep one record. ``routine``: of a heartbeat, to be kept apart."""

    def flush(self) -> None:
        """Write what is buffered. Blocks: not for the loop's thread."""

    def close(self) -> None:
        """Write what is buffered, then stop."""


class Taker(Protocol):
    """Takes records."""

    def record(self, fields: Record, routine: bool = False) -> None:
        """See ``Tracer``."""


class NullTracer:
    """Forgets everything."""

    def record(self, fields: Record, routine: bool = False) -> None:
        """Forget it."""

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""


class MemoryTracer:
    """Keeps the last ``keep`` records, and a running digest of all: equal runs, equal digests."""

    def __init__(self, keep: int = 100_000) -> None:
        self.records: deque[Record] = deque(maxlen=keep)
        self.count = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def record(self, fields: Record, routine: bool = False) -> None:
        """Keep it, and add it to the digest."""
        self.count += 1
        self.records.append(fields)
        self._hash.update(orjson.dumps(fields, default=repr))

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
