"""Replicas of a live cluster: added, removed, rebuilt, in steps that can be repeated.

Job: the order of the steps, and when to refuse. Whatever a command did before it was cut short,
running it again completes it: each step looks first at what is so already. Must not know: how a
process is started, how the store is asked (``Hands``).

A replica's ``initial`` in the settings is the mark of what is under way: "join" from the moment it
is to come in until it votes. What is not a member and is to become one starts from an empty disk.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from cluster.messages.store import MembershipStatus
from cluster.settings import ClusterSettings, ReplicaSettings
from deploy.client import ApiError, Unreachable, passing
from deploy.options import again
from deploy.progress import Progress
from deploy.store_door import leader, member, voters

# How long a change may be refused (another is under way), and a learner may take to catch up.
CHANGE_SECONDS = 10.0
CATCH_UP_SECONDS = 300.0


class Hands(Protocol):
    """What the steps touch. All of it may be done again."""

    def settings(self) -> ClusterSettings:
        """As they are on disk now."""

    def save(self, settings: ClusterSettings) -> None:
        """Write them, and tell all processes to read them."""

    def tell(self) -> None:
        """Tell all processes to read the settings."""

    def check_free(self, settings: ClusterSettings, name: str) -> None:
        """Raises NotFree if a replica's addresses are used by others."""

    def certify(self, settings: ClusterSettings) -> None:
        """Keys, addresses and kubeconfig of all replicas."""

    def runs(self, name: str) -> bool:
        """Whether the process lives."""

    def start(self, name: str) -> None:
        """Start it and wait until it is ready. Raises LaunchError."""

    def stop(self, name: str) -> None:
        """End the process, if it runs."""

    def wipe(self, name: str) -> None:
        """Remove a replica's data."""

    def forget(self, replica: ReplicaSettings) -> None:
        """Remove a replica's data, keys and addresses."""

    def members(self) -> MembershipStatus:
        """Who takes part. Raises Unreachable, ApiError."""

    def led(self) -> MembershipStatus | None:
        """The same, None if there is no leader."""

    def change(self, action: str, name: str) -> None:
        """One change of the membership. Raises Unreachable, ApiError."""

    def transfer(self, to: str) -> None:
        """Make another the leader. Raises Unreachable, ApiError."""

    def clock(self) -> float:
        """Seconds."""

    def pause(self) -> None:
        """A moment before something is looked at again."""


def add(
    hands: Hands, progress: Progress, plan: Callable[[ClusterSettings], ReplicaSettings]
) -> str:
    """Add the replica that ``plan`` makes, or complete what was begun. Returns its name."""
    hands.tell()
    require_leader(hands)
    settings = hands.settings()
    begun = [replica.name for replica in settings.replicas if replica.initial == "join"]
    if begun:
        progress.say(f"going on with {begun[0]}, which was begun before")
        join(hands, progress, begun[0])
        return begun[0]
    added = msgspec.structs.replace(plan(settings), initial="join")
    settings = msgspec.structs.replace(settings, replicas=(*settings.replicas, added))
    hands.check_free(settings, added.name)
    # An address that is told before it is there is dialled in vain, for seconds.
    hands.certify(settings)
    hands.save(settings)
    join(hands, progress, added.name)
    return added.name


def join(hands: Hands, progress: Progress, name: str) -> None:
    """Make a replica of the settings a voter: learner first, so that it counts only once it holds
    what the others hold."""
    hands.certify(hands.settings())
    known = member(hands.members(), name) is not None
    with progress.step(f"{name} started"):
        if not known:
            hands.stop(name)
            hands.wipe(name)
        if not hands.runs(name):
            hands.start(name)
    with progress.step(f"{name} learns what the others know"):
        reach(hands, "add-learner", name, lambda members: member(members, name) is not None)
    with progress.step(f"{name} votes"):
        reach(hands, "promote", name, lambda members: name in voters(members), CATCH_UP_SECONDS)
    mark(hands, [name], "existing")


def reach(
    hands: Hands,
    action: str,
    name: str,
    done: Callable[[MembershipStatus], bool],
    seconds: float = CHANGE_SECONDS,
) -> None:
    """Ask for a change until ``done`` says that it is so. Raises what the last try raised."""
    until = hands.clock() + seconds
    while not done(hands.members()):
        try:
            hands.change(action, name)
        except (Unreachable, ApiError) as error:
            # 409: the store says what must be so first (a change ends, a learner catches up).
            later = passing(error) or (isinstance(error, ApiError) and error.code == 409)
            if not later or hands.clock() > until:
                raise
            hands.pause()


def remove(hands: Hands, progress: Progress, name: str) -> None:
    """Take a replica out for good. Raises KeyError, ValueError if it is needed."""
    hands.tell()
    settings = hands.settings()
    gone = settings.replica(name)
    with progress.step(f"{name} out of the quorum"):
        leave(hands, name)
    with progress.step(f"{name} ended"):
        hands.stop(name)
        hands.forget(gone)
    left = tuple(replica for replica in settings.replicas if replica.name != name)
    settings = msgspec.structs.replace(settings, replicas=left)
    hands.save(settings)
    hands.certify(settings)


def leave(hands: Hands, name: str) -> None:
    """A member hands over if it leads, and is a member no more.

    If the others can decide without it, it is ended first: its API server then ends what it has
    begun while its store still answers. That is no less safe: until the change is made as many of
    the others must live as after it.
    """
    members = require_leader(hands)
    if member(members, name) is None:
        return
    check_can_lose(hands, members, name)
    if leader(members) == name:
        hands.transfer("")
    voting = voters(members)
    living = [voter for voter in voting if voter != name and hands.runs(voter)]
    if len(living) > len(voting) // 2:
        hands.stop(name)
    reach(hands, "remove", name, lambda now: member(now, name) is None)


def require_leader(hands: Hands) -> MembershipStatus:
    """The members. Raises Unreachable with what to do if nobody leads."""
    members = hands.led()
    if members is None:
        raise Unreachable(
            "the replicas have no leader, so nothing can be changed: " + way_out(hands.settings())
        )
    return members


def way_out(settings: ClusterSettings) -> str:
    """What to do where nobody leads."""
    options = again(settings)
    return (
        f"start what is missing with `steersman up{options}`; if replicas are lost for good: "
        f"`steersman replica recover{options}`"
    )


def check_can_lose(hands: Hands, members: MembershipStatus, name: str) -> None:
    """Raises ValueError if the voters that would be left could not decide anything."""
    if name not in voters(members):
        return
    left = [voter for voter in voters(members) if voter != name]
    if not left:
        raise ValueError(f"{name} is the only voter: without it there is no cluster")
    living = [voter for voter in left if hands.runs(voter)]
    needed = len(left) // 2 + 1
    if len(living) < needed:
        down = ", ".join(voter for voter in left if voter not in living)
        raise ValueError(
            f"without {name} only {len(living)} of {len(left)} replicas would run, and {needed} "
            f"must: start {down} first, or remove what is lost for good"
        )


def rebuild(hands: Hands, progress: Progress, name: str) -> None:
    """Take a replica out, empty its disk, take it in again: for one whose log is lost or damaged.

    Raises KeyError, ValueError if the others cannot do without it."""
    hands.tell()
    hands.settings().replica(name)
    with progress.step(f"{name} out of the quorum"):
        leave(hands, name)
    mark(hands, [name], "join")
    join(hands, progress, name)


def settle(hands: Hands) -> list[str]:
    """After all replicas came up: none of them is new any more, so that one whose disk is lost
    founds no second cluster. Returns those whose coming in was begun and is not complete."""
    replicas = hands.settings().replicas
    settled = [replica.name for replica in replicas if replica.initial == "new"]
    joining = [replica.name for replica in replicas if replica.initial == "join"]
    if joining:
        members = hands.led()
        settled += [name for name in joining if members is not None and name in voters(members)]
    mark(hands, settled, "existing")
    return [name for name in joining if name not in settled]


def mark(hands: Hands, names: list[str], initial: str) -> None:
    """Write what an empty disk means for these replicas."""
    settings = hands.settings()
    if all(replica.initial == initial for replica in settings.replicas if replica.name in names):
        return
    replicas = tuple(
        msgspec.structs.replace(replica, initial=initial) if replica.name in names else replica
        for replica in settings.replicas
    )
    hands.save(msgspec.structs.replace(settings, replicas=replicas))
