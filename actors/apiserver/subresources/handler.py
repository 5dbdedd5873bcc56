"""The shape of a subresource's handler. Must not know: any subresource."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actors.apiserver.accounts import Accounts
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from actors.apiserver.writer import Writer


@dataclass(frozen=True)
class Answer:
    """``body``: the object to answer with, encoded. ``code``: HTTP."""

    body: bytes
    code: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True)
class Parts:
    """What a handler works with."""

    environment: Environment
    writer: Writer
    accounts: Accounts


# Serves one verb of one subresource. Raises StatusError.
Handler = Callable[[Parts, Call], Awaitable[Answer]]
