"""The steps on replicas: cut short after any of them, the command run again completes them."""

import io
from collections.abc import Callable

import msgspec
import pytest
from rich.console import Console

from cluster.messages.store import MembershipStatus, MemberStatus
from cluster.settings import ClusterSettings, ReplicaSettings
from deploy import replicas
from deploy.client import ApiError, Unreachable
from deploy.progress import Progress
from deploy.topology import Topology, build_settings

CHOSEN = Topology(runtime="memory", replicas=5, nodes=1)
ALL = build_settings(CHOSEN, "/nowhere").replicas
Log = tuple[int, int]


class CutShort(BaseException):
    """The command was killed here."""


class FakeHands:
    """A cluster as ``Hands`` sees it. ``calls_left``: acts before the command is killed, which
    then happens before or after the act (both are tried)."""

    def __init__(self, names: tuple[str, ...], settings: ClusterSettings) -> None:
        self.kept = settings
        self.told: ClusterSettings | None = None
        self.voters = list(names)
        self.learners: list[str] = []
        self.leader = names[0]
        self.running = set(names)
        self.logs: dict[str, Log | str] = dict.fromkeys(names, (3, 100))
        self.aside: dict[str, Log | str] = {}
        self.certified: list[str] = []
        self.refusals: list[ApiError | Unreachable] = []
        self.calls_left = 10_000
        self.after = False
        self.now = 0.0
        self.acts: list[str] = []

    def act(self, what: str, do: Callable[[], None]) -> None:
        self.acts.append(what)
        self.calls_left -= 1
        if self.calls_left < 0 and not self.after:
            raise CutShort(what)
        do()
        if self.calls_left < 0:
            raise CutShort(what)

    def settings(self) -> ClusterSettings:
        return self.kept

    def save(self, settings: ClusterSettings) -> None:
        told = {one.name for one in settings.replicas} - {one.name for one in self.kept.replicas}
        assert told <= set(self.certified), "its address is there before anybody is told"
        self.act("save", lambda: setattr(self, "kept", settings))
        self.tell()

    def tell(self) -> None:
        self.act("tell", lambda: setattr(self, "told", self.kept))

    def check_free(self, settings: ClusterSettings, name: str) -> None:
        pass

    def certify(self, settings: ClusterSettings) -> None:
        names = [replica.name for replica in settings.replicas]
        self.act("certify", lambda: setattr(self, "certified", names))

    def runs(self, name: str) -> bool:
        return name in self.running

    def start(self, name: str) -> None:
        assert self.told == self.kept, "the others know it before it starts"
        replica = self.kept.replica(name)
        assert name in self.logs or replica.initial == "join", f"{name} would refuse to start"

        def do() -> None:
            self.running.add(name)
            self.logs.setdefault(name, (0, 0))

        self.act(f"start {name}", do)

    def stop(self, name: str) -> None:
        self.act(f"stop {name}", lambda: self.running.discard(name))

    def wipe(self, name: str) -> None:
        assert name not in self.running
        assert name not in self.voters or self.members_lost(), "a voter's promises are wiped"
        self.act(f"wipe {name}", lambda: self.logs.pop(name, None) and None)

    def members_lost(self) -> bool:
        return self.led() is None

    def forget(self, replica: ReplicaSettings) -> None:
        self.wipe(replica.name)

    def members(self) -> MembershipStatus:
        found = self.led()
        if found is None:
            raise Unreachable("no leader")
        return found

    def led(self) -> MembershipStatus | None:
        living = [name for name in self.voters if name in self.running]
        if len(living) < len(self.voters) // 2 + 1:
            return None
        if self.leader not in living:
            self.leader = living[0]
        found = [
            MemberStatus(name, "voter", 100, "replicate", 0.0, name == self.leader)
            for name in self.voters
        ]
        found += [MemberStatus(name, "learner", 50, "probe") for name in self.learners]
        return MembershipStatus(tuple(found), False, 1)

    def change(self, action: str, name: str) -> None:
        if self.refusals:
            raise self.refusals.pop()

        def do() -> None:
            members = self.members()
            known = [one.name for one in members.members]
            if action == "add-learner":
                assert name not in known
                self.learners.append(name)
            elif action == "promote":
                assert name in self.running
                self.learners.remove(name)
                self.voters.append(name)
            else:
                assert action == "remove"
                assert name != self.leader, "it hands over first"
                (self.voters if name in self.voters else self.learners).remove(name)

        self.act(f"{action} {name}", do)

    def transfer(self, to: str) -> None:
        others = [one for one in self.voters if one in self.running and one != self.leader]
        self.act("transfer", lambda: setattr(self, "leader", to or others[0]))

    def position(self, name: str) -> tuple[int, int] | str:
        assert name not in self.running
        return self.logs.get(name, "has no log")

    def put_aside(self, name: str) -> None:
        assert not self.running
        found = self.logs.get(name)
        self.act(f"put aside {name}", lambda: self.logs.pop(name, None) and None)
        if found is not None:
            self.aside[name] = found

    def drop_aside(self, name: str) -> None:
        assert name in self.voters, "it has come in again"
        self.act(f"drop {name}", lambda: self.aside.pop(name, None) and None)

    def force(self, name: str) -> None:
        assert not self.running
        assert set(self.logs) == {name}, "nobody else can come back with the log it had"

        def do() -> None:
            self.voters, self.learners = [name], []

        self.act(f"force {name}", do)

    def clock(self) -> float:
        return self.now

    def pause(self) -> None:
        self.now += 0.05


def cluster(count: int) -> FakeHands:
    settings = build_settings(msgspec.structs.replace(CHOSEN, replicas=count), "/nowhere")
    kept = tuple(msgspec.structs.replace(one, initial="existing") for one in settings.replicas)
    settings = msgspec.structs.replace(settings, replicas=kept)
    return FakeHands(tuple(one.name for one in kept), settings)


def plan(settings: ClusterSettings) -> ReplicaSettings:
    taken = [one.name for one in settings.replicas]
    return next(one for one in ALL if one.name not in taken)


def quiet() -> Progress:
    return Progress(Console(file=io.StringIO()))


def whole(hands: FakeHands, names: set[str]) -> None:
    """Everything says the same: quorum, processes, settings, what processes know, keys."""
    assert set(hands.voters) == hands.running == names
    assert hands.learners == []
    assert {one.name for one in hands.kept.replicas} == names
    assert {one.initial for one in hands.kept.replicas} == {"existing"}
    assert hands.told == hands.kept
    assert set(hands.certified) == names


def cut_short_anywhere(
    make: Callable[[], FakeHands], command: Callable[[FakeHands], object], names: set[str]
) -> int:
    """Kill the command before and after each of its acts; run it again. Returns how many acts."""
    hands = make()
    command(hands)
    whole(hands, names)
    acts = len(hands.acts)
    for after in (False, True):
        for calls in range(acts):
            hands = make()
            hands.calls_left, hands.after = calls, after
            with pytest.raises(CutShort):
                command(hands)
            hands.calls_left = 10_000
            try:
                command(hands)
            except KeyError:
                # The last act was done already: there is nothing of that name to remove.
                assert after or calls >= acts - 2
                hands.certify(hands.kept)
            whole(hands, names)
    return acts


ONE, THREE, FOUR = ({f"replica-{number}" for number in range(1, n + 1)} for n in (1, 3, 4))


def test_add_cut_short_anywhere_is_completed_and_adds_one() -> None:
    def command(hands: FakeHands) -> None:
        if len(hands.kept.replicas) < 4 or hands.kept.replicas[-1].initial == "join":
            replicas.add(hands, quiet(), plan)
        else:
            hands.tell()

    assert cut_short_anywhere(lambda: cluster(3), command, FOUR) >= 8


def test_the_second_replica_of_a_cluster_of_one() -> None:
    hands = cluster(1)
    assert replicas.add(hands, quiet(), plan) == "replica-2"
    assert replicas.add(hands, quiet(), plan) == "replica-3"
    whole(hands, THREE)
    for name in ("replica-1", "replica-3"):
        replicas.remove(hands, quiet(), name)
    whole(hands, {"replica-2"})


@pytest.mark.parametrize("name", ["replica-1", "replica-3"])
def test_remove_cut_short_anywhere_is_completed(name: str) -> None:
    """replica-1 leads."""
    acts = cut_short_anywhere(
        lambda: cluster(3), lambda hands: replicas.remove(hands, quiet(), name), THREE - {name}
    )
    assert acts >= 6


def broken() -> FakeHands:
    """replica-2 has lost its disk and is down."""
    hands = cluster(3)
    hands.running.discard("replica-2")
    del hands.logs["replica-2"]
    return hands


def test_rebuild_cut_short_anywhere_is_completed() -> None:
    acts = cut_short_anywhere(
        broken, lambda hands: replicas.rebuild(hands, quiet(), "replica-2"), THREE
    )
    assert acts >= 9


def test_what_would_cost_the_quorum_is_refused() -> None:
    hands = cluster(3)
    hands.running.discard("replica-3")
    before = list(hands.voters)
    for command in (replicas.remove, replicas.rebuild):
        with pytest.raises(ValueError, match="start replica-3 first"):
            command(hands, quiet(), "replica-2")
    assert hands.voters == before
    replicas.remove(hands, quiet(), "replica-3")
    assert set(hands.voters) == {"replica-1", "replica-2"}
    with pytest.raises(ValueError, match="only voter"):
        replicas.remove(cluster(1), quiet(), "replica-1")


def test_without_a_leader_the_way_out_is_named() -> None:
    hands = cluster(5)
    hands.running = {"replica-2", "replica-4"}
    for command in (
        lambda: replicas.add(hands, quiet(), plan),
        lambda: replicas.remove(hands, quiet(), "replica-1"),
        lambda: replicas.rebuild(hands, quiet(), "replica-1"),
    ):
        with pytest.raises(Unreachable, match="replica recover"):
            command()


def test_a_refusal_that_passes_is_waited_out() -> None:
    hands = cluster(3)
    busy = ApiError(409, {"message": "a change is under way"})
    hands.refusals = [busy, ApiError(504, {}), Unreachable("gone")]
    replicas.add(hands, quiet(), plan)
    whole(hands, FOUR)
    hands.refusals = [busy] * 1000
    with pytest.raises(ApiError, match="under way"):
        replicas.remove(hands, quiet(), "replica-2")
    hands.refusals = [ApiError(403, {"message": "forbidden"})]
    with pytest.raises(ApiError, match="forbidden"):
        replicas.remove(hands, quiet(), "replica-2")


def test_after_the_first_start_nobody_founds_a_cluster_any_more() -> None:
    hands = cluster(3)
    fresh = tuple(msgspec.structs.replace(one, initial="new") for one in hands.kept.replicas)
    hands.kept = msgspec.structs.replace(hands.kept, replicas=fresh)
    replicas.settle(hands)
    assert [one.initial for one in hands.kept.replicas] == ["existing"] * 3
    assert hands.told == hands.kept
    acts = len(hands.acts)
    replicas.settle(hands)
    assert len(hands.acts) == acts, "nothing to write"


def test_up_marks_a_replica_that_votes_already() -> None:
    hands = cluster(3)
    replicas.mark(hands, ["replica-3"], "join")
    replicas.settle(hands)
    assert hands.kept.replica("replica-3").initial == "existing"
    hands.voters.remove("replica-3")
    replicas.mark(hands, ["replica-3"], "join")
    assert replicas.settle(hands) == ["replica-3"]
    assert hands.kept.replica("replica-3").initial == "join", "it has not come in yet"
