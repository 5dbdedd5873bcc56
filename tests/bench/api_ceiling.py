"""What the transport alone allows: aiohttp's low-level server over TLS, whose answers are ready.

    python -m tests.bench.api_ceiling PORT CERTIFICATE KEY CA POD EVENTS [EVENTS ...]

Job: be the bound that no API server on aiohttp passes on this machine, for tests/bench/api.py: each
of three processes answers as a replica does, but nothing is authorized, kept, agreed on or looked
up. A body is read and thrown away; a POST is told to all three (a byte to each of the ports EVENTS,
the first is its own), which write one event to each of their watchers. Must not know: what
is measured.
"""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from cluster.settings import ClusterSettings
from deploy import pki
from tests.bench.store_contestants import Failed, until
from tests.support import children, store_cluster

REPLICAS = 3
READY_SECONDS = 20.0
REPLICA = "replica-1"
CHUNK = 256 * 1024
# Bytes of the bench's pod as kube-apiserver 1.20 answers it: with defaults and managedFields.
POD_BYTES = 4100
# Pods in a list without a limit.
EVERYTHING = 30_000


class Told(asyncio.Protocol):
    """A byte for each pod that was created in another process."""

    def __init__(self, created: Callable[[int], None]) -> None:
        self._created = created

    def data_received(self, data: bytes) -> None:
        """See the class."""
        self._created(len(data))


class Answers:
    """One process. ``pod``: the object that everything is about, as JSON."""

    def __init__(self, pod: bytes) -> None:
        self._pod = pod
        self._event = b'{"type":"ADDED","object":' + pod + b"}\n"
        self._owed = 0
        self._watchers: set[asyncio.Transport] = set()
        self.others: list[asyncio.WriteTransport] = []

    def created(self, count: int) -> None:
        """Somewhere; what comes together is written together."""
        if not self._owed:
            asyncio.get_running_loop().call_soon(self._tell)
        self._owed += count

    def _tell(self) -> None:
        line = self._event
        told = b"%x\r\n%b\r\n" % (len(line) * self._owed, line * self._owed)
        self._owed = 0
        for wire in self._watchers:
            wire.write(told)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Of any path."""
        if request.method in ("POST", "PUT", "PATCH"):
            await request.read()
            if request.method == "POST":
                self.created(1)
                for other in self.others:
                    other.write(b"+")
        elif request.query_string and request.method == "GET":
            options = request.query
            if "watch" in options:
                return await self._watch(request)
            if "limit" in options:
                return await self._list(request, int(options["limit"]) or EVERYTHING)
        status = 201 if request.method == "POST" else 200
        return web.Response(body=self._pod, status=status, content_type="application/json")

    async def _list(self, request: web.BaseRequest, count: int) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.content_length = (len(self._pod) + 1) * count
        await answer.prepare(request)
        each = max(1, CHUNK // (len(self._pod) + 1))
        portion = (self._pod + b",") * each
        for at in range(0, count, each):
            await answer.write(portion[: (len(self._pod) + 1) * min(each, count - at)])
        await answer.write_eof()
        return answer

    async def _watch(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        await answer.write(b"\n")
        wire = request.transport
        assert wire is not None
        self._watchers.add(wire)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._watchers.discard(wire)
        return answer


async def reached(port: int) -> asyncio.WriteTransport:
    """A connection to another process, once it listens."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(OSError):
            return (await loop.create_connection(asyncio.Protocol, "127.0.0.1", port))[0]
        await asyncio.sleep(0.05)


async def serve(port: int, context: ssl.SSLContext, pod: bytes, events: list[int]) -> None:
    """Until it is killed."""
    loop = asyncio.get_running_loop()
    answers = Answers(pod)
    await loop.create_server(lambda: Told(answers.created), "127.0.0.1", events[0])
    runner = web.ServerRunner(web.Server(answers.handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    for other in events[1:]:
        answers.others.append(await reached(other))
    await loop.create_future()


class Ceiling:
    """Three such processes, behind the face of ``ApiContestant``."""

    title = "aiohttp alone"

    def __init__(self, folder: Path, pod: dict[str, Any]) -> None:
        self._folder = folder / "ceiling"
        written = json.dumps(pod, separators=(",", ":"))
        missing = max(0, POD_BYTES - len(written) - len(',"status":""'))
        self._pod = json.dumps({**pod, "status": "s" * missing}, separators=(",", ":")).encode()
        self._running: list[subprocess.Popen[bytes]] = []
        self._ports: list[int] = []
        self._settings = store_cluster.make_settings(self._folder / "keys", members=1)

    @property
    def settings(self) -> ClusterSettings:
        """See ``ApiContestant``."""
        return self._settings

    def start(self) -> None:
        """See ``ApiContestant``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        pki.ensure(self.settings)
        (self._folder / "pod.json").write_bytes(self._pod)
        ports = store_cluster.free_ports(2 * REPLICAS)
        self._ports, events = ports[:REPLICAS], ports[REPLICAS:]
        names = (f"{REPLICA}.crt", f"{REPLICA}.key", "ca.crt")
        files = [*(pki.path(self.settings, name) for name in names), self._folder / "pod.json"]
        for at, port in enumerate(self._ports):
            told = [events[at], *events[:at], *events[at + 1 :]]
            words = [sys.executable, "-m", "tests.bench.api_ceiling", port, *files, *told]
            self._running.append(children.spawn([str(word) for word in words]))
        until(READY_SECONDS, self._serves, "three servers of constant answers")

    def _serves(self) -> bool | None:
        if any(one.poll() is not None for one in self._running):
            raise Failed("a server of constant answers ended")
        for port in self._ports:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return None
        return True

    def stop(self) -> None:
        """See ``ApiContestant``."""
        children.end(self._running, 2.0)
        self._running.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def servers(self) -> list[str]:
        """See ``ApiContestant``."""
        return [f"127.0.0.1:{port}" for port in self._ports]

    def others(self) -> list[str]:
        """See ``ApiContestant``: nobody leads."""
        return self.servers()

    def pids(self) -> dict[str, int]:
        """See ``ApiContestant``."""
        return {f"server-{at}": one.pid for at, one in enumerate(self._running)}

    def kill_leader(self) -> None:
        """See ``ApiContestant``."""
        raise Failed("nobody leads")


def main() -> None:
    """Entry point."""
    port, certificate, key, ca, pod, *events = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    asyncio.run(serve(int(port), context, Path(pod).read_bytes(), [int(each) for each in events]))


if __name__ == "__main__":
    main()
