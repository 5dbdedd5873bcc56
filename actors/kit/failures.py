"""Errors on the wire: a SteersmanError as a ``base.Failed`` message, and back. Pure."""

import orjson

from cluster.errors import BY_NAME, StatusError, SteersmanError
from cluster.messages.base import Failed


def to_failed(error: SteersmanError) -> Failed:
    """The message that stands for an error. A class the wire does not know goes as its base."""
    if isinstance(error, StatusError):
        return Failed("StatusError", str(error), orjson.dumps(error.status))
    for cls in type(error).__mro__:
        if BY_NAME.get(cls.__name__) is cls:
            return Failed(cls.__name__, str(error))
    return Failed("SteersmanError", str(error))


def from_failed(failed: Failed) -> SteersmanError:
    """The error that a message stands for; of an unknown kind, plain SteersmanError."""
    if failed.kind == "StatusError":
        try:
            status = orjson.loads(failed.status)
        except orjson.JSONDecodeError:
            status = None
        if isinstance(status, dict):
            return StatusError(status)
    return BY_NAME.get(failed.kind, SteersmanError)(failed.text)
