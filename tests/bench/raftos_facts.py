"""What raftos 0.2.6 does, shown on the package itself.

    pip install 'setuptools<81' && pip install --no-deps --no-build-isolation raftos==0.2.6
    python -m tests.bench.raftos_facts [--seconds 20]

Each fact is a function that shows it and says what it saw. The figures and what follows from them
stand in docs/decisions/0021-raftos-engine.md. ``tests/backends/test_store_raftos.py`` checks all
but the speed. Nothing is written outside of a folder of its own.
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import msgpack

from cluster import names
from cluster.errors import SteersmanError
from cluster.messages.store import Put, Txn
from cluster.settings import StoreSettings
from tests.support.store_cluster import StoreCluster, client, leader, make_settings

NODE_ID = "127.0.0.1:9999"


def use_folder(folder: Path) -> Any:
    """raftos, writing below the folder."""
    import raftos
    from raftos import serializers

    raftos.configure({"log_path": f"{folder}/", "serializer": serializers.MessagePackSerializer})
    return raftos


async def it_does_not_start_as_published(folder: Path) -> str:
    """Queue(loop=) went in Python 3.10."""
    raftos = use_folder(folder)
    try:
        await raftos.register("127.0.0.1:9998", cluster=["127.0.0.1:9998"])
    except TypeError as error:
        return f"register raises {error}"
    raise AssertionError("it starts")


def its_fifth_entry_fails_as_published(folder: Path) -> str:
    """Every fifth write reads the file again; its lines keep their newline."""
    use_folder(folder)
    from raftos.storage import Log

    class Repaired:
        """Its serializer, with the argument that msgpack 1.0 lost."""

        pack = staticmethod(lambda data: msgpack.packb(data, use_bin_type=True))
        unpack = staticmethod(lambda data: msgpack.unpackb(data, use_list=True, raw=False))

    log = Log(NODE_ID, serializer=Repaired)
    for number in range(1, 100):
        try:
            log.write(1, {"k": "v"})
        except msgpack.ExtraData as error:
            return f"entry {number} raises {type(error).__name__}: {error}"
    raise AssertionError("it writes on")


def with_the_json_serializer_it_writes_on(folder: Path) -> str:
    """Repair (a) of the adapter."""
    use_folder(folder)
    from raftos.serializers import JSONSerializer
    from raftos.storage import Log

    log = Log("json", serializer=JSONSerializer)
    for number in range(100):
        log.write(1, {"k": str(number)})
    assert len(Log("json", serializer=JSONSerializer)) == 100
    return "100 entries written and read again"


class Sent:
    """Stands for the server of a node: keeps what would be sent."""

    def __init__(self, peers: int) -> None:
        self.host, self.port = "127.0.0.1", 9999
        self.loop = asyncio.get_running_loop()
        self.cluster = {("127.0.0.1", 9000 + number) for number in range(peers)}
        self.cluster_count = peers
        self.messages: list[dict[str, Any]] = []

    async def send(self, data: dict[str, Any], destination: object) -> None:
        """Kept."""
        self.messages.append(data)

    def broadcast(self, data: dict[str, Any]) -> None:
        """Kept."""
        self.messages.append(data)


def node(peers: int = 2) -> tuple[Any, Sent]:
    """The state of a node, a follower that has started."""
    from raftos import state

    server = Sent(peers)
    made = state.State(server)
    made.start()
    return made, server


async def its_vote_is_forgotten_at_a_restart(folder: Path) -> str:
    """Two candidates of one term get the vote of the same node."""
    raftos = use_folder(folder / "vote")
    raftos.configure({"serializer": raftos.serializers.JSONSerializer})

    def ask(candidate: str) -> dict[str, Any]:
        return {
            "type": "request_vote", "term": 1, "candidate_id": candidate, "last_log_index": 0,
            "last_log_term": 0, "sender": ("127.0.0.1", 9000),
        }  # fmt: skip

    votes = []
    for candidate in ("A", "C"):
        follower, server = node()
        follower.request_handler(ask(candidate))
        await asyncio.sleep(0)
        votes += [item["vote_granted"] for item in server.messages]
        follower.stop()
    assert votes == [True, True], votes
    return "a node votes for A in term 1, restarts, and votes for C in term 1"


async def half_is_a_majority(folder: Path) -> str:
    """Peers are counted without the node itself."""
    raftos = use_folder(folder / "half")
    raftos.configure({"serializer": raftos.serializers.JSONSerializer})
    one, _ = node(peers=3)
    one.stop()
    assert one.is_majority(2)
    return "2 of 4 nodes are a majority"


async def a_late_heartbeat_erases_committed_entries(folder: Path) -> str:
    """A follower cuts its log wherever a message does not stand exactly at its end."""
    raftos = use_folder(folder / "late")
    # Repair (d): every follower would fall over it at every commit.
    asyncio.futures.InvalidStateError = asyncio.InvalidStateError  # type: ignore[attr-defined]
    raftos.configure({"serializer": raftos.serializers.JSONSerializer})
    follower, _ = node()

    def append(previous: int, entries: list[dict[str, Any]], commit: int) -> None:
        follower.request_handler(
            {
                "type": "append_entries",
                "term": 1,
                "leader_id": "L",
                "commit_index": commit,
                "request_id": 1,
                "prev_log_index": previous,
                "prev_log_term": 1 if previous else 0,
                "entries": entries,
                "sender": ("127.0.0.1", 9000),
            }
        )

    for number in range(4):
        append(number, [{"term": 1, "command": {"k": number}}], number)
    before, committed = follower.log.last_log_index, follower.log.commit_index
    append(1, [], 1)
    await asyncio.sleep(0)
    after = follower.log.last_log_index
    follower.stop()
    assert after < committed <= before, (before, committed, after)
    return f"a delayed heartbeat cuts {before} entries, {committed} of them committed, to {after}"


async def its_speed_decays(seconds: float) -> str:
    """Three processes with the engine, one writer through the leader."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_settings(Path(folder), store=StoreSettings(engine="raftos"))
        members = StoreCluster(settings)
        members.start_all()
        try:
            async with client(settings, "bench") as system:
                lead = await leader(system, settings, 30.0)
                return await _write(system, lead, seconds)
        finally:
            members.stop()


async def _write(system: Any, lead: str, seconds: float) -> str:
    store = system.ref(names.address(names.STORE, lead))
    begin = time.monotonic()
    times: list[float] = []
    while time.monotonic() < begin + seconds:
        with contextlib.suppress(SteersmanError):
            await store.ask(Txn(success=(Put("k", b"x" * 100),)), 5.0)
            times.append(time.monotonic() - begin)
    fifth = seconds / 5
    rates = [
        sum(part * fifth <= moment < (part + 1) * fifth for moment in times) / fifth
        for part in range(5)
    ]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    slowest = statistics.median(sorted(gaps)[-5:]) if gaps else float("inf")
    told = ", ".join(f"{rate:.1f}" for rate in rates)
    return f"writes per second, by fifths of {seconds:.0f} s: {told} (worst waits {slowest:.2f} s)"


async def show(seconds: float) -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(await it_does_not_start_as_published(folder))
        print(its_fifth_entry_fails_as_published(folder))
        print(with_the_json_serializer_it_writes_on(folder))
        print(await its_vote_is_forgotten_at_a_restart(folder))
        print(await half_is_a_majority(folder))
        print(await a_late_heartbeat_erases_committed_entries(folder))
    if seconds:
        print(await its_speed_decays(seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    asyncio.run(show(parser.parse_args().seconds))
