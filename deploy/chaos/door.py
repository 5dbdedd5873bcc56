"""The launcher's side of a process's door (``actors.kit.door``): one question, one answer.

Must not know: what is asked.
"""

import json
import os
import socket
from typing import Any

from cluster.settings import ClusterSettings
from deploy import processes

ANSWER_SECONDS = 3.0
READ_BYTES = 1 << 16


class DoorShut(Exception):
    """The process does not run, or does not answer; the text says which and who."""


def ask(
    settings: ClusterSettings,
    process: str,
    op: str,
    seconds: float = ANSWER_SECONDS,
    fields: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer. Raises DoorShut, ValueError with what the process refuses."""
    line = json.dumps({"op": op, **(fields or {})}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(seconds)
            _connect(caller, processes.run_dir(settings), f"{process}.door")
            caller.sendall(line)
            answer = json.loads(_line(caller))
    except TimeoutError:
        raise DoorShut(f"{process} does not answer") from None
    except (OSError, ValueError) as error:
        raise DoorShut(f"{process} does not listen: {error}") from error
    if not answer.pop("ok", False):
        raise ValueError(f"{process}: {answer.get('error', 'refused')}")
    found: dict[str, Any] = answer
    return found


def _connect(caller: socket.socket, folder: str, name: str) -> None:
    """A socket's path has at most 107 bytes (unix(7)); a folder's own may have more."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        caller.connect(f"/proc/self/fd/{handle}/{name}")
    finally:
        os.close(handle)


def _line(caller: socket.socket) -> bytes:
    pieces = []
    while piece := caller.recv(READ_BYTES):
        pieces.append(piece)
        if piece.endswith(b"\n"):
            break
    return b"".join(pieces)
