"""What is wrong with the way to a peer, and what is counted of it."""

from actors.kit.transports.ways import RETRANSMISSIONS_MAX, Way, Ways
from actors.kit.world.memory import SeededEntropy
from cluster.chaos.faults import RETRANSMISSION_SECONDS, LinkFault


def way(**fault: float) -> tuple[Way, dict[str, int]]:
    struck: dict[str, int] = {}
    made = Way(SeededEntropy(1))
    made.suffer([(LinkFault("f", ("b",), **fault), struck)])  # type: ignore[arg-type]
    return made, struck


def test_a_way_without_faults_is_clear() -> None:
    plain = Way(SeededEntropy(1))
    assert plain.clear
    assert not plain.unreliable
    assert plain.due(5.0, 1000) == 5.0
    assert not plain.loses()
    assert not plain.doubles()
    assert plain.holds_back() == 0.0


def test_distance_and_delays_add_up() -> None:
    far = Way(SeededEntropy(1), distance=0.02)
    struck: dict[str, int] = {}
    far.suffer([(LinkFault("f", ("b",), delay=0.1), struck)])
    assert not far.clear
    assert far.due(5.0, 10) == 5.12
    assert struck == {"delayed": 1}
    far.suffer([])
    assert far.due(5.0, 10) == 5.02


def test_a_narrow_way_takes_one_after_the_other() -> None:
    narrow, struck = way(bandwidth=1000)
    assert narrow.due(1.0, 500) == 1.5
    assert narrow.due(1.0, 500) == 2.0
    assert narrow.due(9.0, 100) == 9.1
    assert struck == {"slowed": 3}


def test_what_is_lost_of_an_exchange_is_sent_anew() -> None:
    lossy, struck = way(loss=0.5)
    waits = [lossy.due(0.0, 10) for _ in range(400)]
    first = sum(wait >= RETRANSMISSION_SECONDS for wait in waits) / len(waits)
    assert 0.4 < first < 0.6
    assert struck["retransmitted"] == sum(wait > 0 for wait in waits)
    assert max(waits) <= RETRANSMISSION_SECONDS * 2**RETRANSMISSIONS_MAX


def test_told_messages_are_lost_doubled_and_held_back_by_their_shares() -> None:
    bad, struck = way(loss=0.3, duplicate=0.2, reorder=0.1)
    assert bad.unreliable
    lost = sum(bad.loses() == "f" for _ in range(1000))
    doubled = sum(bad.doubles() == "f" for _ in range(1000))
    late = sum(bad.holds_back() > 0 for _ in range(1000))
    assert 250 < lost < 350
    assert 150 < doubled < 250
    assert 50 < late < 150
    assert struck == {"dropped": lost, "duplicated": doubled, "reordered": late}


def test_a_cut_names_itself_and_tells_who_watches() -> None:
    ways, told = Ways(SeededEntropy(1)), []
    to_b, to_c = ways.to("b"), ways.to("c")
    to_b.watch(lambda: told.append("b"))
    to_c.watch(lambda: told.append("c"))
    struck: dict[str, int] = {}
    ways.suffer([(LinkFault("partition-1", ("b",), cut=True), struck)])
    assert (to_b.cut, to_c.cut) == ("partition-1", "")
    assert (ways.why("b"), ways.why("c"), ways.why("d")) == ("fault:partition-1", "", "")
    to_b.held()
    assert struck == {"held": 1}
    ways.suffer([])
    assert told == ["b", "c", "b", "c"]
    assert to_b.clear


def test_faults_of_peers_that_come_later_are_theirs_too() -> None:
    ways = Ways(SeededEntropy(1), {"b": 0.05})
    ways.suffer([(LinkFault("f", ("b", "c"), cut=True), {})])
    assert ways.to("c").cut == "f"
    assert ways.to("b").cut == "f"
    ways.suffer([])
    assert ways.to("b").due(0.0, 1) == 0.05
