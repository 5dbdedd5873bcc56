"""Keys in order, against a sorted list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.messages.store import KeyValue
from cluster.state import keyspace
from cluster.state.keyspace import Keyspace

KEYS = st.text("abé\U0001f600", min_size=1, max_size=3)


def item(key: str, revision: int = 1) -> KeyValue:
    return KeyValue(key, b"", revision, revision, 1)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), KEYS), max_size=80),
    st.lists(st.tuples(KEYS, KEYS, st.integers(0, 4)), max_size=8),
)
def test_it_is_a_sorted_dict(
    steps: list[tuple[bool, str]], queries: list[tuple[str, str, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyspace, "CHUNK_KEYS", 4)
        space, model = Keyspace(), {}
        for remove, key in steps:
            if remove:
                assert space.pop(key) == model.pop(key, None)
            elif key not in model:
                model[key] = item(key)
                space.add(model[key])
        assert len(space) == len(model)
        for start, end, limit in [*queries, ("", "\U0010ffff", 0)]:
            within = sorted(key for key in model if start <= key < end)
            assert space.keys(start, end) == within
            assert space.keys(start, end, limit) == within[: limit or None]
            assert space.count(start, end) == len(within)
        everything = [item for chunk in space.freeze() for item in chunk]
        assert [item.key for item in everything] == sorted(model)
        assert sorted(item.key for item in space.freeze_values()) == sorted(model)


def test_copies_stay_as_they_were() -> None:
    space = Keyspace()
    for key in "abc":
        space.add(item(key))
    chunks, values = space.freeze(), space.freeze_values()
    space.pop("a")
    space.table["b"] = item("b", 2)
    space.add(item("d", 2))
    assert [item for chunk in chunks for item in chunk] == [item("a"), item("b"), item("c")]
    assert values == [item("a"), item("b"), item("c")]


def test_appending_in_order_is_adding() -> None:
    keys = [f"{number:05d}" for number in range(5000)]
    one, other = Keyspace(), Keyspace()
    for start in range(0, 5000, 700):
        one.append([item(key) for key in keys[start : start + 700]])
    for key in keys:
        other.add(item(key))
    assert one.keys("", "z") == other.keys("", "z") == keys
    one.pop("00300")
    one.add(item("00300"))
    assert one.keys("00299", "00302") == ["00299", "00300", "00301"]


@pytest.mark.parametrize("keys", [["b", "a"], ["a", "a"], ["0"], [""]])
def test_appending_out_of_order_is_refused(keys: list[str]) -> None:
    space = Keyspace()
    space.append([item("0")])
    with pytest.raises(ValueError, match="after"):
        space.append([item(key) for key in keys])
