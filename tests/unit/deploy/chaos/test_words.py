"""Orders as they are typed, and back again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos.orders import Order
from deploy.chaos import words


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("share", "10%", 0.1), ("share", "0.25", 0.25), ("share", "100%", 1.0),
        ("speed", "1MB/s", 1e6), ("speed", "64KiB/s", 65536), ("speed", "500", 500),
        ("time", "40ms", 0.04), ("time", "2m", 120),
        ("jump", "-30s", -30), ("jump", "+1m", 60), ("jump", "30s", 30), ("count", "2", 2),
    ],
)  # fmt: skip
def test_amounts(kind: str, text: str, wanted: float) -> None:
    assert words.amount(kind, text) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("share", "110%"), ("share", "x%"), ("speed", "1XB/s"), ("count", "0"), ("count", "1.5"),
     ("jump", "--3s"), ("jump", "soon"), ("time", "-3s"), ("time", "s")],
)  # fmt: skip
def test_what_is_no_amount(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|no time"):
        words.amount(kind, text)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("kill", Order("kill")),
        ("kill leader", Order("kill", "leader")),
        ("partition zone/a zone/b", Order("partition", "zone/a", "zone/b")),
        ("delay zone/a zone/b 40ms", Order("delay", "zone/a", "zone/b", 0.04)),
        ("delay 40ms leader", Order("delay", "leader", "", 0.04)),
        ("loss leader 10%", Order("loss", "leader", "", 0.1)),
        ("clock leader -30s", Order("clock", "leader", "", -30)),
        ("container-kill node/n2 3", Order("container-kill", "node/n2", "", 3)),
    ],
)
def test_orders(typed: str, wanted: Order) -> None:
    verb, *rest = typed.split()
    assert words.order(verb, rest) == wanted


def test_options_of_orders() -> None:
    made = words.order("delay", ["leader", "40ms"], "1m", "out", "5ms")
    assert made == Order("delay", "leader", "", 0.04, jitter=0.005, way="out", seconds=60)
    assert words.order("clock", ["leader"], rate=1.5) == Order("clock", "leader", rate=1.5)


@pytest.mark.parametrize(
    ("verb", "typed", "said"),
    [
        ("kill", ["a", "b"], "one target at most"),
        ("partition", ["a", "b", "c"], "two targets at most"),
        ("delay", ["a", "1s", "2s"], "one amount"),
        ("kill", ["a", "30s"], "one target at most"),
        ("explode", [], "'explode' is not one of: kill, pause"),
    ],
)
def test_words_too_many(verb: str, typed: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        words.order(verb, typed)


def test_a_fault_lasts_for_some_time_or_until_it_is_healed() -> None:
    for nothing in ("0s", "0", "0ms"):
        with pytest.raises(ValueError, match=r"takes longer than that|no duration"):
            words.order("kill", ["leader"], nothing)
    assert words.order("kill", ["leader"]).seconds == 0.0


def test_a_direction_that_is_none() -> None:
    with pytest.raises(ValueError, match="--way is one of both, out, in, bridge"):
        words.order("partition", ["leader"], way="sideways")


TARGETS = st.sampled_from(["leader", "zone/a", "node/n2", "replica-1,node-1", "random"])


@given(
    st.one_of(
        st.builds(Order, st.sampled_from(["delay"]), TARGETS, TARGETS,
                  st.integers(1, 999).map(lambda ms: ms / 1000)),
        st.builds(Order, st.sampled_from(["slow-disk"]), TARGETS, st.just(""),
                  st.integers(1, 7200).map(float)),
        st.builds(Order, st.sampled_from(["loss", "reorder"]), TARGETS, TARGETS,
                  st.integers(1, 100).map(lambda share: share / 100)),
        st.builds(Order, st.sampled_from(["bandwidth"]), TARGETS, TARGETS,
                  st.integers(1, 10**9).map(float)),
        st.builds(Order, st.sampled_from(["clock"]), TARGETS, st.just(""),
                  st.integers(-3600, 3600).filter(bool).map(float)),
        st.builds(Order, st.sampled_from(["kill", "pause", "disk-full"]), TARGETS),
    )
)  # fmt: skip
def test_what_is_shown_can_be_typed(order: Order) -> None:
    verb, *rest = words.about(order).split()
    again = words.order(verb, rest)
    assert again.amount == pytest.approx(order.amount)
    assert (again.verb, again.target, again.other) == (order.verb, order.target, order.other)


@given(st.floats(0.001, 86_400))
def test_a_time_that_is_shown_can_be_typed(seconds: float) -> None:
    shown = words.lasting(seconds)
    assert words.duration(shown) == pytest.approx(seconds, rel=0.001)


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0.4, "0s"), (59.6, "1m0s"), (90, "1m30s"), (7290, "2h1m")]
)
def test_times_to_look_at(seconds: float, wanted: str) -> None:
    assert words.ago(seconds) == wanted
