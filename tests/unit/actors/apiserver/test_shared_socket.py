"""One queue of connections for all replicas of a machine."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from actors.apiserver.shared_socket import ANSWER_SECONDS, SharedSocket
from tests.support import children
from tests.support.control_plane import free_port

NAMES = ("replica-1", "replica-2", "replica-3")
# A replica that takes connections and answers each with a word of its own.
CHILD = """
import asyncio, sys
from actors.apiserver.shared_socket import SharedSocket

async def main(address, folder):
    shared = SharedSocket(address, folder, "replica-2", ("replica-1", "replica-3"))
    async def answer(reader, writer):
        writer.write(b"child")
        writer.close()
    await asyncio.start_server(answer, sock=await shared.open())
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


class Machine:
    """Replicas by number, all in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = str(folder), f"127.0.0.1:{free_port()}"
        self.made: dict[int, SharedSocket] = {}
        self.opened: list[socket.socket] = []

    async def start(self, number: int) -> int:
        """Which socket it has: of two that are the same the same."""
        name = NAMES[number - 1]
        others = tuple(other for other in NAMES if other != name)
        self.made[number] = SharedSocket(self.address, self.folder, name, others)
        found = await self.made[number].open()
        self.opened.append(found)
        return os.fstat(found.fileno()).st_ino


@asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    made = Machine(folder)
    try:
        yield made
    finally:
        for shared in made.made.values():
            shared.close()
        for one in made.opened:
            one.close()


async def test_all_have_the_same_socket_though_they_start_at_once(tmp_path: Path) -> None:
    async with machine(tmp_path) as replicas:
        found = await asyncio.gather(*(replicas.start(number) for number in (1, 2, 3)))
        assert len(set(found)) == 1


async def test_it_outlives_who_opened_it(tmp_path: Path) -> None:
    async with machine(tmp_path) as replicas:
        first, second = await replicas.start(1), await replicas.start(2)
        replicas.made[1].close()
        replicas.opened[0].close()
        assert first == second == await replicas.start(3) == await replicas.start(1)


async def test_other_clusters_have_others(tmp_path: Path) -> None:
    async with machine(tmp_path / "a") as one, machine(tmp_path / "b") as two:
        assert await one.start(1) != await two.start(2)


async def test_who_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    async with machine(tmp_path) as replicas:
        first = await replicas.start(1)
        loop = asyncio.get_running_loop()
        # As a stopped process: it is there, and never answers.
        silent = SharedSocket(replicas.address, replicas.folder, "replica-2", ())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.bind(silent._prefix + "replica-2")
            door.listen(1)
            began = loop.time()
            replicas.made[3] = SharedSocket(
                replicas.address, replicas.folder, "replica-3", ("replica-2", "replica-1")
            )
            found = await replicas.made[3].open()
            replicas.opened.append(found)
            assert os.fstat(found.fileno()).st_ino == first
            assert loop.time() - began >= ANSWER_SECONDS


async def test_a_stopped_replica_takes_no_connection(tmp_path: Path) -> None:
    async with machine(tmp_path) as replicas:
        await replicas.start(1)
        words = [sys.executable, "-c", CHILD, replicas.address, replicas.folder]
        child = await asyncio.to_thread(children.spawn, words, pipe=True)
        try:
            assert child.stdout is not None
            assert await asyncio.to_thread(child.stdout.readline) == b"ready\n"
            os.kill(child.pid, signal.SIGSTOP)

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"here")
                writer.close()

            server = await asyncio.start_server(answer, sock=replicas.opened[0].dup())
            host, port = replicas.address.split(":")
            for _ in range(30):
                async with asyncio.timeout(5):
                    reader, writer = await asyncio.open_connection(host, int(port))
                    assert await reader.read() == b"here"
                    writer.close()
            server.close()
        finally:
            children.end([child])
