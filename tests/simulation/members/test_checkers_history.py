"""The history checker is fed bad histories: it must refuse each, and nothing else."""

import re

import pytest

from cluster.messages.store import Compare, Delete, KeyValue, Put, StoreEvent
from tests.simulation.members.checkers.history import Op, Revision, check


def kv(key: str, value: bytes, create: int, mod: int, version: int, lease: int = 0) -> KeyValue:
    return KeyValue(key, value, create, mod, version, b"", lease)


A2, A3 = kv("a", b"1", 2, 2, 1), kv("a", b"2", 2, 3, 2)
GONE = kv("a", b"2", 2, 4, 2)


def truth() -> list[Revision]:
    """a=1 at 2, a=2 at 3, a deleted at 4."""
    return [
        Revision(2, (StoreEvent("put", A2, None, "w1"),), 1.5),
        Revision(3, (StoreEvent("put", A3, A2, "w2"),), 3.5),
        Revision(4, (StoreEvent("delete", GONE, A3, "w3"),), 5.5),
    ]


def ops() -> list[Op]:
    """The three writes, one after the other, and a read between each two."""
    return [
        Op("w1", "write", 1, 2, (), (Put("a", b"1"),), succeeded=True, revision=2, items=(A2,)),
        Op("r1", "read", 2.1, 2.2, key="a", revision=2, items=(A2,)),
        Op("w2", "write", 3, 4, (Compare("a", "mod", 2),), (Put("a", b"2"),), succeeded=True,
           revision=3, items=(A3,)),
        Op("r2", "read", 4.1, 4.2, key="a", range_end="b", revision=3, items=(A3,)),
        Op("w3", "write", 5, 6, (), (Delete("a"),), succeeded=True, revision=4, items=(A3,)),
        Op("r3", "serializable", 6.1, 6.2, key="a", revision=2, items=(A2,)),
    ]  # fmt: skip


def test_a_good_history_has_nothing_wrong() -> None:
    assert check(ops(), truth()) == []


def test_unknown_outcomes_are_told_by_the_revisions() -> None:
    history = ops()
    history[2].end, history[2].succeeded, history[2].revision = float("inf"), False, 0
    assert check(history, truth()) == []


@pytest.mark.parametrize(
    ("number", "change", "wrong"),
    [
        (1, {"revision": 4, "items": ()}, "comes|is at 3|at 4"),
        (3, {"revision": 2, "items": (A2,)}, "r2 .* is at 2, after w2 at 3"),
        (1, {"items": (A3,)}, "there was"),
        (3, {"items": ()}, "there was"),
        (5, {"items": ()}, "there was"),
        (4, {"revision": 9}, "w3 told"),
        (4, {"revision": 3}, "w3"),
        (0, {"begin": 1.8}, "was not asked for"),
        (2, {"error": "Fenced", "succeeded": False, "revision": 0}, "refused"),
        (2, {"success": (Put("a", b"other"),)}, "not"),
        (2, {"compare": (Compare("a", "mod", 7),)}, "against its compare"),
        (2, {"id": "w9"}, "not asked for|lost"),
    ],
)  # fmt: skip
def test_a_bad_one(number: int, change: dict[str, object], wrong: str) -> None:
    history = ops()
    for name, value in change.items():
        setattr(history[number], name, value)
    found = check(history, truth())
    assert found
    assert any(re.search(wrong, text) for text in found), found


def test_a_write_under_the_fence_of_another_term() -> None:
    steps = [Revision(step.revision, step.events, step.seen, term=4) for step in truth()]
    history = ops()
    history[2].fence = 4
    assert check(history, steps) == []
    history[2].fence = 3
    assert any("fenced" in text for text in check(history, steps))


def test_a_write_applied_twice() -> None:
    double = kv("a", b"1", 5, 5, 1)
    again = [*truth(), Revision(5, (StoreEvent("put", double, None, "w1"),), 7.0)]
    assert any("applied twice" in text for text in check(ops(), again))


def test_an_acknowledged_write_that_is_nowhere() -> None:
    assert any("lost" in text for text in check(ops(), truth()[:2]))


def test_a_compare_that_failed_though_it_holds() -> None:
    refused = Op("w4", "write", 7, 8, (Compare("a", "mod", 0),), (), revision=4, items=(None,))
    assert any("though its compare holds" in text for text in check([*ops(), refused], truth()))


def test_events_that_do_not_follow_from_what_was() -> None:
    wrong = truth()
    wrong[1] = Revision(3, (StoreEvent("put", A3, None, "w2"),), 3.5)
    assert any("was" in text for text in check(ops(), wrong))
    wrong[1] = Revision(3, (StoreEvent("put", kv("a", b"2", 2, 3, 9), A2, "w2"),), 3.5)
    assert any("numbered" in text for text in check(ops(), wrong))


def test_changes_that_nobody_asked_for() -> None:
    leased = kv("b", b"", 5, 5, 1, lease=7)
    put = Revision(5, (StoreEvent("put", leased, None, ""),), 7.0)
    assert any("nobody asked" in text for text in check(ops(), [*truth(), put]))
    own = Op("w5", "write", 6.5, 8, (), (Put("b", b"", lease=7),), succeeded=True, revision=5)
    end = Revision(6, (StoreEvent("delete", kv("b", b"", 5, 6, 1, 7), leased, ""),), 8.0)
    put = Revision(5, (StoreEvent("put", leased, None, "w5"),), 7.0)
    assert check([*ops(), own], [*truth(), put, end]) == []
