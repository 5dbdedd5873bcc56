"""A real etcd with one member, for tests: Debian's ``etcd-server`` on loopback."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

START_SECONDS = 20.0
TRIES = 3


def free_port() -> int:
    """A port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Etcd:
    """One etcd process on fresh data. ``arguments``: more of its flags."""

    def __init__(self, *arguments: str, scheme: str = "http") -> None:
        found = shutil.which("etcd")
        if found is None:
            pytest.fail("tests of the etcd engine need Debian's etcd-server: ./deploy/test")
        # The state is thrown away: tests need its order, not the disk's speed.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = Path(tempfile.mkdtemp(prefix="steersman-etcd-", dir=memory))
        self._scheme = scheme
        self._program = found
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._take_ports()

    def _take_ports(self) -> None:
        self.port, self._peer_port = free_port(), free_port()
        self.url = f"{self._scheme}://127.0.0.1:{self.port}"

    def _run(self) -> "subprocess.Popen[bytes]":
        command = [
            self._program,
            *("--data-dir", str(self.directory / "data")),
            *("--listen-client-urls", self.url, "--advertise-client-urls", self.url),
            *("--listen-peer-urls", f"http://127.0.0.1:{self._peer_port}"),
            *("--log-level", "error", "--logger", "zap"),
            *self._arguments,
        ]
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def start(self) -> "Etcd":
        """Run it; returns once it accepts connections."""
        fresh = not (self.directory / "data").exists()
        for _ in range(TRIES):
            self._process = self._run()
            if self._accepts():
                return self
            self.kill()
            if fresh:
                # Somebody else may have taken a port meanwhile.
                shutil.rmtree(self.directory / "data", ignore_errors=True)
                self._take_ports()
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def _accepts(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.02)
        return False

    def send(self, number: signal.Signals) -> None:
        """A signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """As SIGKILL; what it has is kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """It was needed for this test only."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def restart(self) -> None:
        """Kill it and start it again, on the same data."""
        self.kill()
        await asyncio.to_thread(self.start)
