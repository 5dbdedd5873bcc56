"""The composition root: settings that are read again while the process runs."""

from pathlib import Path

import msgspec
import pytest

from actors import process
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor, Delivery
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.transports.ways import Ways
from actors.kit.world.memory import SeededEntropy
from cluster import names
from cluster.messages.apiserver import SettingsChanged
from cluster.messages.base import Done, Message
from cluster.settings import ClusterSettings
from deploy.topology import Topology, build_settings
from tests.unit.actors.client.harness import until


class Recorder(Actor):
    """In the API server's place."""

    def __init__(self) -> None:
        self.seen: list[Message] = []

    async def handle(self, message: Message, delivery: Delivery) -> Message:
        self.seen.append(message)
        return Done()


def settings_of(replicas: int) -> ClusterSettings:
    return build_settings(Topology(runtime="memory", replicas=replicas, nodes=1), "/nowhere")


def ways() -> Ways:
    return Ways(SeededEntropy(1))


def write(path: Path, settings: ClusterSettings) -> None:
    path.write_bytes(msgspec.json.encode(settings))


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(ActorSystem, "add_peer", lambda self, *peer: told.append(peer))
    return told


async def test_who_came_went_and_moved_is_told_once(
    tmp_path: Path, peers: list[tuple[str, str]]
) -> None:
    path = tmp_path / "cluster.json"
    three, five = settings_of(3), settings_of(5)
    moved = msgspec.structs.replace(three.replicas[1], peer_address="127.0.0.9:1")
    live = LiveSettings(three, "replica-1")
    server = Recorder()
    async with actor_system("replica-1") as system:
        await system.spawn(names.APISERVER, lambda: server)
        write(path, five)
        process.reload(path, live, system, ways())
        assert dict(peers) == {r.name: r.peer_address for r in five.replicas[3:]}
        assert len(live.servers) == 5
        peers.clear()
        left = (three.replicas[0], moved)
        write(path, msgspec.structs.replace(three, replicas=left))
        process.reload(path, live, system, ways())
        gone = dict.fromkeys(("replica-3", "replica-4", "replica-5"), "")
        assert dict(peers) == {"replica-2": "127.0.0.9:1", **gone}
        assert list(live.servers) == ["apiserver@replica-1", "apiserver@replica-2"]
        await until(lambda: server.seen == [SettingsChanged()] * 2)


@pytest.mark.parametrize("text", [b"{", b"{}", b"\xff"])
async def test_settings_that_cannot_be_read_change_nothing(
    text: bytes, tmp_path: Path, peers: list[tuple[str, str]]
) -> None:
    path = tmp_path / "cluster.json"
    path.write_bytes(text)
    live = LiveSettings(settings_of(3), "replica-1")
    async with actor_system("replica-1") as system:
        process.reload(path, live, system, ways())
        process.reload(tmp_path / "none", live, system, ways())
    assert live.now == settings_of(3)
    assert not peers


async def test_settings_without_this_process_change_nothing(
    tmp_path: Path, peers: list[tuple[str, str]]
) -> None:
    path = tmp_path / "cluster.json"
    write(path, settings_of(1))
    live = LiveSettings(settings_of(3), "replica-3")
    async with actor_system("replica-3") as system:
        process.reload(path, live, system, ways())
    assert len(live.servers) == 3
    assert not peers


async def test_who_comes_is_as_far_away_as_the_settings_say(
    tmp_path: Path, peers: list[tuple[str, str]]
) -> None:
    path, known = tmp_path / "cluster.json", ways()
    write(path, msgspec.structs.replace(settings_of(5), rtt={"a-b": 0.04}))
    live = LiveSettings(settings_of(3), "replica-1")
    early = known.to("replica-5")
    async with actor_system("replica-1") as system:
        process.reload(path, live, system, known)
    assert early.due(1.0, 10) == 1.02
    assert known.to("replica-4").due(1.0, 10) == 1.0
