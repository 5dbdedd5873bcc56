"""TCP between processes: TLS identities, simultaneous dials, strangers, half-open connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from actors.kit.mailbox import Principal
from actors.kit.transports import link as link_module
from actors.kit.transports.hello import Hello, encode_hello
from actors.kit.transports.tcp import TcpTransport
from actors.kit.transports.tls import client_context, server_context
from actors.kit.world.memory import SeededEntropy
from cluster.errors import ActorDown, Overloaded
from cluster.wire import frame
from cluster.wire.envelope import Envelope
from cluster.wire.frame import encode_frame
from tests.unit.actors.kit.transports.certificates import Authority


class Inbox:
    """A receiver that writes down what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[Principal, Envelope]] = []
        self.lost: list[str] = []
        self.blows: list[tuple[str, str, str]] = []
        self.reports: list[tuple[str, str, str]] = []
        self.counts: list[tuple[str, str, int, int]] = []

    def receive(self, principal: Principal, envelope: Envelope, size: int) -> None:
        self.got.append((principal, envelope))

    def connection_lost(self, process: str) -> None:
        self.lost.append(process)

    def struck(self, process: str, envelope: Envelope, event: str, reason: str) -> None:
        self.blows.append((process, event, reason))

    def closed(self, process: str, connection: str, sent: int, received: int, reason: str) -> None:
        self.counts.append((process, connection, sent, received))

    def report(self, process: str, what: str, reason: str) -> None:
        self.reports.append((process, what, reason))

    def connections(self) -> int:
        return sum(what == "connected" for _, what, _ in self.reports)


class Process:
    """A transport with its receiver."""

    def __init__(self, name: str, transport: TcpTransport) -> None:
        self.name = name
        self.transport = transport
        self.inbox = Inbox()

    def send(self, process: str, number: int = 0, payload: bytes = b"") -> None:
        envelope = Envelope("tell", f"a@{process}", f"a@{self.name}", number, payload=payload)
        self.transport.send(process, envelope, routine=False)

    def knows(self, *others: "Process") -> None:
        for other in others:
            self.transport.add_peer(other.name, f"127.0.0.1:{other.transport.port}")


class Secure:
    """Makes transports with certificates."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority(directory)

    def transport(
        self, user: str, *groups: str, authority: Authority | None = None
    ) -> TcpTransport:
        certificate, key = (authority or self.authority).issue(user, *groups)
        trusted = self.authority.path
        return TcpTransport(
            "demo",
            "127.0.0.1:0",
            SeededEntropy(user),
            server_context(certificate, key, trusted),
            client_context(certificate, key, trusted),
        )


@pytest.fixture
def secure(tmp_path: Path) -> Secure:
    return Secure(tmp_path)


@asynccontextmanager
async def _running(**transports: TcpTransport) -> AsyncIterator[list[Process]]:
    """Started processes, by the names given (``_`` for ``-``), that know each other."""
    made = [Process(key.replace("_", "-"), value) for key, value in transports.items()]
    for process in made:
        await process.transport.start(process.name, process.inbox)
    for process in made:
        process.knows(*(other for other in made if other is not process))
    try:
        yield made
    finally:
        for process in made:
            await process.transport.stop()


def _plain(name: str, listen: str = "127.0.0.1:0", cluster: str = "demo") -> TcpTransport:
    return TcpTransport(cluster, listen, SeededEntropy(name), None, None, f"user-{name}")


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


# Identity.


async def test_the_certificate_is_the_principal(secure: Secure) -> None:
    async with _running(
        replica_1=secure.transport("system:replica:replica-1", "system:replicas", "second"),
        node_1=secure.transport("system:node:node-1", "system:nodes"),
    ) as (replica, node):
        replica.send("node-1")
        node.send("replica-1")
        await _until(lambda: replica.inbox.got and node.inbox.got)
        seen = node.inbox.got[0][0]
        assert seen.user == "system:replica:replica-1"
        assert seen.groups == ("system:replicas", "second")
        assert replica.inbox.got[0][0].user == "system:node:node-1"


async def test_a_replica_that_was_removed_is_let_in_no_more(secure: Secure) -> None:
    async with _running(
        one=secure.transport("system:replica:one", "system:replicas"),
        two=secure.transport("system:replica:two", "system:replicas"),
    ) as (one, two):
        two.send("one")
        await _until(lambda: one.inbox.got)
        one.transport.add_peer("two", "")
        await _until(lambda: two.inbox.lost and one.inbox.lost)
        for _ in range(5):
            with suppress(ActorDown):
                two.send("one")
            await asyncio.sleep(0.02)
        assert len(one.inbox.got) == 1
        # It comes in again under its name.
        one.transport.add_peer("two", f"127.0.0.1:{two.transport.port}")

        def told() -> bool:
            with suppress(ActorDown):
                two.send("one")
            return len(one.inbox.got) > 1

        await _until(told)


async def test_a_client_needs_no_place_in_the_settings(secure: Secure) -> None:
    async with _running(
        one=secure.transport("system:replica:one", "system:replicas"),
        tool=secure.transport("system:replica:tool", "system:masters"),
    ) as (one, tool):
        one.transport.add_peer("tool", "")
        tool.send("one")
        await _until(lambda: one.inbox.got)


async def test_a_certificate_of_another_authority_is_refused(
    secure: Secure, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "stranger")
    async with _running(
        one=secure.transport("system:node:one"),
        two=secure.transport("system:node:two", authority=stranger),
    ) as (one, two):
        two.send("one")
        await _until(lambda: two.inbox.lost)
        one.send("two")
        await _until(lambda: one.inbox.lost)
        assert not one.inbox.got
        assert not two.inbox.got


async def test_a_certificate_for_another_name_is_refused(secure: Secure) -> None:
    async with _running(
        one=secure.transport("system:node:one"),
        two=secure.transport("system:node:three"),
    ) as (one, two):
        two.send("one")
        await _until(lambda: two.inbox.lost)
        assert "does not speak for 'two'" in two.inbox.reports[0][2]
        one.send("two")
        await _until(lambda: one.inbox.lost)
        assert not one.inbox.got
        assert not two.inbox.got


async def test_plain_text_is_refused_where_tls_is_spoken(secure: Secure) -> None:
    async with _running(one=secure.transport("system:node:one"), two=_plain("two")) as (one, two):
        two.send("one")
        await _until(lambda: two.inbox.lost)
        assert not one.inbox.got


async def test_another_cluster_is_refused() -> None:
    async with _running(one=_plain("one"), two=_plain("two", cluster="other")) as (one, two):
        two.send("one")
        await _until(lambda: two.inbox.lost)
        assert "of the cluster 'other'" in two.inbox.reports[0][2]
        assert not one.inbox.got


async def test_an_address_where_another_process_listens_is_refused() -> None:
    async with _running(one=_plain("one"), two=_plain("two"), three=_plain("three")) as made:
        one, _, three = made
        one.transport.add_peer("two", f"127.0.0.1:{three.transport.port}")
        one.send("two")
        await _until(lambda: one.inbox.lost)
        assert not three.inbox.got


# One connection.


@pytest.mark.parametrize("tls", [False, True])
async def test_when_both_dial_at_once_one_connection_carries_all(tls: bool, secure: Secure) -> None:
    for _ in range(5):
        one = secure.transport("system:node:one") if tls else _plain("one")
        two = secure.transport("system:node:two") if tls else _plain("two")
        async with _running(one=one, two=two) as (first, second):
            for number in range(50):
                first.send("two", number)
                second.send("one", number)
            await _until(lambda: len(first.inbox.got) == len(second.inbox.got) == 50)
            await asyncio.sleep(0.02)
            for process in (first, second):
                assert [envelope.id for _, envelope in process.inbox.got] == list(range(50))
                assert process.inbox.connections() == 1
                assert process.inbox.lost == []
                assert len(process.transport._links) == 1


async def test_many_processes_that_all_dial_each_other() -> None:
    names = [f"p{number}" for number in range(6)]
    async with _running(**{name: _plain(name) for name in names}) as made:
        for process in made:
            for other in made:
                if other is not process:
                    process.send(other.name)
        await _until(lambda: all(len(process.inbox.got) == 5 for process in made))
        assert all(process.inbox.lost == [] for process in made)
        await _until(lambda: all(len(process.transport._links) == 5 for process in made))


async def test_a_new_connection_of_the_same_peer_replaces_the_old() -> None:
    async with _running(one=_plain("one")) as (one,):
        first, second = _plain("two"), _plain("two")
        old, new = Process("two", first), Process("two", second)
        for process in (old, new):
            await process.transport.start("two", process.inbox)
            process.knows(one)
            process.send("one", 1)
            await _until(lambda: len(one.inbox.got) == 1)
            one.inbox.got.clear()
        assert one.inbox.lost == ["two"], "what ran on the old connection has ended"
        assert one.inbox.connections() == 2
        await _until(lambda: old.inbox.lost == ["one"])
        for process in (old, new):
            await process.transport.stop()


def test_uvloop_carries_all_too(secure: Secure) -> None:
    async def main() -> None:
        async with _running(
            one=secure.transport("system:node:one"), two=secure.transport("system:node:two")
        ) as (one, two):
            for number in range(50):
                one.send("two", number, b"x" * 1000 * number)
                two.send("one", number)
            await _until(lambda: len(one.inbox.got) == len(two.inbox.got) == 50)
            assert [envelope.id for _, envelope in two.inbox.got] == list(range(50))
            await one.transport.stop()
            await _until(lambda: two.inbox.lost == ["one"])

    uvloop.run(main())


# Loss, backoff, bounds.


async def test_dials_back_off_and_sends_meanwhile_fail_at_once() -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        await two.transport.stop()
        one.send("two")
        await _until(lambda: one.inbox.lost == ["two"])
        with pytest.raises(ActorDown):
            one.send("two")
        one.transport.keep("two", True)
        await asyncio.sleep(0.5)
        assert 2 <= len(one.inbox.lost) <= 8
        assert len(one.inbox.reports) == 1, "a failed redial is no news"
        one.transport.keep("two", False)
        await asyncio.sleep(1.0)
        failures = len(one.inbox.lost)
        await asyncio.sleep(1.0)
        assert len(one.inbox.lost) == failures, "it dials although nobody wants it"


async def test_a_kept_connection_comes_back_by_itself() -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        one.transport.keep("two", True)
        await _until(lambda: two.inbox.connections() == 1)
        one.transport.drop("two")
        await _until(lambda: two.inbox.connections() == 2)
        assert one.inbox.lost == two.inbox.lost[:1] == ["two"] or two.inbox.lost == ["one"]


async def test_a_peer_that_does_not_read_fills_a_bounded_queue() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode_frame(frame.HELLO, encode_hello(Hello("two", "demo"))))
        held.append(writer)

    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(silent, "127.0.0.1", 0, limit=1024)
    port = server.sockets[0].getsockname()[1]
    async with _running(one=_plain("one")) as (one,):
        one.transport.add_peer("two", f"127.0.0.1:{port}")
        one.send("two")
        await _until(lambda: one.inbox.connections() == 1)
        with pytest.raises(Overloaded):
            for _ in range(200):
                one.send("two", payload=b"x" * 1_000_000)
                await asyncio.sleep(0)
        for writer in held:
            writer.transport.abort()
        await _until(lambda: one.inbox.lost == ["two"])
    server.close()
    await server.wait_closed()


async def test_short_messages_pass_a_long_one() -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        one.send("two", 1)
        await _until(lambda: len(two.inbox.got) == 1)
        one.transport.send(
            "two", Envelope("tell", "b@two", "b@one", 2, payload=b"x" * 40_000_000), False
        )
        one.transport.send("two", Envelope("tell", "a@two", "a@one", 3), False)
        await _until(lambda: len(two.inbox.got) == 3)
        assert [envelope.id for _, envelope in two.inbox.got] == [1, 3, 2]


async def test_stop_writes_what_is_queued() -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        one.send("two", 1)
        await _until(lambda: len(two.inbox.got) == 1)
        one.send("two", 2)
        one.send("two", 3, payload=b"x" * 3_000_000)
        await one.transport.stop()
        await _until(lambda: len(two.inbox.got) == 3)


# Strangers and half-open connections.


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        encode_frame(frame.ENVELOPE, b"early"),
        encode_frame(frame.HELLO, b"garbage"),
        encode_frame(frame.CONFIRM),
        frame.HEADER.pack(2**32 - 1, frame.HELLO, 0),
        encode_frame(frame.HELLO, encode_hello(Hello("one", "demo"))),
    ],
)
async def test_strangers_are_turned_away(data: bytes) -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        reader, writer = await asyncio.open_connection("127.0.0.1", one.transport.port)
        writer.write(data)
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()
        await writer.wait_closed()
        two.send("one")
        await _until(lambda: one.inbox.got)


async def test_garbage_from_a_peer_breaks_its_connection_only() -> None:
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        reader, writer = await asyncio.open_connection("127.0.0.1", one.transport.port)
        writer.write(encode_frame(frame.HELLO, encode_hello(Hello("evil", "demo"))))
        writer.write(encode_frame(frame.CONFIRM))
        await _until(lambda: one.inbox.connections() == 1)
        writer.write(encode_frame(frame.ENVELOPE, b"\xc1"))
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionResetError):
                while await reader.read(100):
                    pass
                raise ConnectionResetError
        writer.close()
        assert one.inbox.lost == ["evil"]
        two.send("one")
        await _until(lambda: one.inbox.got)


async def test_silence_is_found_by_keepalive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "PING_SECONDS", 0.05)
    monkeypatch.setattr(link_module, "SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(link_module, "HANDSHAKE_SECONDS", 0.2)
    async with _running(one=_plain("one"), two=_plain("two")) as (one, two):
        one.send("two")
        await _until(lambda: two.inbox.got)
        await asyncio.sleep(0.5)
        assert one.inbox.lost == [], "an idle connection lives"
        reader, writer = await asyncio.open_connection("127.0.0.1", one.transport.port)
        writer.write(encode_frame(frame.HELLO, encode_hello(Hello("mute", "demo"))))
        writer.write(encode_frame(frame.CONFIRM))
        await _until(lambda: one.inbox.lost == ["mute"])
        writer.close()
        _, idle = await asyncio.open_connection("127.0.0.1", one.transport.port)
        await _until(lambda: any("too long" in reason for _, _, reason in one.inbox.reports))
        idle.close()
        await asyncio.sleep(0)
        del reader
