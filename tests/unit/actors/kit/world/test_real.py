"""The machine's clock and entropy."""

import time
import uuid
from pathlib import Path

from actors.kit.world.real import real_world


async def test_a_real_world_has_time_entropy_and_a_disk(tmp_path: Path) -> None:
    world = real_world(tmp_path / "data")
    assert abs(world.clock.now() - time.time()) < 5
    began = world.clock.monotonic()
    await world.clock.sleep(0.001)
    assert world.clock.monotonic() > began
    entropy = world.entropy
    assert 0 <= entropy.random() < 1
    assert len(entropy.token(8)) == 8
    assert len(entropy.hex(5)) == 5
    assert uuid.UUID(entropy.uuid()).version == 4
    assert entropy.choice([1]) == 1
    assert 1 <= entropy.uniform(1, 2) <= 2
    await world.disk.write_atomic("x", b"y")
    assert (tmp_path / "data/x").read_bytes() == b"y"
