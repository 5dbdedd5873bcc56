"""Who keeps zones apart follows nodes as they come and go (that packets wait: tests/e2e)."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cluster.settings import ClusterSettings
from deploy import network, state
from deploy.chaos.holding import holders
from deploy.chaos.holding.line import Hold
from deploy.distances import keeper, keepers, ways
from deploy.distances.keeper import Keeper
from deploy.distances.ways import Way
from deploy.topology import Topology, build_settings

TOPOLOGY = Topology(nodes=2, rtt={"a-b": "40ms"})


class Queue:
    """Of a namespace; nothing comes."""

    def __init__(self, machine: "Machine", namespace: str) -> None:
        if not Path(namespace or "/").exists():
            raise FileNotFoundError(2, "no such namespace", namespace)
        self.socket, self._other = socket.socketpair()
        self._machine = machine
        self.namespace = namespace
        machine.queues.append(self)
        self.number = len(machine.queues)

    def read(self) -> list[int]:
        return []

    def release(self, numbers: list[int]) -> None:
        pass

    def close(self) -> None:
        self._machine.queues.remove(self)
        self.socket.close()
        self._other.close()


class Machine:
    """Namespaces are files here that hold a number. ``rules``: namespace → the number of the queue
    that its packets are handed to (0: none). ``deeds``: what was done to rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.queues: list[Queue] = []
        self.rules: dict[str, int] = {}
        self.deeds: list[tuple[str, str]] = []
        self.broken = ""
        # The machine's own has no path.
        self.put("", 1)

    def path(self, name: str) -> str:
        return str(self.folder / name) if name else ""

    def put(self, name: str, number: int) -> None:
        """It is there, and new if its number is."""
        (self.folder / (name or "own")).write_text(str(number))

    def identity(self, namespace: str) -> int | None:
        try:
            return int(Path(namespace or self.folder / "own").read_text() or 0) or None
        except OSError:
            return None

    def load(
        self, _: ClusterSettings, namespace: str, __: tuple[Way, ...], numbers: dict[Hold, int]
    ) -> None:
        if self.broken:
            raise network.NetworkError(self.broken)
        self.deeds.append(("load", Path(namespace).name))
        for number in numbers.values():
            self.rules[namespace] = number

    def spare(self, _: ClusterSettings, namespace: str, __: tuple[Hold, ...]) -> None:
        self.deeds.append(("spare", Path(namespace).name))
        self.rules[namespace] = 0

    def unload(self, _: ClusterSettings, namespace: str) -> None:
        self.deeds.append(("unload", Path(namespace).name))
        self.rules.pop(namespace, None)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """With the settings of a cluster of two nodes, none of which is there yet."""
    folder = tmp_path / "netns"
    folder.mkdir()
    made = Machine(folder)
    monkeypatch.setattr(keeper, "FOLDER", str(folder))
    monkeypatch.setattr(keeper, "PacketQueue", lambda namespace: Queue(made, namespace))
    for name in ("identity", "load", "spare", "unload"):
        monkeypatch.setattr(keeper, name, getattr(made, name))
    real = ways.of

    def here(settings: ClusterSettings) -> dict[str, tuple[Way, ...]]:
        return {
            made.path(Path(space).name): tuple(
                msgspec.structs.replace(
                    way,
                    hold=msgspec.structs.replace(way.hold, namespace=made.path(Path(space).name)),
                )
                for way in places
            )
            for space, places in real(settings).items()
        }

    monkeypatch.setattr(ways, "of", here)
    save(tmp_path, TOPOLOGY)
    return made


def save(tmp_path: Path, topology: Topology) -> None:
    state.save(build_settings(topology, str(tmp_path / "data")), topology)


async def ask(asked: Keeper, op: str, **fields: Any) -> dict[str, Any]:
    answer = asked.ops()[op](fields)
    return answer if isinstance(answer, dict) else await answer


async def until(check: Callable[[], bool], what: str) -> None:
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.01)
    assert check(), what


def test_it_follows_namespaces_that_come_are_made_anew_and_go(
    machine: Machine, tmp_path: Path
) -> None:
    one, other = machine.path("steersman-node-1"), machine.path("steersman-node-2")

    async def follow(kept: Keeper) -> None:
        await until(lambda: machine.rules.get("", 0) > 0, "the machine's own")
        # A file first, and a namespace a moment later.
        machine.put("steersman-node-1", 0)
        machine.put("steersman-node-1", 11)
        await until(lambda: machine.rules.get(one, 0) > 0, "a node that came")
        assert other not in machine.rules
        machine.put("steersman-node-2", 12)
        await until(lambda: machine.rules.get(other, 0) > 0, "another")
        [before] = [queue for queue in machine.queues if queue.namespace == one]
        machine.put("steersman-node-1", 13)
        await until(lambda: before not in machine.queues, "made anew")
        await until(lambda: len(machine.queues) == 3, "a queue in the new one")
        (machine.folder / "steersman-node-2").unlink()
        await until(lambda: len(machine.queues) == 2, "nothing keeps one alive that was removed")
        save(tmp_path, msgspec.structs.replace(TOPOLOGY, nodes=1))
        machine.put("steersman-node-2", 14)
        await ask(kept, "look")
        assert [queue.namespace for queue in machine.queues].count(other) == 0

    asyncio.run(beside(tmp_path, follow))
    assert machine.queues == []
    assert machine.rules.get(one) is None, "no rules are left"
    assert "" not in machine.rules


async def beside(tmp_path: Path, work: Callable[[Keeper], Awaitable[None]]) -> None:
    """Do it while one is at work, and end that."""
    kept = Keeper(str(tmp_path / "data"))
    running = asyncio.get_running_loop().create_task(kept.run())
    try:
        await work(kept)
    finally:
        kept.end()
        await running


def test_what_fails_leaves_nothing_and_is_tried_again(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "AGAIN_SECONDS", 0.01)
    machine.broken = "no NFQUEUE"

    async def work(kept: Keeper) -> None:
        assert await ask(kept, "look") == {"nodes": 0, "problem": "this machine: no NFQUEUE"}
        assert machine.queues == []
        machine.broken = ""
        await until(lambda: machine.rules.get("", 0) > 0, "again")
        assert (await ask(kept, "look"))["problem"] == ""

    asyncio.run(beside(tmp_path, work))


def test_nothing_waits_while_somebody_wants_it_aside(machine: Machine, tmp_path: Path) -> None:
    machine.put("steersman-node-1", 11)

    async def work(kept: Keeper) -> None:
        assert await ask(kept, "look") == {"nodes": 1, "problem": ""}
        first, second = [(await ask(kept, "aside"))["token"] for _ in "ab"]
        assert set(machine.rules.values()) == {0}
        machine.put("steersman-node-2", 12)
        await ask(kept, "look")
        await ask(kept, "back", token=first)
        assert set(machine.rules.values()) == {0}, "for the other"
        await ask(kept, "back", token=second)
        assert len(machine.rules) == 3
        assert 0 not in machine.rules.values()
        assert len({queue.namespace for queue in machine.queues}) == 3

    asyncio.run(beside(tmp_path, work))


def test_who_stepped_aside_comes_back_by_itself(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ASIDE_SECONDS", 0.05)

    async def work(kept: Keeper) -> None:
        await ask(kept, "look")
        await ask(kept, "aside")
        assert machine.rules == {"": 0}
        await until(lambda: machine.rules[""] > 0, "nobody said back")

    asyncio.run(beside(tmp_path, work))


def test_what_others_took_away_is_made_good_when_it_is_told_to_look(
    machine: Machine, tmp_path: Path
) -> None:
    async def work(kept: Keeper) -> None:
        await ask(kept, "look")
        machine.rules.clear()
        await ask(kept, "look")
        assert machine.rules[""] > 0

    asyncio.run(beside(tmp_path, work))


def test_it_ends_with_its_cluster(machine: Machine, tmp_path: Path) -> None:
    async def work() -> None:
        kept = Keeper(str(tmp_path / "data"))
        running = asyncio.get_running_loop().create_task(kept.run())
        await until(lambda: machine.rules.get("", 0) > 0, "at work")
        (tmp_path / "data" / "cluster.json").unlink()
        async with asyncio.timeout(10):
            await running

    asyncio.run(work())
    assert machine.queues == []
    assert machine.rules == {}


def test_a_namespace_is_told_by_device_and_inode(tmp_path: Path) -> None:
    own = keeper.identity("")
    assert own == keeper.identity("/proc/self/ns/net") is not None
    file = tmp_path / "half"
    assert keeper.identity(str(file)) is None
    assert keeper.half(str(file)) == ""
    file.touch()
    assert keeper.identity(str(file)) is None
    assert keeper.half(str(file)) == f"{file} is no network namespace"


def test_where_nothing_is_apart_nobody_is_needed_or_told_of(tmp_path: Path) -> None:
    apart = build_settings(TOPOLOGY, str(tmp_path))
    assert keepers.needed(apart)
    assert keepers.line(apart).startswith("round trips: a-b 40 ms; messages alone take that long")
    for other in (
        Topology(),
        Topology(rtt={"a-b": 0.0}),
        Topology(runtime="memory", rtt={"a-b": 0.04}),
    ):
        settings = build_settings(other, str(tmp_path))
        assert not keepers.needed(settings)
        assert keepers.line(settings) == ""
        assert keepers.ensure(settings) == "none"


def test_a_kernel_without_queues_keeps_nobody_from_going_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "lacking", lambda: "the kernel has no packet queue: no")
    assert keepers.ensure(build_settings(TOPOLOGY, str(tmp_path))) == (
        "messages alone take that long, packets of pods do not (the kernel has no packet queue: no)"
    )
