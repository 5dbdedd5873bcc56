"""The machine's clock and entropy."""

import time
import uuid
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kit.world import real
from actors.kit.world.real import STOCK_BYTES, RealEntropy, real_world


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


def test_uuids_are_of_version_4_and_never_come_twice() -> None:
    entropy = RealEntropy()
    texts = [entropy.uuid() for _ in range(3 * STOCK_BYTES // 16)]
    assert len(set(texts)) == len(texts)
    for text in texts:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@given(st.lists(st.integers(0, 3 * STOCK_BYTES), min_size=1, max_size=20))
def test_hexadecimal_texts_have_the_length_asked_for(lengths: list[int]) -> None:
    entropy = RealEntropy()
    for length in lengths:
        text = entropy.hex(length)
        assert len(text) == length
        assert set(text) <= set("0123456789abcdef")


def test_nothing_of_the_stock_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = bytearray()

    def numbered(count: int) -> bytes:
        start = len(fetched) // 2
        piece = b"".join(number.to_bytes(2, "big") for number in range(start, start + count // 2))
        fetched.extend(piece)
        return piece

    entropy = RealEntropy()
    monkeypatch.setattr(real, "secrets", SimpleNamespace(token_bytes=numbered))
    texts = [entropy.hex(4) for _ in range(2 * STOCK_BYTES)]
    assert texts == [f"{number:04x}" for number in range(2 * STOCK_BYTES)]


@pytest.mark.parametrize("count", [1, 3, 27, 200, 256, 257])
def test_every_item_is_chosen_as_often_as_any_other(count: int) -> None:
    entropy, turns = RealEntropy(), 200
    found = Counter(entropy.choice(range(count)) for _ in range(turns * count))
    assert set(found) == set(range(count))
    # Six standard deviations and more.
    assert all(abs(times - turns) < 7 * turns**0.5 for times in found.values())


def test_of_nothing_nothing_is_chosen() -> None:
    with pytest.raises(IndexError):
        RealEntropy().choice([])
