"""The listening socket that the replicas of one machine share: one queue of new connections.

Job: get the socket from another replica of the machine, or open it and hand it on. With a socket
each (SO_REUSEPORT) the kernel would go on giving its part of new connections to a replica that is
stopped or stuck; from one queue such a replica takes nothing, and the others take it all. Must not
know: TLS, HTTP.

A replica hands it on under a name in the abstract namespace, which the kernel frees when its
process ends, and which only its own user (or root) is answered at. Source: unix(7), SCM_RIGHTS,
SO_PEERCRED, abstract sockets; socket(7), SO_REUSEPORT.
"""

import asyncio
import errno
import hashlib
import os
import socket
import struct
from contextlib import suppress

BACKLOG = 1024
# A replica that is stopped does not hand anything on: the next one is asked.
ANSWER_SECONDS = 0.3
# Somebody else is opening it; then it is opened beside (the kernel shares connections out).
OPENING_SECONDS = 2.0
PAUSE_SECONDS = 0.02
_CREDENTIALS = struct.Struct("3i")
_WORD = b"s"


class SharedSocket:
    """Of the replica ``name``; ``others``: those it may be got from; ``folder``: of the cluster's
    data, which tells clusters apart."""

    def __init__(self, address: str, folder: str, name: str, others: tuple[str, ...]) -> None:
        self.address = address
        identity = f"{os.path.realpath(folder)} {address}".encode()
        self._prefix = f"\0steersman/{hashlib.sha256(identity).hexdigest()[:32]}/"
        self._name = name
        self._others = others
        self._socket: socket.socket | None = None
        self._door: socket.socket | None = None

    async def open(self) -> socket.socket:
        """The socket, which listens; it is handed on from now on. Raises OSError if the address is
        taken by somebody else."""
        loop = asyncio.get_running_loop()
        until = loop.time() + OPENING_SECONDS
        found = await self._got()
        while found is None:
            opening = _bound(self._prefix + "opening")
            if opening is None and loop.time() < until:
                await asyncio.sleep(PAUSE_SECONDS)
                found = await self._got()
                continue
            try:
                found = await self._got() or _opened(self.address)
                self._hand_on(found)
            finally:
                if opening is not None:
                    opening.close()
        self._hand_on(found)
        return found

    def close(self) -> None:
        """Hand it on no longer. (The socket itself is its server's to close.)"""
        if self._door is not None:
            asyncio.get_running_loop().remove_reader(self._door)
            self._door.close()
            self._door = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _got(self) -> socket.socket | None:
        for name in self._others:
            found = await asyncio.to_thread(_asked, self._prefix + name)
            if found is not None:
                return found
        return None

    def _hand_on(self, found: socket.socket) -> None:
        if self._door is not None:
            return
        door = _bound(self._prefix + self._name)
        if door is None:
            return  # an earlier life of this replica is still about
        self._socket = found.dup()
        door.listen(16)
        door.setblocking(False)
        self._door = door
        asyncio.get_running_loop().add_reader(door, self._on_question)

    def _on_question(self) -> None:
        assert self._door is not None and self._socket is not None
        with suppress(OSError):
            asking, _ = self._door.accept()
            with asking:
                asking.setblocking(False)
                if _is_ours(asking):
                    socket.send_fds(asking, [_WORD], [self._socket.fileno()])


def _asked(name: str) -> socket.socket | None:
    """What the replica of that name hands on; None if it is not there, or says nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(name)
            if not _is_ours(line):
                return None
            _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        except OSError:
            return None
    if not descriptors:
        return None
    found = socket.socket(fileno=descriptors[0])
    found.setblocking(False)
    os.set_inheritable(found.fileno(), False)
    return found


def _is_ours(line: socket.socket) -> bool:
    size = _CREDENTIALS.size
    _, user, _ = _CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return user in (0, os.geteuid())


def _bound(name: str) -> socket.socket | None:
    """A socket of that name, None if somebody has it. Raises OSError."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.bind(name)
    except OSError as error:
        found.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return found


def _opened(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A replica that is stopped and alone in having one must not keep the others out.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.setblocking(False)
        found.bind((host, int(port)))
        found.listen(BACKLOG)
    except OSError:
        found.close()
        raise
    return found
