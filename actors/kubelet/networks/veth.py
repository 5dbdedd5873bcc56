"""Point-to-point veth pairs by iproute2: no bridge, no rule, one route per pod.

The kubelet's process is in its node's network namespace; the node's end of each pair stays there
and the other end moves into the pod's. The pod reaches everything over a link-local next hop
that is present on every node end. The pair vanishes with the pod's namespace. Must not know: pods.

Source: the same layout as Calico's (docs.tigera.io, "Why does my container have a route to
169.254.1.1?"); ip-link(8), ip-route(8).
"""

import asyncio
import hashlib
import os
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import aiohttp

from actors.kit.world.netns import enter_namespace
from actors.kubelet.networks.socket_connection import SocketConnection
from actors.kubelet.pod_network import Connection, NetworkFault

NEXT_HOP = "169.254.1.1"
COMMAND_SECONDS = 10.0
HTTP_BODY_MAX = 10_240


def veth_name(sandbox: str) -> str:
    """Stable name of the node's end (at most 15 characters, the kernel's bound)."""
    return "pod" + hashlib.sha256(sandbox.encode()).hexdigest()[:11]


def node_commands(name: str, pid: int, address: str, exists: bool) -> str:
    """``ip -batch`` input for the node's namespace."""
    create = [] if exists else [f"link add {name} type veth peer name eth0 netns {pid}"]
    return "\n".join(
        (
            *create,
            f"addr replace {NEXT_HOP}/32 dev {name}",
            f"link set {name} up",
            f"route replace {address}/32 dev {name}",
            "",
        )
    )


def pod_commands(address: str) -> str:
    """``ip -batch`` input for the pod's namespace."""
    return "\n".join(
        (
            "link set lo up",
            f"addr replace {address}/32 dev eth0",
            "link set eth0 up",
            f"route replace {NEXT_HOP} dev eth0 scope link",
            f"route replace default via {NEXT_HOP} dev eth0",
            "",
        )
    )


def _input(text: str) -> IO[bytes]:
    """In memory, to be read from its start."""
    file = os.fdopen(os.memfd_create("input"), "r+b")
    file.write(text.encode())
    file.seek(0)
    return file


async def run(command: list[str], text: str = "") -> None:
    """Run it with ``text`` on its input. Raises NetworkFault with what it said."""
    try:
        # Not a pipe: writing to one breaks when the command ends before it has read.
        with _input(text) as source:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=source,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
    except OSError as error:
        raise NetworkFault(f"{command[0]}: {error}") from error
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            _, said = await process.communicate()
    except TimeoutError as error:
        process.kill()
        raise NetworkFault(f"{' '.join(command)}: no end in {COMMAND_SECONDS:g} s") from error
    if process.returncode:
        raise NetworkFault(f"{' '.join(command)}: {said.decode(errors='replace').strip()}")


def interface_exists(name: str) -> bool:
    """In this process's own network namespace (/sys may show another one's)."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


class VethNetwork:
    """Works on the network namespace that this process is in: the node's."""

    async def prepare(self) -> None:
        await asyncio.to_thread(enable_forwarding)

    async def attach(self, sandbox: str, pid: int, address: str) -> None:
        name = veth_name(sandbox)
        node = node_commands(name, pid, address, interface_exists(name))
        await run(["ip", "-batch", "-"], node)
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net"]
        await run([*enter, "ip", "-batch", "-"], pod_commands(address))

    async def detach(self, sandbox: str) -> None:
        name = veth_name(sandbox)
        if not interface_exists(name):
            return
        try:
            await run(["ip", "link", "delete", name])
        except NetworkFault:
            if interface_exists(name):  # the kernel may have been quicker
                raise

    def joined(self, pid: int) -> bool:
        try:
            return os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net")
        except OSError:
            return False

    async def connect(self, address: str, port: int, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(address, port)
        writer.close()

    async def http_get(
        self, url: str, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, str]:
        limit = aiohttp.ClientTimeout(total=timeout)
        connector = aiohttp.TCPConnector(ssl=False, force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=limit) as session,
                session.get(url, headers=dict(headers), allow_redirects=False) as response,
            ):
                body = await response.content.read(HTTP_BODY_MAX)
                return response.status, body.decode(errors="replace")
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(str(error)) from error

    async def dial(self, pid: int, address: str, port: int, timeout: float) -> Connection:
        # A socket stays in the namespace it was made in; a thread of its own makes it there.
        namespace = f"/proc/{pid}/ns/net" if pid else ""
        made = await asyncio.to_thread(make_socket, namespace)
        connected = False
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(made, (address, port))
                reader, writer = await asyncio.open_connection(sock=made)
                connected = True
                return SocketConnection(reader, writer)
        finally:
            if not connected:
                made.close()


def make_socket(namespace: str) -> socket.socket:
    """A TCP socket of the network namespace at that path ('' : this process's)."""
    if namespace:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(enter_namespace, namespace).result()
            made = threads.submit(socket.socket).result()
    else:
        made = socket.socket()
    made.setblocking(False)
    return made


def enable_forwarding() -> None:
    """IPv4 forwarding in this process's network namespace."""
    path = "/proc/sys/net/ipv4/ip_forward"
    try:
        with open(path, encoding="ascii") as file:
            if file.read().strip() == "1":
                return
        with open(path, "w", encoding="ascii") as file:
            file.write("1")
    except OSError as error:
        raise NetworkFault(f"{path}: {error}") from error
