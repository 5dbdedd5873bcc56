"""The etcd engine when things go wrong: lost answers, late requests, dead servers and replicas."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from actors.kit.actor import Actor
from actors.kit.testing import actor_system
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.store import EtcdStore
from actors.store.engines.etcd.watch_answers import WatchBatch
from actors.store.store import Unsupported
from cluster.errors import (
    ActorDown,
    AskTimeout,
    Compacted,
    Fenced,
    LeaseNotFound,
    NotLeader,
    StoreError,
    TemporaryFault,
)
from cluster.messages.store import (
    ChangeMembership,
    Compare,
    Delete,
    LeaseGrant,
    LeaseStatus,
    Put,
    TransferLeadership,
    TxnRecord,
    TxnResult,
)
from cluster.security import certificates
from cluster.state.commands import TxnsCommand
from cluster.state.snapshot import decode_snapshot
from tests.backends.store_rigs import Rig, deadline, etcd_settings, etcd_stores, grpc_at_rest
from tests.support.etcd import Etcd, free_port


@pytest.fixture(scope="module")
def rough_url() -> Iterator[str]:
    """Of an etcd for tests that leave leases behind: they end when others count revisions."""
    etcd = Etcd().start()
    yield etcd.url
    etcd.close()


Once = Callable[..., Awaitable[Any]]


def rig_of(*stores: EtcdStore) -> Rig:
    """As the conformance suite asks."""
    return Rig("etcd", stores)


class Line:
    """Stands between a store and its etcd. ``lose``: answers of so many of the next transactions
    are lost. ``hold``: so many are kept, to be sent late with ``send``."""

    def __init__(self, store: EtcdStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lose = self.hold = self.tries = 0
        self._held: list[tuple[Any, ...]] = []
        self._once: Once = store.client.once
        monkeypatch.setattr(store.client, "once", self.once)

    async def once(self, method: str, request: Any, *more: Any) -> Any:
        reads = method == etcd.TXN and not request.compare
        if method != etcd.TXN or reads:
            return await self._once(method, request, *more)
        self.tries += 1
        if self.hold:
            self.hold -= 1
            self._held.append((method, request, *more))
            raise AskTimeout("kept")
        answer = await self._once(method, request, *more)
        if self.lose:
            self.lose -= 1
            raise ActorDown("the answer was lost")
        return answer

    async def send(self) -> list[etcd.TxnResponse]:
        """What was kept arrives after all."""
        held, self._held = self._held, []
        return [await self._once(*request) for request in held]


# -- unknown outcomes ---------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_lost_answer_is_found_again(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        before = await rig.txn(Put("old", b"1"), Put("kept", b"1"))
        line.lose = lost
        result = await rig.txn(
            Put("a", b"r", stamp=1, index=b"i"),
            Delete("old"),
            Delete("none"),
            compare=[Compare("kept", "version", 1)],
        )
        assert result.succeeded
        a, old, none = result.items
        assert a is not None
        assert (a.value, a.version) == (b"r%d" % result.revision, 1)
        assert (old, none) == (before.items[0], None)
        assert result.revision == before.revision + 1 == (await rig.read("a")).revision
        assert (await rig.read("a")).items == (a,)
        assert store.writes.recalled >= 1


async def test_a_lost_refusal_is_found_again(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        here = await rig.txn(Put("a", b"1"))
        line.lose = 3
        refused = await rig.txn(Put("a", b"2"), compare=[Compare("a", "mod", 0)])
        assert (refused.succeeded, refused.items) == (False, here.items)
        assert line.tries == 5


async def test_a_late_attempt_is_not_applied_a_second_time(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        line.hold = 2
        first = await rig.txn(Put("a", b"1"))
        await rig.txn(Put("a", b"2"))
        assert [answer.succeeded for answer in await line.send()] == [False, False]
        (item,) = (await rig.read("a")).items
        assert (item.value, item.version) == (b"2", 2)
        assert item.mod_revision == first.revision + 1


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_late_attempt_is_not_applied_after_its_refusal_was_told(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch, deletes: bool
) -> None:
    """Create if absent, or delete if present: the answer was no; the state then changes so that
    the late attempt would succeed."""
    async with etcd_stores(etcd_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        if deletes:
            line.hold = 1
            assert (await rig.txn(Delete("a"))).items == (None,)
            await rig.put("a", b"kept")
        else:
            await rig.put("a", b"1")
            line.hold = 1
            refused = await rig.txn(Put("a", b"late"), compare=[Compare("a", "mod", 0)])
            assert not refused.succeeded
            await rig.txn(Delete("a"))
        before = await rig.read("a")
        await line.send()
        assert await rig.read("a") == before


async def test_a_late_attempt_of_a_session_that_is_over_is_not_applied(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 2) as (store, other):
        rig, line = rig_of(other), Line(store, monkeypatch)
        line.hold = 1_000
        record = TxnRecord((), (Put("a", b"late"),))
        with pytest.raises(AskTimeout):
            await store.txns([record], deadline(0.3))
        await store.writes.close()
        with pytest.raises(LeaseNotFound):
            await line.send()
        assert (await rig.read("a")).items == ()


async def test_a_lane_whose_outcome_is_not_known_is_not_used_again(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        line.hold = 1_000
        with pytest.raises(AskTimeout, match="outcome unknown"):
            await store.txns([TxnRecord((), (Put("a", b"1"),))], deadline(0.2))
        line.hold = 0
        await rig.put("b", b"1")
        answers = await line.send()
        assert sum(answer.succeeded for answer in answers) == 1
        (item,) = (await rig.read("a")).items
        assert item.version == 1


async def test_a_lost_session_is_replaced_and_its_unknown_outcomes_are_told(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(rough_url, 1) as (store,):
        rig, line = rig_of(store), Line(store, monkeypatch)
        await store.writes._session.lease.revoke()
        assert await rig.put("a", b"1") == (await rig.read("a")).revision
        line.lose = 1
        lease = store.writes._session.lease
        original = line.once

        async def revoke_then(*request: Any) -> Any:
            try:
                return await original(*request)
            except ActorDown:
                await lease.revoke()
                raise

        monkeypatch.setattr(store.client, "once", revoke_then)
        with pytest.raises(TemporaryFault, match="outcome unknown"):
            await rig.put("a", b"2")
        monkeypatch.setattr(store.client, "once", original)
        await rig.put("b", b"1")


async def test_markers_do_not_grow_with_the_number_of_transactions(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        for number in range(30):
            await rig.put(f"k{number % 3}")
        await store.txns([TxnRecord((), (Put(f"n{n}", b""),)) for n in range(20)], deadline())
        layout = store.feed._layout
        request = etcd.RangeRequest(layout.prefix + b"s", layout.prefix + b"t", count_only=True)
        answer = await store.client.once(etcd.RANGE, request, etcd.RangeResponse)
        assert answer.count == 20


async def test_foreign_sessions_survive_lost_answers_at_two_replicas(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 2) as (one, two):
        rig, line = rig_of(one, two), Line(one, monkeypatch)
        for sequence in range(1, 6):
            line.lose = 2
            await rig.txn(Put("n", b"%d" % sequence), client="c", sequence=sequence, store=one)
            again = await rig.txn(
                Put("n", b"%d" % sequence), client="c", sequence=sequence, store=two
            )
            assert again.items[0] is not None and again.items[0].version == sequence
        (item,) = (await rig.read("n")).items
        assert (item.value, item.version) == (b"5", 5)


async def test_a_transaction_too_large_for_etcd_is_refused(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        with pytest.raises(StoreError, match="too large"):
            await rig.txn(*(Put(f"k{n}", b"x" * 900_000) for n in range(2)))
        with pytest.raises(StoreError, match="at most 125"):
            await rig.txn(*(Put(f"k{n}", b"x") for n in range(126)))
        assert (await rig.read("k", "l")).count == 0
        await rig.txn(*(Put(f"k{n}", b"x") for n in range(125)))
        await rig.txn(*(Delete(f"k{n}") for n in range(63)), compare=[
            Compare(f"k{n}", "version", 1) for n in range(62)
        ])  # fmt: skip
        assert (await rig.read("k", "l")).count == 62


# -- servers that fail --------------------------------------------------------------------------


async def test_writes_and_watches_go_on_after_etcd_was_killed() -> None:
    server = Etcd().start()
    try:
        async with etcd_stores(server.url, 1) as (store,):
            rig = rig_of(store)
            base = await rig.put("n", b"0")
            async with rig.watch("n", start=base) as follower:

                async def write() -> int:
                    for number in range(1, 40):
                        last = await rig.txn(
                            Put("n", b"%d" % number), compare=[Compare("n", "version", number)]
                        )
                        assert last.succeeded
                        await asyncio.sleep(0.01)
                    return last.revision

                writing = asyncio.ensure_future(write())
                await asyncio.sleep(0.15)
                await server.restart()
                events = await follower.until(await writing)
                assert [event.item.value for event in events] == [b"%d" % n for n in range(40)]
    finally:
        server.close()


async def test_another_endpoint_is_used_when_one_does_not_answer(etcd_url: str) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    async with etcd_stores(f"{dead},{etcd_url}", 1) as (store,):
        rig = rig_of(store)
        base = await rig.put("a")
        async with rig.watch("a", start=base) as follower:
            await follower.until(await rig.put("a"))
        assert store.client.endpoint in etcd_url


async def test_an_etcd_that_is_not_there_fails_the_start_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.store.engines.etcd.store.START_SECONDS", 0.3)
    settings = etcd_settings(f"http://127.0.0.1:{free_port()}", ["r1"])
    failures: list[str] = []

    class Opener(Actor):
        async def started(self) -> None:
            store = EtcdStore(self.ctx, settings, "r1")
            with pytest.raises(TemporaryFault) as failure:
                await store.start()
            failures.append(str(failure.value))

    async with actor_system() as system:
        await system.spawn("opener", Opener)
    await grpc_at_rest()
    assert failures == [f"etcd does not answer at {settings.store.endpoints[7:]}"]


async def test_mutual_tls(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    server = Etcd(
        *("--cert-file", str(tmp_path / "server.crt"), "--key-file", str(tmp_path / "server.key")),
        *("--trusted-ca-file", str(tmp_path / "ca.crt"), "--client-cert-auth"),
        scheme="https",
    ).start()
    try:
        files = f"ca={tmp_path}/ca.crt&cert={tmp_path}/client.crt&key={tmp_path}/client.key"
        async with etcd_stores(f"{server.url}?{files}", 1) as (store,):
            rig = rig_of(store)
            base = await rig.put("a", b"1")
            async with rig.watch("a", start=base) as follower:
                assert len(await follower.until(base)) == 1
    finally:
        server.close()


def make_certificates(directory: Path) -> None:
    """``ca.crt``, and certificates and keys of ``server`` and ``client``."""
    begin, end = time.time() - 60, time.time() + 3600
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = certificates.authority(ca_key, "test", 1, begin, end)
    (directory / "ca.crt").write_bytes(certificates.certificate_pem(ca))
    for serial, name in enumerate(("server", "client"), 2):
        key = ec.generate_private_key(ec.SECP256R1())
        made = certificates.certificate(
            key, certificates.subject(name), ca, ca_key, serial, begin, end, ["127.0.0.1"]
        )
        (directory / f"{name}.crt").write_bytes(certificates.certificate_pem(made))
        (directory / f"{name}.key").write_bytes(certificates.key_pem(key))


# -- watches and history ------------------------------------------------------------------------


async def test_a_new_replica_serves_watches_from_before_its_start(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (old,):
        rig = rig_of(old)
        base = await rig.put("a", b"0")
        for number in range(1, 200):
            last = await rig.put("a", b"%d" % number)
        cluster = old.feed._layout.prefix.decode().split("/")[2]
        async with etcd_stores(etcd_url, 1, cluster, ["r2"]) as (new,):
            assert new.feed.window.compacted > last

            async def follow(start: int) -> list[bytes]:
                async with rig.watch("a", start=start, store=new) as follower:
                    return [event.item.value for event in await follower.until(last)]

            told = await asyncio.gather(*(follow(base + number) for number in (150, 3, 77)))
            assert told == [[b"%d" % n for n in range(first, 200)] for first in (150, 3, 77)]
            assert new.feed.window.compacted == base + 3


async def test_history_beyond_what_a_replica_holds_is_compacted_for_it(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        base = await rig.put("a")
        for _ in range(20):
            last = await rig.put("a")
        async with rig.watch("a", start=last) as follower:
            await follower.until(last)
        store.feed.window._revisions_max = 10
        store.feed.window.compact(last)
        with pytest.raises(Compacted, match="more than a replica holds"):
            async with rig.watch("a", start=base):
                pass
        async with rig.watch("a", start=last - 5) as follower:
            assert len(await follower.until(last)) == 6


async def test_a_replica_cut_off_for_too_long_ends_its_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Etcd().start()
    try:
        async with etcd_stores(server.url, 2) as (store, other):
            rig, open_watch = rig_of(other, store), store.client.watch
            base = await rig.put("a")
            async with rig.watch("a", start=base, store=store) as follower:
                await follower.until(base)
                # Its stream breaks and cannot be opened again until nothing old is kept any more.
                monkeypatch.setattr(store.client, "watch", no_watch)
                await server.restart()
                for _ in range(5):
                    last = await rig.put("a")
                await other.compact(last, deadline())
                monkeypatch.setattr(store.client, "watch", open_watch)
                with pytest.raises(Compacted):
                    await follower.until(last)
            async with rig.watch("a", store=store) as follower:
                await follower.until(await rig.put("a"))
    finally:
        server.close()


async def no_watch(key: bytes, end: bytes, start: int) -> AsyncGenerator[WatchBatch, None]:
    raise ActorDown("no connection")
    yield


async def test_other_users_of_the_same_etcd_are_not_seen(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (one,), etcd_stores(etcd_url, 1) as (two,):
        mine, theirs = rig_of(one), rig_of(two)
        await theirs.put("a", b"theirs")
        async with mine.watch("", "z") as follower:
            for number in range(5):
                await theirs.put(f"k{number}")
            last = await mine.put("a", b"mine")
            events = await follower.until(last)
            assert [event.item.value for event in events] == [b"mine"]
        assert (await mine.read("", "z")).count == 1


async def test_the_leader_compacts_what_is_old(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.store.engines.etcd.store.HISTORY_SECONDS", 0.5)
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        base = await rig.put("a")
        for _ in range(100):
            await rig.put("a")
            await asyncio.sleep(0.02)
            try:
                await rig.read("a", revision=base)
            except Compacted:
                break
        else:
            raise AssertionError("nothing was compacted")
        assert len((await rig.read("a", "b")).items) == 1


# -- leadership ---------------------------------------------------------------------------------


async def test_a_dead_leader_is_replaced_when_its_lease_ends(rough_url: str) -> None:
    async with etcd_stores(rough_url, 1) as (other,):
        cluster = other.feed._layout.prefix.decode().split("/")[2]
        first = await rig_of(other).leader()
        async with etcd_stores(rough_url, 1, cluster, ["r2"]) as (second,):
            assert not second.leadership().leading
            term = first.leadership().term
            # As SIGKILL: nothing is revoked, nothing kept alive.
            channels, other.client._channels = other.client._channels, []
            began = asyncio.get_running_loop().time()
            leader = await rig_of(second).leader()
            assert asyncio.get_running_loop().time() - began < 8.0
            assert leader.leadership().term > term
            # The old one knows by itself, before etcd can have let another lead.
            assert not other.leadership().leading
            other.client._channels = channels
            with pytest.raises(Fenced):
                await rig_of(other).txn(Put("a", b"1"), fence=term)


async def test_a_leader_that_stops_leaves_at_once(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (first,):
        cluster = first.feed._layout.prefix.decode().split("/")[2]
        await rig_of(first).leader()
        async with etcd_stores(etcd_url, 1, cluster, ["r2"]) as (second,):
            began = asyncio.get_running_loop().time()
            await first.election.close()
            await rig_of(second).leader()
            assert asyncio.get_running_loop().time() - began < 1.0


async def test_a_replica_that_comes_back_does_not_wait_for_its_earlier_life(rough_url: str) -> None:
    async with etcd_stores(rough_url, 1) as (first,):
        cluster = first.feed._layout.prefix.decode().split("/")[2]
        term = (await rig_of(first).leader()).leadership().term
        channels, first.client._channels = first.client._channels, []
        began = asyncio.get_running_loop().time()
        async with etcd_stores(rough_url, 1, cluster, ["r1"]) as (again,):
            leader = await rig_of(again).leader()
            assert leader.leadership().term > term
            # Sooner than its lease ends.
            assert asyncio.get_running_loop().time() - began < 3.0
            first.client._channels = channels


async def test_who_won_is_told_though_the_feed_told_of_the_key_before(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        await rig_of(store).leader()
        term, original = store.leadership().term, store.client.once

        async def late(method: str, *request: Any) -> Any:
            answer = await original(method, *request)
            while method == etcd.TXN and store.election._known_at < answer.header.revision:
                await asyncio.sleep(0.01)
            return answer

        monkeypatch.setattr(store.client, "once", late)

        async def follow() -> None:
            while not store.leadership().leading or store.leadership().term == term:
                await store.leadership_changed()

        following = asyncio.ensure_future(follow())
        await asyncio.sleep(0.05)
        await store.election._remove(term)
        await asyncio.wait_for(following, 5)


async def test_a_replica_outlives_an_etcd_that_refuses(
    rough_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when etcd is full: no lease is granted, nothing is written, and then it is again."""
    async with etcd_stores(rough_url, 1) as (store,):
        rig, original = rig_of(store), store.client.once
        term = (await rig.leader()).leadership().term

        async def refuse(method: str, *request: Any) -> Any:
            if method in (etcd.LEASE_GRANT, etcd.TXN):
                raise StoreError("etcd: mvcc: database space exceeded")
            return await original(method, *request)

        monkeypatch.setattr(store.client, "once", refuse)
        await store.election._lease.revoke()
        with pytest.raises(StoreError, match="space exceeded"):
            await rig.put("a")
        await asyncio.sleep(0.3)
        assert not store.leadership().leading
        monkeypatch.setattr(store.client, "once", original)
        assert (await rig.leader()).leadership().term > term
        await rig.put("a")


async def test_a_leader_alone_has_nobody_to_hand_over_to(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        await rig_of(store).leader()
        with pytest.raises(NotLeader, match="nobody"):
            await store.hand_over(deadline())
        with pytest.raises(NotLeader, match="does not run"):
            await store.transfer(TransferLeadership("r9"), deadline())


async def test_what_etcd_does_itself_is_not_done_here(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        with pytest.raises(Unsupported, match="no vote"):
            wanted = ChangeMembership("replace", voters=("r1", "r9"))
            await store.change_membership(wanted, deadline())


async def test_a_snapshot_is_one_that_the_embedded_engine_goes_on_from(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        rig = rig_of(store)
        lease = await store.lease(LeaseGrant(600), deadline())
        assert isinstance(lease, LeaseStatus)
        await rig.txn(*(Put(f"k{number}", b"x", stamp=1) for number in range(100)))
        await rig.txn(Delete("k7"), Put("leased", b"", lease=lease.id))
        found = await rig.read("", "~")
        machine = decode_snapshot(b"".join([piece async for piece in store.snapshot()]))
        assert (machine.revision, machine.compacted) == (found.revision, found.revision)
        assert machine.read("", "~") == found
        status = machine.lease_status(lease.id, keys=True)
        assert (status.ttl, status.keys) == (600, ("leased",))
        record = TxnRecord((Compare("k8", "version", 1),), (Put("k8", b"y"),))
        (outcome,) = machine.apply(machine.applied + 1, 2, TxnsCommand((record,)))
        assert isinstance(outcome, TxnResult)
        assert (outcome.succeeded, outcome.revision) == (True, found.revision + 1)


async def test_the_members_are_the_replicas_that_run(etcd_url: str) -> None:
    async with etcd_stores(etcd_url, 2) as (one, two):
        leader = one.leadership().leader
        told = await two.membership(deadline())
        assert [(member.name, member.kind, member.leader) for member in told.members] == [
            (name, "voter", name == leader) for name in ("r1", "r2")
        ]
        await one.election.close()
        told = await two.change_membership(ChangeMembership("remove", "r1"), deadline())
        assert [member.name for member in told.members] == ["r2"]


async def test_a_lease_granted_with_a_lost_answer_is_one_lease(
    etcd_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with etcd_stores(etcd_url, 1) as (store,):
        original: Once = store.client.once
        answers: list[Any] = []

        async def lose(method: str, *more: Any) -> Any:
            answer = await original(method, *more)
            if method == etcd.LEASE_GRANT and not answers:
                answers.append(answer)
                store.client.failures += 1
                raise ActorDown("the answer was lost")
            return answer

        monkeypatch.setattr(store.client, "once", lose)
        status = await store.lease(LeaseGrant(600), deadline())
        assert isinstance(status, LeaseStatus)
        assert status.id == answers[0].id
