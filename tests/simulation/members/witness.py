"""What really happened, told to the checkers as plain facts; and which rare things came up.

Job: translate Readys and messages into the checkers' words. Must not know: what is right.
"""

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from cluster.raft.member import Member
from cluster.raft.messages import (
    AppendRequest,
    AppendResponse,
    Entry,
    Membership,
    RaftRpc,
    SnapshotMeta,
    SnapshotRequest,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
)
from cluster.raft.ready import Ready
from cluster.state.commands import (
    Command,
    CompactCommand,
    LeaseGrantCommand,
    LeaseRevokeCommand,
)
from tests.simulation.members.checkers.history import Revision
from tests.simulation.members.checkers.raft import Fact, Groups

if TYPE_CHECKING:
    from tests.simulation.members.host import Host
    from tests.simulation.members.simulation import Simulation


def groups_of(membership: Membership) -> Groups:
    """Each of these must have a majority for anything."""
    groups = (membership.voters, membership.outgoing)
    return [group for group in groups if group]


def facts(entries: Sequence[Entry]) -> list[Fact]:
    """Entries as the checkers know them."""
    return [(entry.index, entry.term, entry.data) for entry in entries]


class Witness:
    """``truth``: what became of each revision. ``lease_ends``: when a lease was first seen gone.
    ``compacted``: the highest revision before which history may be gone."""

    def __init__(self, sim: "Simulation") -> None:
        self.sim = sim
        self.truth: list[Revision] = []
        self.lease_ends: dict[int, float] = {}
        self.compacted = 1
        self.applied_entries = 0

    # -- Raft -----------------------------------------------------------------------------------

    def took(self, host: "Host", member: Member, ready: Ready) -> None:
        """A member handed out a Ready."""
        raft = self.sim.raft
        log = member.log
        leading = member.role == "leader"
        if ready.entries:
            first = ready.entries[0].index
            before = log.term_at(first - 1)
            cut = raft.truncations
            raft.handed(host.name, leading, -1 if before is None else before, facts(ready.entries))
            if raft.truncations > cut:
                self.sim.seen.saw("conflict truncated")
                self.sim.network.void(host.name)
        commit = member.commit
        assert commit >= host.told_commit, f"commit went back from {host.told_commit} to {commit}"
        if ready.standing is not None and leading:
            raft.leads(
                host.name,
                host.life,
                member.term,
                groups_of(member.membership),
                [entry.term for entry in log.entries],
                log.base_index,
            )
            self._elected(member)
        if leading:
            self._matches(host, member)
        if leading and commit > host.told_commit:
            term = log.term_at(commit)
            raft.committed(
                host.name, member.term, commit, -1 if term is None else term,
                groups_of(member.membership),
            )  # fmt: skip
        host.told_commit = commit
        for read in ready.reads:
            if read.index is None:
                self.sim.seen.saw("ReadIndex across a leader change")

    def _matches(self, host: "Host", member: Member) -> None:
        """What the leader believes of its peers, where that has changed."""
        told = host.told_matches
        for name, progress in member.state.progress.items():
            if progress.left_at:
                # It is out, perhaps wiped already; it is only told so.
                continue
            life = (member.term, progress.tenure)
            if told.get(name) != (life, progress.match):
                old_life, old = told.get(name, (life, 0))
                term = member.log.term_at(progress.match)
                self.sim.raft.matched(
                    host.name, member.term, name, progress.match, -1 if term is None else term,
                    old if old_life == life else 0,
                )  # fmt: skip
                told[name] = (life, progress.match)
            if progress.read:
                self.sim.raft.round_answered(host.name, member.term, name, progress.read)

    def _elected(self, member: Member) -> None:
        seen, network = self.sim.seen, self.sim.network
        self.sim.on_election(member.state.config.member)
        seen.saw("leader elected")
        if member.membership.outgoing:
            seen.saw("leader elected in a joint membership")
        if network.cut or network.clogged:
            seen.saw("leader elected during a partition")
        if member.log.snapshot_index:
            seen.saw("leader elected on a compacted log")

    def sent(self, host: "Host", message: RaftRpc) -> None:
        """A message leaves: what it promises must survive whatever comes."""
        raft = self.sim.raft
        if isinstance(message, AppendRequest):
            return
        if isinstance(message, AppendResponse):
            if message.accepted:
                raft.promise(host.name, message.term, message.index)
        elif isinstance(message, VoteResponse):
            if message.granted and not message.pre:
                raft.promise(host.name, message.term, 0)
                raft.voted(host.name, message.term, message.to)
        elif isinstance(message, VoteRequest):
            if not message.pre:
                raft.promise(host.name, message.term, 0)
                raft.voted(host.name, message.term, host.name)
        elif isinstance(message, SnapshotRequest):
            if message.offset:
                self.sim.seen.saw("snapshot sent in several chunks")
        elif isinstance(message, TimeoutNow):
            self.sim.seen.saw("leadership handed over")

    def durable(self, host: "Host", group: Sequence[Ready]) -> None:
        """These are on disk."""
        raft = self.sim.raft
        for ready in group:
            hard = ready.hard_state
            if hard is not None and hard.vote == host.name:
                raft.voted(host.name, hard.term, host.name)
            if ready.entries:
                raft.durable(host.name, facts(ready.entries))
            for chunk in ready.chunks:
                if chunk.offset and host.first_chunk:
                    self.sim.seen.saw("snapshot resumed after a crash")
                host.first_chunk = False

    def installed(self, host: "Host", meta: SnapshotMeta) -> None:
        """A snapshot of the leader took the place of state and log."""
        seen, network = self.sim.seen, self.sim.network
        self.sim.raft.installed(host.name, meta.index, meta.term)
        mark = self.mark(host)
        expected = self.sim.raft.marks[meta.index]
        assert mark == expected, f"{host.name} installed {mark} at {meta.index}, not {expected}"
        self.sim.tell(f"{host.name} installs the snapshot of {meta.index}")
        seen.saw("snapshot installed")
        if network.cut or network.clogged:
            seen.saw("snapshot installed during a partition")
        if meta.membership.outgoing:
            seen.saw("snapshot of a joint membership installed")
        if host.name in meta.membership.learners:
            seen.saw("snapshot installed at a learner")

    # -- state ----------------------------------------------------------------------------------

    @staticmethod
    def mark(host: "Host") -> object:
        """What the state is, short: equal for equal states."""
        machine = host.machine
        return (
            machine.digest.value,
            machine.revision,
            machine.time,
            len(machine.items),
            len(machine.leases),
        )

    def applied(self, host: "Host", entry: Entry, command: Command | None, before: int) -> None:
        """An entry was applied; the revision ``before`` it."""
        sim, machine, member = self.sim, host.machine, host.member
        assert member is not None
        self.applied_entries += 1
        first = entry.index == len(sim.raft.chosen)
        sim.raft.applied(
            host.name, member.term, (entry.index, entry.term, entry.data), self.mark(host)
        )
        if not first:
            return
        now = sim.timeline.now
        for revision in range(before + 1, machine.revision + 1):
            events = machine.history.at(revision)
            self.truth.append(Revision(revision, events, now, entry.term))
        bound = machine.revision - sim.knobs.history_revisions + 1
        self.compacted = max(self.compacted, bound)
        if isinstance(command, CompactCommand):
            self.compacted = max(self.compacted, command.revision)
            sim.seen.saw("history compacted")
        self._leases(command, entry.index, machine.leases, now)

    def _leases(
        self, command: Command | None, index: int, leases: Container[int], now: float
    ) -> None:
        """When each lease began and was first seen gone, but for those that were revoked."""
        open_leases = self.sim.open_leases
        if isinstance(command, LeaseGrantCommand):
            open_leases.setdefault(command.id, index)
        elif isinstance(command, LeaseRevokeCommand):
            open_leases.pop(command.id, None)
        if not open_leases:
            return
        for lease in [lease for lease in open_leases if lease not in leases]:
            del open_leases[lease]
            self.lease_ends[lease] = now
            self.sim.seen.saw("lease ended by time")
