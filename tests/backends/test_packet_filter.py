"""One suite for every packet filter: the memory twin, and nftables in fresh network namespaces.

A probe opens a connection as a client would and says who answered. For nftables the namespaces
are: a node, and two pods behind veths as the kubelet makes them.
"""

import asyncio
import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol, TypeVar

import pytest

from actors.kit.world.netns import in_namespace
from actors.kit.world.nftables import NftablesPacketFilter, open_session
from actors.kit.world.packet_filter import (
    Backend,
    Forward,
    ForwardTable,
    Front,
    PacketFilter,
    PacketFilterFault,
)
from actors.kit.world.packet_filter_memory import MemoryPacketFilter

Value = TypeVar("Value")
NODE = "10.245.0.1"
CLIENT = "10.244.1.9"  # a pod behind a veth
OUTSIDER = "10.245.0.200"  # the same machine's second address: not a pod
FIRST, SECOND = Backend("10.244.1.2", 8080), Backend("10.244.1.3", 8080)
SERVICE = "10.96.0.50"


def table(forwards: dict[Front, Forward], hairpins: frozenset[str] = frozenset()) -> ForwardTable:
    return ForwardTable(
        name="steersman_test",
        forwards=forwards,
        refused_ranges=("10.96.0.0/16",),
        inner_sources=("10.244.0.0/16",),
        outsider_ranges=("10.96.0.0/16",),
        hairpins=hairpins,
    )


class Bench(Protocol):
    """What the suite needs of an implementation's surroundings."""

    filter: PacketFilter

    async def connect(self, address: str, port: int, protocol: str, source: str) -> str:
        """The backend's "address:port" with the source it saw as " from ...", or a failure."""


class MemoryBench:
    def __init__(self) -> None:
        self.filter: MemoryPacketFilter = MemoryPacketFilter(local=(NODE, OUTSIDER))
        self._turn = 0

    async def connect(self, address: str, port: int, protocol: str, source: str) -> str:
        found = self.filter.resolve(address, port, protocol, source)  # type: ignore[arg-type]
        if found.outcome != "forward":
            return "refused" if found.outcome in ("reject", "pass") else "dropped"
        self._turn += 1
        backend = found.backends[self._turn % len(found.backends)]
        return f"{backend.address}:{backend.port}"


class NftBench:
    """A node's namespace, and two pods' namespaces behind point-to-point veths: the client, which
    serves too, and the second backend. The first backend is an address of the node itself."""

    def __init__(self, library: bool) -> None:
        suffix = f"{os.getpid() % 10000}{'l' if library else 'c'}"
        self.node, self.pod, self.far = (f"stpf{letter}{suffix}" for letter in "npf")
        self.sockets: list[socket.socket] = []
        self.stop = threading.Event()
        try:
            self._build()
        except (OSError, subprocess.CalledProcessError):
            self.close()
            raise
        self.filter: PacketFilter = NftablesPacketFilter(f"/run/netns/{self.node}", library)

    def _build(self) -> None:
        for name in (self.node, self.pod, self.far):
            run(f"ip netns add {name}")
            run(f"ip -n {name} link set lo up")
        for address in (NODE, OUTSIDER, FIRST.address):
            run(f"ip -n {self.node} addr add {address}/32 dev lo")
        run(f"ip -n {self.node} link add up0 type bridge")
        run(f"ip -n {self.node} link set up0 up")
        run(f"ip -n {self.node} route add 10.96.0.0/16 dev up0 src {NODE}")
        run(f"ip netns exec {self.node} tee /proc/sys/net/ipv4/ip_forward", "1")
        self._join(self.pod, "v0", CLIENT)
        self._join(self.far, "v1", SECOND.address)
        for namespace, backend in (
            (self.node, FIRST),
            (self.far, SECOND),
            (self.pod, Backend(CLIENT, 8080)),
        ):
            self._serve(namespace, backend)

    def _join(self, pod: str, link: str, address: str) -> None:
        """A pod's wire as the kubelet makes it."""
        run(f"ip -n {self.node} link add {link} type veth peer name eth0 netns {pod}")
        for command in (
            f"ip -n {pod} addr add {address}/32 dev eth0",
            f"ip -n {pod} link set eth0 up",
            f"ip -n {pod} route add 169.254.1.1 dev eth0 scope link",
            f"ip -n {pod} route add default via 169.254.1.1 dev eth0",
            f"ip -n {self.node} addr add 169.254.1.1/32 dev {link}",
            f"ip -n {self.node} link set {link} up",
            f"ip -n {self.node} route add {address}/32 dev {link} src {NODE}",
        ):
            run(command)

    def _serve(self, namespace: str, backend: Backend) -> None:
        stream = inside(namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind(backend)
        stream.listen()
        datagram = inside(namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagram.bind(backend)
        for server, serve in ((stream, serve_stream), (datagram, serve_datagram)):
            server.settimeout(0.1)
            self.sockets.append(server)
            threading.Thread(target=serve, args=(server, backend, self.stop), daemon=True).start()

    async def connect(self, address: str, port: int, protocol: str, source: str) -> str:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        where = self.pod if source == CLIENT else self.node
        client = inside(where, lambda: socket.socket(socket.AF_INET, kind))
        return await asyncio.to_thread(talk, client, source, (address, port))

    def close(self) -> None:
        self.stop.set()
        for server in self.sockets:
            server.close()
        for name in (self.pod, self.far, self.node):
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def run(command: str, stdin: str | None = None) -> None:
    subprocess.run(command.split(), check=True, input=stdin, text=True, stdout=subprocess.DEVNULL)


def inside(namespace: str, make: Callable[[], Value]) -> Value:
    """Call ``make`` in the namespace; a socket keeps the namespace it was born in."""
    return in_namespace(f"/run/netns/{namespace}", make)


def serve_stream(server: socket.socket, backend: Backend, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, peer = server.accept()
        except TimeoutError:
            continue
        except OSError:
            return
        with connection:
            connection.sendall(f"{backend.address}:{backend.port} from {peer[0]}".encode())


def serve_datagram(server: socket.socket, backend: Backend, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            _, peer = server.recvfrom(100)
        except TimeoutError:
            continue
        except OSError:
            return
        server.sendto(f"{backend.address}:{backend.port} from {peer[0]}".encode(), peer)


def talk(client: socket.socket, source: str, target: tuple[str, int]) -> str:
    with client:
        client.settimeout(0.5)
        try:
            if source:
                client.bind((source, 0))
            client.connect(target)
            if client.type == socket.SOCK_DGRAM:
                client.send(b"hello")
            return client.recv(100).decode()
        except TimeoutError:
            return "dropped"
        except OSError:
            return "refused"


def can_make_namespaces() -> bool:
    """Root with CAP_NET_ADMIN and CAP_SYS_ADMIN, and libc's unshare works."""
    if os.geteuid():
        return False
    found: list[int] = []

    def work() -> None:
        found.append(ctypes.CDLL(None).unshare(0x40000000))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found == [0]


@pytest.fixture(
    params=[
        "memory",
        pytest.param("libnftables", marks=pytest.mark.docker),
        pytest.param("nft", marks=pytest.mark.docker),
    ]
)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    if not can_make_namespaces():
        pytest.skip("needs root")
    made = NftBench(library=request.param == "libnftables")
    try:
        yield made
        await made.filter.close()
    finally:
        made.close()


async def answers(
    bench: Bench,
    address: str,
    port: int,
    protocol: str = "tcp",
    source: str = CLIENT,
    tries: int = 12,
) -> set[str]:
    """Who answers, over several connections, without the source each saw."""
    found = [await bench.connect(address, port, protocol, source) for _ in range(tries)]
    return {item.partition(" ")[0] for item in found}


def ends(*backends: Backend) -> set[str]:
    return {f"{backend.address}:{backend.port}" for backend in backends}


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
async def test_a_front_spreads_over_its_backends(bench: Bench, protocol: Any) -> None:
    await bench.filter.apply(table({(SERVICE, protocol, 80): Forward((FIRST, SECOND))}))
    for source in (CLIENT, ""):
        got = await answers(bench, SERVICE, 80, protocol, source, tries=24)
        assert got == ends(FIRST, SECOND)


async def test_unknown_addresses_and_ports_of_the_range_are_refused_at_once(bench: Bench) -> None:
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}))
    for source in (CLIENT, ""):
        assert await answers(bench, "10.96.9.9", 80, source=source, tries=1) == {"refused"}
        assert await answers(bench, SERVICE, 81, source=source, tries=1) == {"refused"}
        assert await answers(bench, SERVICE, 80, "udp", source, tries=1) == {"refused"}


async def test_without_backends_a_front_rejects_or_drops(bench: Bench) -> None:
    await bench.filter.apply(
        table(
            {
                (SERVICE, "tcp", 80): Forward(),
                (SERVICE, "tcp", 81): Forward(empty="drop"),
                ("", "tcp", 30081): Forward(empty="drop"),
                ("", "tcp", 30080): Forward(),
            }
        )
    )
    for address, port, outcome in (
        (SERVICE, 80, "refused"),
        (SERVICE, 81, "dropped"),
        (NODE, 30080, "refused"),
        (NODE, 30081, "dropped"),
    ):
        assert await answers(bench, address, port, tries=1) == {outcome}, (address, port)


async def test_node_ports_answer_on_the_machine_s_addresses_only(bench: Bench) -> None:
    forward = Forward((FIRST, SECOND), masquerade=True)
    await bench.filter.apply(table({("", "tcp", 30080): forward}))
    assert await answers(bench, NODE, 30080, tries=24) == ends(FIRST, SECOND)
    assert await answers(bench, OUTSIDER, 30080, source="", tries=24) == ends(FIRST, SECOND)
    assert await answers(bench, NODE, 30081, tries=1) == {"refused"}


async def test_inner_backends_serve_pods_and_the_machine_itself(bench: Bench) -> None:
    forward = Forward((), inner=(FIRST, SECOND), empty="drop")
    await bench.filter.apply(table({("", "tcp", 30080): forward, (SERVICE, "tcp", 80): forward}))
    for address, port in ((NODE, 30080), (SERVICE, 80)):
        assert await answers(bench, address, port, tries=24) == ends(FIRST, SECOND)
        assert await answers(bench, address, port, source="", tries=24) == ends(FIRST, SECOND)


async def test_changes_take_effect_and_equal_tables_cost_nothing(bench: Bench) -> None:
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}))
    assert await answers(bench, SERVICE, 80) == ends(FIRST)
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((SECOND,))}))
    assert await answers(bench, SERVICE, 80) == ends(SECOND)
    more: dict[Front, Forward] = {
        (SERVICE, "tcp", 80): Forward((FIRST, SECOND), masquerade=True),
        ("", "tcp", 30080): Forward((FIRST,)),
    }
    await bench.filter.apply(table(more))
    await bench.filter.apply(table(more))
    assert await answers(bench, SERVICE, 80, tries=24) == ends(FIRST, SECOND)
    assert await answers(bench, NODE, 30080) == ends(FIRST)
    await bench.filter.apply(table({}))
    assert await answers(bench, SERVICE, 80, tries=1) == {"refused"}


async def test_a_udp_client_that_keeps_its_port_follows_the_change(bench: Bench) -> None:
    if isinstance(bench, MemoryBench):
        pytest.skip("the twin keeps no flows")
    assert isinstance(bench, NftBench)
    await bench.filter.apply(table({(SERVICE, "udp", 53): Forward((FIRST,))}))
    client = inside(bench.pod, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with client:
        client.settimeout(1)
        client.connect((SERVICE, 53))

        def ask() -> str:
            client.send(b"hello")
            return client.recv(100).decode().partition(" ")[0]

        assert {await asyncio.to_thread(ask)} == ends(FIRST)
        await bench.filter.apply(table({(SERVICE, "udp", 53): Forward((SECOND,))}))
        assert {await asyncio.to_thread(ask)} == ends(SECOND)


async def test_sticky_fronts_keep_a_client_on_its_backend(bench: Bench) -> None:
    if isinstance(bench, MemoryBench):
        pytest.skip("the twin names all candidates")
    forward = Forward((FIRST, SECOND), sticky=True)
    await bench.filter.apply(table({(SERVICE, "tcp", 80): forward}))
    before = await answers(bench, SERVICE, 80)
    assert len(before) == 1
    await bench.filter.apply(
        table({(SERVICE, "tcp", 80): forward, (SERVICE, "tcp", 81): Forward((FIRST,))})
    )
    assert await answers(bench, SERVICE, 80) == before


async def seen_source(bench: Bench, address: str, source: str = CLIENT) -> str:
    """The source that the backend sees; by the twin: the client, or the machine if masqueraded."""
    if isinstance(bench.filter, MemoryPacketFilter):
        found = bench.filter.resolve(address, 80, source=source)
        return NODE if found.masquerade else source
    got = await bench.connect(address, 80, "tcp", source)
    assert " from " in got, got
    seen = got.partition(" from ")[2]
    # The machine's own addresses on the pods' wires count as the machine.
    return NODE if seen == "169.254.1.1" else seen


async def test_the_source_is_kept_unless_it_must_not_be(bench: Bench) -> None:
    itself = Backend(CLIENT, 8080)
    kept, masked, hairpin = "10.96.0.51", "10.96.0.52", "10.96.0.53"
    await bench.filter.apply(
        table(
            {
                (kept, "tcp", 80): Forward((SECOND,)),
                (masked, "tcp", 80): Forward((SECOND,), masquerade=True),
                (hairpin, "tcp", 80): Forward((itself,)),
            },
            hairpins=frozenset((CLIENT, FIRST.address)),
        )
    )
    assert await seen_source(bench, kept) == CLIENT
    assert await seen_source(bench, masked) == NODE
    assert await seen_source(bench, hairpin) == NODE


async def test_clients_on_the_backends_wire_get_their_answers_from_here(bench: Bench) -> None:
    balancer = "10.245.1.7"
    forwards: dict[Front, Forward] = {(balancer, "tcp", 80): Forward((SECOND,))}
    await bench.filter.apply(ForwardTable("steersman_test", forwards))
    assert await seen_source(bench, balancer) == CLIENT
    wire = ("10.244.0.0/16",)
    await bench.filter.apply(ForwardTable("steersman_test", forwards, return_ranges=wire))
    assert await seen_source(bench, balancer) == NODE


async def test_outsiders_of_the_pod_range_are_masqueraded(bench: Bench) -> None:
    narrow = table({(SERVICE, "tcp", 80): Forward((SECOND,))})
    await bench.filter.apply(narrow)
    assert await seen_source(bench, SERVICE) == CLIENT
    await bench.filter.apply(narrow._replace(inner_sources=("10.244.77.0/24",)))
    assert await seen_source(bench, SERVICE) == NODE


async def test_a_table_of_another_name_stands_beside(bench: Bench) -> None:
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}))
    other = ForwardTable("steersman_other", {("10.245.1.7", "tcp", 80): Forward((SECOND,))})
    await bench.filter.apply(other)
    assert await answers(bench, SERVICE, 80, tries=3) == ends(FIRST)
    assert await answers(bench, "10.245.1.7", 80, source=CLIENT, tries=3) == ends(SECOND)
    await bench.filter.remove(["steersman_other", "steersman_never_was"])
    assert await answers(bench, SERVICE, 80, tries=3) == ends(FIRST)


async def test_a_refused_script_leaves_the_old_rules(bench: Bench) -> None:
    good = table({(SERVICE, "tcp", 80): Forward((FIRST,))})
    await bench.filter.apply(good)
    if isinstance(bench.filter, MemoryPacketFilter):
        bench.filter.fail_next = 1
        bad = good
    else:
        bad = table({("not-an-address", "tcp", 80): Forward((SECOND,))})
    with pytest.raises(PacketFilterFault):
        await bench.filter.apply(bad)
    assert await answers(bench, SERVICE, 80, tries=3) == ends(FIRST)
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((SECOND,))}))
    assert await answers(bench, SERVICE, 80, tries=3) == ends(SECOND)


async def test_a_table_flushed_behind_our_back_is_replaced(bench: Bench) -> None:
    if not isinstance(bench, NftBench):
        pytest.skip("nobody reaches into the twin")
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}))
    await asyncio.to_thread(run, f"ip netns exec {bench.node} nft flush ruleset")
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((SECOND,))}))
    assert await answers(bench, SERVICE, 80, tries=3) == ends(SECOND)


async def test_whole_overwrites_what_another_process_wrote(bench: Bench) -> None:
    if not isinstance(bench, NftBench):
        pytest.skip("the twin has one writer")
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}))
    other = NftablesPacketFilter(f"/run/netns/{bench.node}")
    await other.apply(table({(SERVICE, "tcp", 81): Forward((SECOND,))}))
    await other.close()
    assert await answers(bench, SERVICE, 80, tries=1) == {"refused"}
    await bench.filter.apply(table({(SERVICE, "tcp", 80): Forward((FIRST,))}), whole=True)
    assert await answers(bench, SERVICE, 80, tries=3) == ends(FIRST)
    assert await answers(bench, SERVICE, 81, tries=1) == {"refused"}


@pytest.mark.docker
def test_the_command_is_the_fallback_when_there_is_no_namespace_to_enter() -> None:
    with pytest.raises(PacketFilterFault):
        open_session("/run/netns/steersman-no-such-namespace", True).run("list tables")


@pytest.fixture(autouse=True)
def no_namespace_left() -> Iterator[None]:
    yield
    if os.path.isdir("/run/netns"):
        left = [name for name in os.listdir("/run/netns") if name.startswith("stpf")]
        assert not [name for name in left if str(os.getpid() % 10000) in name]
