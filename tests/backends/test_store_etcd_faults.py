"""The etcd engine when servers die, refuse or are not there, and over mutual TLS."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from actors.kit.actor import Actor
from actors.kit.testing import actor_system
from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.store import EtcdStore
from cluster.errors import (
    StoreError,
    TemporaryFault,
)
from cluster.messages.store import (
    Compare,
    Put,
)
from cluster.security import certificates
from tests.backends.store_rigs import etcd_settings, etcd_stores, grpc_at_rest, rig_of
from tests.support.etcd import Etcd, free_port


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
