"""How long until a leader that fell silent is replaced, whenever timers ring and messages arrive.

The bound has one part per step: the last timer; a pre-vote asked and told; the candidate's own
sync; a vote asked, synced, told.
"""

import random

import pytest

from cluster.raft import candidate
from tests.unit.cluster.raft.elections import TIMING, Election
from tests.unit.cluster.raft.paper import FIVE, THREE

ELECTION_MIN, ELECTION_MAX = TIMING.election_min, TIMING.election_max
STAGGER = 0.02
# Messages and syncs of a quiet machine, and of a busy one; the most each takes, in seconds.
QUICK, BUSY = (0.003, 0.006), (0.01, 0.01)
SKEW = 0.01  # between the moments at which two members heard the leader last


def in_the_same_moment(voters: tuple[str, ...], leader: str = "a") -> Election:
    """All timers ring at the same time, and every message and sync takes as long as another."""
    return Election(voters, leader, lambda name: 0.5, lambda: 0.002, lambda: 0.004)


# When their timers ring, and what an election takes from then on.
RANG = (ELECTION_MIN + ELECTION_MAX) / 2
ROUND = 4 * 0.002 + 2 * 0.004


def at_random(seed: int, voters: tuple[str, ...], most: tuple[float, float]) -> Election:
    """Anyone led; timers, delays, who heard it last, and who holds an entry more, by ``seed``."""
    rng = random.Random(seed)
    travel, disk = most
    return Election(
        voters,
        rng.choice(voters),
        lambda name: rng.random(),
        lambda: rng.uniform(0.0003, travel),
        lambda: rng.uniform(0.0005, disk),
        heard={name: rng.uniform(0.0, SKEW) for name in voters},
        logs={name: (1,) * rng.choice((1, 1, 1, 2)) for name in voters},
    )


def with_b_cut_off_from_d_and_e(seed: int, travel: float) -> Election:
    """In both directions. Messages take half of ``travel`` to all of it."""
    rng = random.Random(seed)
    cut = [(one, other) for pair in ("bd", "be") for one, other in (pair, pair[::-1])]
    return Election(
        FIVE,
        "a",
        lambda name: rng.random(),
        lambda: rng.uniform(0.5, 1.0) * travel,
        lambda: 0.004,
        cut=cut,
    )


def once(most: tuple[float, float]) -> float:
    """An election without a timer: one more message, if the first question came too early."""
    travel, disk = most
    return 5 * travel + 3 * disk


@pytest.mark.parametrize("leader", THREE)
def test_two_whose_timers_ring_together_elect_in_one_round(leader: str) -> None:
    election = in_the_same_moment(THREE, leader)
    took = election.run(5.0)
    assert took == pytest.approx(RANG + ROUND)
    first = min(name for name in THREE if name != leader)
    assert election.stood == [(2, first)]


def test_four_whose_timers_ring_together_elect_in_one_round() -> None:
    election = in_the_same_moment(FIVE)
    took = election.run(5.0)
    assert took is not None and took < RANG + 2 * ROUND
    assert election.stood == [(2, "b")]


def test_a_split_vote_is_followed_by_a_second_round_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it would be if nobody gave way. They do not stand together again."""
    monkeypatch.setattr(candidate, "_give_way", lambda state, rival: None)
    election = in_the_same_moment(THREE)
    took = election.run(5.0)
    assert took is not None and took < RANG + 2 * ROUND + STAGGER / 10
    assert election.stood == [(2, "b"), (2, "c"), (3, "b")]


@pytest.mark.parametrize("most", [QUICK, BUSY], ids=["quick", "busy"])
def test_of_three_one_stands_and_wins_when_the_last_timer_rings(most: tuple[float, float]) -> None:
    bound = SKEW + ELECTION_MAX + once(most)
    for seed in range(800):
        election = at_random(seed, THREE, most)
        took = election.run(5.0)
        assert took is not None and took <= bound, f"seed {seed}: {took}"
        assert len(election.stood) == 1, f"seed {seed}: {election.stood}"


def test_of_five_somebody_wins_at_the_latest_in_a_second_round() -> None:
    """Two may stand if each heard from a quorum before it heard of the other; that ends soon."""
    again = STAGGER * 1.1 * (len(FIVE) - 2) + once(QUICK)
    bound = SKEW + ELECTION_MAX + once(QUICK) + again
    rounds = 0
    for seed in range(800):
        election = at_random(seed, FIVE, QUICK)
        took = election.run(5.0)
        assert took is not None and took <= bound, f"seed {seed}: {took}"
        rounds += len({term for term, _ in election.stood}) > 1
    assert rounds <= 800 // 25, "it should be rare"


def test_with_the_defaults_half_a_second_is_enough() -> None:
    """With what clients need to find the new leader."""
    assert SKEW + ELECTION_MAX + once(QUICK) < 0.47


# -- logs that differ -----------------------------------------------------------------------------


def test_the_better_log_wins_whatever_the_name() -> None:
    """The other could not have its vote."""
    election = Election(
        THREE, "a", lambda name: 0.5, lambda: 0.002, lambda: 0.004, logs={"c": (1, 1)}
    )
    took = election.run(5.0)
    assert took is not None and took < RANG + 2 * ROUND
    assert election.stood == [(2, "c")]


def test_who_asked_too_early_asks_again_when_the_other_is_seen_to_miss_the_leader() -> None:
    """c heard the leader a moment later than b and passes over b's question. Then it asks itself,
    with the worse log: that shows b that it would be answered now."""
    election = Election(
        THREE,
        "a",
        lambda name: 0.0 if name == "b" else 0.1,
        lambda: 0.001,
        lambda: 0.004,
        heard={"c": 0.009},
        logs={"b": (1, 1)},
    )
    took = election.run(5.0)
    assert took is not None and took < ELECTION_MIN + 0.009 + 0.006 + once((0.001, 0.004))
    assert election.stood == [(2, "b")]


# -- links that are cut ---------------------------------------------------------------------------


def test_a_question_that_never_arrives_makes_nobody_give_way() -> None:
    """b is heard by nobody, but hears: c wins, and at once."""
    cut = [("b", "c"), ("b", "d"), ("b", "e")]
    election = Election(FIVE, "a", lambda name: 0.5, lambda: 0.002, lambda: 0.004, cut=cut)
    took = election.run(5.0)
    assert took is not None and took < RANG + 2 * ROUND
    assert election.stood == [(2, "c")]


@pytest.mark.parametrize("travel", [0.005, 0.05])
def test_who_cannot_win_does_not_hold_up_those_who_can(travel: float) -> None:
    """b reaches c only, which gives way to it; c, d and e are a quorum."""
    for seed in range(200):
        took = with_b_cut_off_from_d_and_e(seed, travel).run(10.0)
        assert took is not None and took < 1.0 + 20 * travel, f"seed {seed}: {took}"


def test_if_the_winner_dies_who_gave_way_asks_again_soon() -> None:
    """Not after a whole election timeout more."""
    election = in_the_same_moment(FIVE)
    election.stop("b", RANG + 0.002)  # their questions have arrived
    took = election.run(5.0)
    assert took is not None and took < RANG + 0.002 + ELECTION_MIN / 2 + ROUND


# -- a connection that breaks ---------------------------------------------------------------------


@pytest.mark.parametrize("voters", [THREE, FIVE], ids=["three", "five"])
def test_when_connections_break_at_once_so_is_the_election(voters: tuple[str, ...]) -> None:
    """All notice within a few ms, in any order."""
    for seed in range(300):
        election = at_random(seed, voters, QUICK)
        rng = random.Random(-seed)
        for name in election.peers:
            election.lose(name, 0.02 + rng.uniform(0, 0.01))
        took = election.run(5.0)
        assert took is not None and took < 0.15, f"seed {seed}: {took}"
