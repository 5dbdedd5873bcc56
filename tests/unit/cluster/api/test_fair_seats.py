"""Fair turns, wide requests, seats that levels lend each other."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.api.fair_seats import Pool, Seats, Turn
from cluster.api.flow_schemas import Level
from cluster.api.work_estimates import ONE, Work

LEVEL = Level("l", "uid", seats=2, queues=8, hand=2, length=3)
LENDER = Level("lender", "", seats=4, queues=8, hand=2, length=9, lendable=3)
BORROWER = Level("borrower", "", seats=1, queues=8, hand=2, length=9, borrowing=2)


class Crowd:
    """Requests at a level; ``order``: who sat down, by name."""

    def __init__(self, seats: Seats) -> None:
        self.seats = seats
        self.order: list[str] = []
        self.sitting: dict[str, Turn] = {}
        self.waiting: dict[str, Turn] = {}

    def ask(self, name: str, work: Work = ONE, now: float = 0.0) -> bool | None:
        """Whether it sits at once; None if it is refused."""
        turn = self.seats.sit(work)
        if turn is not None:
            self.sitting[name] = turn
            return True
        turn = self.seats.wait(name.partition("/")[0], work, lambda: self._sits(name))
        if turn is None:
            return None
        self.waiting[name] = turn
        return False

    def _sits(self, name: str) -> None:
        self.order.append(name)
        self.sitting[name] = self.waiting.pop(name)

    def leave(self, name: str, now: float = 0.0) -> float:
        return self.seats.leave(self.sitting.pop(name), now)


def test_seats_go_to_who_waits() -> None:
    crowd = Crowd(Seats(LEVEL))
    assert [crowd.ask(name) for name in ("a", "b", "c/1", "c/2")] == [True, True, False, False]
    crowd.leave("a")
    assert crowd.order == ["c/1"]
    assert crowd.seats.forget(crowd.waiting["c/2"], 0.0)
    assert not crowd.seats.forget(crowd.sitting["c/1"], 0.0)
    crowd.leave("b")
    crowd.leave("c/1")
    assert (crowd.seats.taken, crowd.seats.waiting) == (0, 0)


def test_who_finds_no_place_is_refused() -> None:
    crowd = Crowd(Seats(LEVEL))
    found = [crowd.ask(f"a/{number}") for number in range(9)]
    assert found == [True, True, *[False] * 6, None], "two queues of three are this flow's"
    bare = Crowd(Seats(Level("none", seats=1)))
    assert [bare.ask("a"), bare.ask("b")] == [True, None]


def test_narrow_ones_wait_behind_a_wide_one_whose_turn_it_is() -> None:
    crowd = Crowd(Seats(Level("l", seats=4, queues=8, hand=1, length=9)))
    assert crowd.ask("small/1") and crowd.ask("small/2")
    assert crowd.ask("wide", Work(4)) is False
    assert crowd.ask("small/3") is False, "there is room, but it would starve the wide one"
    crowd.leave("small/1")
    assert crowd.order == []
    crowd.leave("small/2")
    assert crowd.order == ["wide"]
    crowd.leave("wide")
    assert crowd.order == ["wide", "small/3"]


def test_who_waited_in_front_and_goes_away_lets_the_next_in() -> None:
    crowd = Crowd(Seats(Level("l", seats=4, queues=8, hand=1, length=9)))
    assert crowd.ask("a")
    assert crowd.ask("b/wide", Work(4)) is False
    assert crowd.ask("b/narrow") is False
    assert crowd.seats.forget(crowd.waiting["b/wide"], 1.0)
    assert crowd.order == ["b/narrow"]


def test_who_takes_long_has_fewer_turns() -> None:
    crowd = Crowd(Seats(Level("l", seats=1, queues=64, hand=1, length=50)))
    crowd.ask("first")
    for number in range(20):
        crowd.ask(f"slow/{number}")
        crowd.ask(f"fast/{number}")
    crowd.leave("first")
    now = 0.0
    for _ in range(22):
        name = crowd.order[-1]
        now += 1.0 if name.startswith("slow") else 0.01
        crowd.leave(name, now)
    assert sum(name.startswith("slow") for name in crowd.order) <= 3, crowd.order


def test_the_last_seats_are_kept_until_they_are_dropped() -> None:
    seats = Seats(LEVEL)
    turn = seats.sit(Work(1, 2, 0.05))
    assert turn is not None and seats.taken == 2
    assert seats.leave(turn, 1.0) == 0.05
    assert seats.taken == 2
    seats.drop(turn, 1.05)
    assert seats.taken == 0
    turn = seats.sit(Work(2, 1, 0.05))
    assert turn is not None
    seats.leave(turn, 2.0)
    assert seats.taken == 1


def test_wider_than_the_level_sits_alone() -> None:
    crowd = Crowd(Seats(LEVEL))
    assert crowd.ask("a")
    assert crowd.ask("wide", Work(9)) is False
    crowd.leave("a")
    assert crowd.order == ["wide"]
    assert crowd.ask("b") is False


def test_free_seats_are_lent() -> None:
    pool = Pool()
    lender = pool.levels["lender"] = Seats(LENDER, pool)
    borrower = pool.levels["borrower"] = Seats(BORROWER, pool)
    crowd, owner = Crowd(borrower), Crowd(lender)
    assert [crowd.ask(f"a/{number}") for number in range(4)] == [True, True, True, False]
    assert pool.spare() == 1
    crowd.leave("a/0")
    assert crowd.order == ["a/3"]
    # What is lent does not keep the lender from its own seats.
    assert all(owner.ask(f"b/{number}") for number in range(4))
    assert pool.spare() == -2
    for number in (1, 2, 3):
        crowd.leave(f"a/{number}")
    assert crowd.ask("c/1") and crowd.ask("c/2") is False, "nothing is free"
    owner.leave("b/0")
    assert crowd.order == ["a/3", "c/2"], "a seat that nobody of its level waits for"


def test_a_wide_one_borrows_what_its_level_lacks() -> None:
    pool = Pool()
    pool.levels["lender"] = Seats(LENDER, pool)
    free = Level("free", "", seats=3, queues=8, hand=2, length=9, lendable=3)
    borrower = pool.levels["free"] = Seats(free, pool)
    crowd = Crowd(borrower)
    assert crowd.ask("a", Work(2)) and crowd.ask("b", Work(4)), "one of its own and three"
    assert pool.spare() == 0 and crowd.ask("c") is False


def test_what_is_not_lendable_is_kept() -> None:
    pool = Pool()
    pool.levels["kept"] = Seats(Level("kept", "", seats=4), pool)
    borrower = pool.levels["borrower"] = Seats(Level("b", "", seats=1), pool)
    assert [Crowd(borrower).ask("a") for _ in range(2)] == [True, None]


NAMES = st.sampled_from("abc")
STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "leave", "forget", "drop"]), NAMES, st.integers(1, 5)),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_seats_are_neither_lost_nor_made(
    steps: list[tuple[str, str, int]],
) -> None:
    pool = Pool()
    level = Level("l", "", seats=4, queues=4, hand=2, length=5, borrowing=2)
    seats = pool.levels["l"] = Seats(level, pool)
    pool.levels["other"] = Seats(LENDER, pool)
    crowd = Crowd(seats)
    final: list[Turn] = []
    for number, (step, flow, width) in enumerate(steps):
        now = float(number)
        if step == "ask":
            crowd.ask(f"{flow}/{number}", Work(width, width // 2, 0.1))
        elif step == "leave" and crowd.sitting:
            turn = crowd.sitting[min(crowd.sitting)]
            crowd.leave(min(crowd.sitting), now)
            final.append(turn)
        elif step == "forget" and crowd.waiting:
            name = min(crowd.waiting)
            assert seats.forget(crowd.waiting.pop(name), now)
        elif step == "drop" and final:
            seats.drop(final.pop(), now)
        held = sum(turn.held for turn in (*crowd.sitting.values(), *final))
        assert seats.taken == held <= 6 and seats.waiting == len(crowd.waiting)
        # Nobody waits while nobody sits.
        assert held or not crowd.waiting
    while crowd.sitting or final:
        for name in list(crowd.sitting):
            final.append(crowd.sitting[name])
            crowd.leave(name, 100.0)
        while final:
            seats.drop(final.pop(), 100.0)
    assert seats.taken == seats.waiting == 0, "all had their turn"


@given(st.integers(2, 10), st.integers(1, 30), st.integers(2, 20))
def test_a_client_of_big_lists_does_not_starve_the_rest(
    width: int, small: int, capacity: int
) -> None:
    """However many lists wait: a modest flow waits for those that sit, and little more."""
    wide = min(width, capacity)
    level = Level("l", "", seats=capacity, queues=64, hand=1, length=1000)
    crowd = Crowd(Seats(level))
    for number in range(100):
        crowd.ask(f"lists/{number}", Work(wide))
    begun = set(crowd.sitting)
    for number in range(small):
        crowd.ask(f"reads/{number}")
    now = 0.0
    lists = 0
    while any(name.startswith("reads") for name in (*crowd.waiting, *crowd.sitting)):
        reads = [name for name in crowd.sitting if name.startswith("reads")]
        now += 0.001 if reads else 1.0
        for name in reads or list(crowd.sitting):
            crowd.leave(name, now)
            lists += not reads and name not in begun
    assert lists <= capacity // wide + 1, crowd.order
