"""Time that a request spends waiting for others: for a seat, for webhooks.

Job: gather it while the request is served, so that what the server itself takes can be told apart
(apiserver_request_sli_duration_seconds). Must not know: who waits, what it is told for. Tasks that
are started for a request gather for it too.
"""

from contextvars import ContextVar


class Outside:
    """``seconds``: of one request, so far."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0


_CURRENT: ContextVar[Outside | None] = ContextVar("outside", default=None)


def begin() -> Outside:
    """A request begins."""
    found = Outside()
    _CURRENT.set(found)
    return found


def spent(seconds: float) -> None:
    """The request of this task has waited."""
    found = _CURRENT.get()
    if found is not None:
        found.seconds += seconds
