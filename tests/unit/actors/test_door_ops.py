"""What is asked at the door: round trips between processes."""

import pytest

from actors import door_ops
from actors.echo import EchoActor
from actors.kit.testing import actor_system
from actors.kit.trace_levels import Levels
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from cluster import names


async def test_a_round_trip_is_measured_or_why_there_is_none() -> None:
    network = MemoryNetwork(SeededEntropy(1))
    one = actor_system("replica-1", transport=network.transport("replica-1"))
    other = actor_system("node-1", transport=network.transport("node-1"))
    async with one as near, other as far:
        near.add_peer("node-1", "")
        far.add_peer("replica-1", "")
        ping = door_ops.ping_ops(near)["ping"]
        answer = await ping({"peer": "node-1", "seconds": 0.5})
        assert answer["seconds"] is None
        assert "echo@node-1" in answer["why"]
        await far.spawn(names.ECHO, EchoActor)
        answer = await ping({"peer": "node-1", "tell": 3, "bytes": 10})
        assert 0 <= answer["seconds"] < 1
        network.block("replica-1", "node-1")
        answer = await ping({"peer": "node-1", "seconds": 0.05})
        assert answer["seconds"] is None


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({}, "peer"),
        ({"peer": 1}, "peer"),
        ({"peer": "x", "seconds": 0}, "seconds"),
        ({"peer": "x", "seconds": 1e9}, "seconds"),
        ({"peer": "x", "bytes": -1}, "bytes"),
        ({"peer": "x", "bytes": 1 << 30}, "bytes"),
        ({"peer": "x", "tell": 10**6}, "tell"),
    ],
)
async def test_what_cannot_be_asked(ask: dict[str, object], said: str) -> None:
    async with actor_system() as system:
        with pytest.raises(ValueError, match=said):
            await door_ops.ping_ops(system)["ping"](ask)


def test_levels_are_set_and_told() -> None:
    levels = Levels()
    op = door_ops.trace_ops(levels, lambda: ("store@r", "kubelet/streams@r"))["trace-level"]
    assert op({}) == {
        "levels": [{"actor": "", "level": "messages", "sample": 1.0}],
        "actors": ["kubelet", "store"],
    }
    op({"actor": "store", "level": "off"})
    assert levels.of("store@x").level == "off"
    op({"sample": 0.25})
    assert levels.of("store@x") == ("messages", 0.25)
    for wrong in ({"level": "loud"}, {"sample": 2}, {"actor": 3, "level": "off"}, {"sample": "x"}):
        with pytest.raises(ValueError, match=r"level|share|name"):
            op(wrong)
