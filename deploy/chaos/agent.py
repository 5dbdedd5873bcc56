"""The launcher's ear for the page: orders that come in by a unix socket are carried out here.

``<data_dir>/run/chaos.sock``: a connection is one request, a JSON line ``{"user": WHO, "command":
[WORDS]}`` in the words of ``steersman chaos``; lines ``{"line": TEXT}`` come back, and at last
``{"done": true, "ok": BOOL, "error": TEXT}`` (of ``status`` with ``faults``). Only this user and
root are let in, and only orders of this cluster. An order goes on if whoever asked hangs up; one
that is under way when this ends is healed. Must not know: what orders do.
"""

import asyncio
import os
import re
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from deploy.chaos import journal
from deploy.chaos.ledger import Ledger

LINE_BYTES_MAX = 64 * 1024
REQUEST_SECONDS = 10.0
CALLERS_MAX = 32
WORDS_MAX = 16
# Who asked, for the command that carries the order out.
USER_VARIABLE = "STEERSMAN_CHAOS_USER"
OPTIONS = ("--for", "--jitter", "--rate", "--seed", "--way")
WORD = re.compile(r"[A-Za-z0-9+][A-Za-z0-9_.,:/=%+-]{0,127}|-[0-9][0-9.a-z]{0,15}")


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``user``: as the API server knows whoever asks. ``command``: in the words of
    ``steersman chaos``."""

    command: tuple[str, ...]
    user: str = ""


class Agent:
    """Of the cluster in ``data_dir``. ``verbs``: the commands that may be asked for. ``say``: told
    what happens, a line each."""

    def __init__(self, data_dir: str, verbs: Sequence[str], say: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._verbs = verbs
        self._say = say
        self._running: dict[asyncio.subprocess.Process, None] = {}
        self._callers: dict[asyncio.Task[None], None] = {}
        self._ending = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen until ``stopping``, then heal what was asked for here. Raises ValueError if
        another listens already."""
        path = os.path.join(self._data_dir, "run", "chaos.sock")
        server = await asyncio.start_unix_server(
            self._greet, sock=listener(path), limit=LINE_BYTES_MAX
        )
        try:
            await stopping.wait()
        finally:
            self._ending = True
            server.close()
            unlink(path)
            for process in self._running:
                process.send_signal(signal.SIGTERM)
            await asyncio.gather(*self._callers, return_exceptions=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._callers) < CALLERS_MAX and welcome(writer):
                self._callers[task] = None
                await self._serve(reader, writer)
        finally:
            self._callers.pop(task, None)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = msgspec.json.decode(await reader.readline(), type=Request)
            problem = refused(request.command, self._verbs)
        except (msgspec.DecodeError, OSError, TimeoutError, ValueError) as error:
            request, problem = Request(()), f"no request: {error}"
        if problem:
            await told(writer, {"done": True, "ok": False, "error": problem})
        elif request.command[0] == "status":
            await told(writer, {"done": True, "ok": True, "error": "", "faults": self._faults()})
        else:
            async for answer in self._carried_out(request):
                await told(writer, answer)

    def _faults(self) -> list[Any]:
        entries = Ledger(self._data_dir).entries()
        return [msgspec.to_builtins(entry.active) for entry in entries]

    async def _carried_out(self, request: Request) -> AsyncIterator[dict[str, Any]]:
        """Run the order, as if it had been typed."""
        typed = " ".join(request.command)
        self._say(f"{request.user or 'somebody'}: {typed}")
        journal.write(self._data_dir, request.user, f"asks by the page: {typed}")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", "chaos", *request.command,
            "--data-dir", self._data_dir,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True,
            env={**os.environ, USER_VARIABLE: request.user or "the page", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self._running[process] = None
        if self._ending:
            # It ended while the command was being started.
            process.send_signal(signal.SIGTERM)
        try:
            assert process.stdout is not None
            last = ""
            async for line in process.stdout:
                last = line.decode(errors="replace").rstrip()
                self._say(f"  {last}")
                yield {"line": last}
            code = await process.wait()
        finally:
            self._running.pop(process, None)
        error = "" if code == 0 else last.removeprefix("error: ") or f"it ended with {code}"
        yield {"done": True, "ok": code == 0, "error": error}


def refused(command: Sequence[str], verbs: Sequence[str]) -> str:
    """Why a command is none that may be asked for, '' if it is one. Pure."""
    if not command or len(command) > WORDS_MAX:
        return f"a command has 1 to {WORDS_MAX} words"
    if command[0] not in verbs:
        return f"{command[0][:40]!r} is not one of: {', '.join(verbs)}"
    for word in command[1:]:
        if word.startswith("--"):
            if word.partition("=")[0] not in OPTIONS:
                return f"the option {word[:40]!r} is not for others to give"
        elif not WORD.fullmatch(word):
            return f"{word[:40]!r} names nothing"
    return ""


def listener(path: str) -> socket.socket:
    """Bound, for this user only. Raises ValueError if somebody listens there already."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    # A socket's path has at most 107 bytes (unix(7)); a folder's own may have more.
    short = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if os.path.exists(path):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                if caller.connect_ex(short) == 0:
                    raise ValueError(f"another `steersman chaos serve` listens at {path}")
            os.unlink(path)
        before = os.umask(0o177)
        try:
            made.bind(short)
        finally:
            os.umask(before)
    except BaseException:
        made.close()
        raise
    finally:
        os.close(folder)
    return made


def unlink(path: str) -> None:
    """Nobody is to call here any more."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def welcome(writer: asyncio.StreamWriter) -> bool:
    """Whether this user, or root, has called. Source: unix(7), SO_PEERCRED."""
    connection = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    return uid in (0, os.getuid())


async def told(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    """A line to whoever asked, who may be gone: the order goes on."""
    try:
        writer.write(msgspec.json.encode(answer) + b"\n")
        await writer.drain()
    except OSError:
        return
