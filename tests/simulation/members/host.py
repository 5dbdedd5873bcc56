"""One host: its clock, its disk, and the processes that live and die on it.

Job: start from disk, die at a boundary, sleep, lose power, be wiped. Must not know: what a process
does in its turns (``shell``) and answers (``serving``); which faults come when.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from actors.kit.world.disk import DiskFault
from actors.store.persistence import LogDamaged
from cluster.raft.member import Member
from cluster.raft.member_state import Config
from cluster.raft.messages import Membership, SnapshotMeta
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import SnapshotDamaged, decode_snapshot, encode_snapshot
from tests.simulation.members.disk import SectorDisk
from tests.simulation.members.serving import Serving
from tests.simulation.members.shell import WitnessedPersistence
from tests.simulation.members.timeline import Job

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation

CLUSTER = "simulated"


class Crashed(BaseException):
    """The process dies at this very point."""


class Host(Serving):
    """``life`` counts processes that ran here. ``founding``: None for one that joins later.

    ``rate`` and ``offset`` make its clock of the true time.
    """

    def __init__(self, sim: "Simulation", name: str, founding: SnapshotMeta | None) -> None:
        self.sim = sim
        self.name = name
        self.founding = founding
        self.rng = random.Random(f"{sim.seed}/{name}")
        self.disk = SectorDisk(self.rng, self.boundary, self.disk_delay, sim.knobs.sector_bytes)
        self.life = 0
        self.up = False
        self.damaged = ""
        self.flips: list[tuple[str, int, int]] = []
        self.paused = False
        self.backlog: list[tuple[int, Callable[..., None], tuple[Any, ...]]] = []
        self.countdown = 0
        self.armed_power = False
        self.slow_until = 0.0
        self.rate = 1.0
        self.offset = self.rng.random() * 1000.0
        self._rate_since = 0.0
        self.down_at = 0.0
        self.member: Member | None = None
        self.machine = StateMachine(sim.knobs.history_revisions)
        self.joined = founding is not None
        self.busy = False
        # What it decided by when it last ran: an entry of it may be on its disk.
        self.last_membership = founding.membership if founding else Membership()
        self._reset()

    def _reset(self) -> None:
        """Everything that a process forgets when it dies."""
        self.jobs: list[Job] = []
        self.reset_turns()
        self.reset_asks()

    # -- time -----------------------------------------------------------------------------------

    def now(self) -> float:
        """The time by this host's clock."""
        return self.offset + (self.sim.timeline.now - self._rate_since) * self.rate

    def true_time(self, local: float) -> float:
        """When this host's clock will show ``local``."""
        return self._rate_since + (local - self.offset) / self.rate

    def set_rate(self, rate: float) -> None:
        """From now on the clock runs so fast."""
        self.offset = self.now()
        self._rate_since = self.sim.timeline.now
        self.rate = rate

    def disk_delay(self) -> float:
        """Seconds that the next disk operation takes."""
        if self.sim.timeline.now < self.slow_until:
            return 0.02 + self.rng.random() * 0.5
        base = self.sim.knobs.sync_seconds
        return base * (0.5 + self.rng.random()) if base else 0.0

    # -- life and death -------------------------------------------------------------------------

    def boundary(self, what: str) -> None:
        """A point between two steps: the process may die here."""
        if self.countdown:
            self.countdown -= 1
            if not self.countdown:
                self.sim.seen.saw(f"crash {what}")
                self.disk.offline = True
                raise Crashed(what)

    def gate(self, call: Callable[..., None], *args: Any, life: int = -1) -> None:
        """Let the process do something, if it lives and is not asleep; then turn."""
        if not self.up or life not in (-1, self.life):
            return
        if self.paused:
            self.backlog.append((self.life, call, args))
            return
        if self.busy:
            # Called from within its own step: after it.
            self.sim.timeline.after(0.0, self._gate_again, self.life, call, args)
            return
        loop = self.sim.loop
        assert loop.active is None, "one host at a time"
        self.busy = True
        loop.active = self
        try:
            call(*args)
            self._turn()
        except Crashed as crash:
            self.die(self.armed_power, str(crash))
        except DiskFault as fault:
            self.sim.seen.saw("died of its disk")
            self.die(False, f"disk: {fault}")
        except LogDamaged as error:
            self.refuse(str(error))
        except Exception as error:  # a bug: whatever it is
            self.sim.problem(f"{self.name} died of {type(error).__name__}: {error}")
            self.die(False, "a bug")
        finally:
            self.busy = False
            loop.active = None

    def _gate_again(self, life: int, call: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.gate(call, *args, life=life)

    def _gate_of(self, life: int) -> Callable[..., None]:
        def gate(call: Callable[..., None], *args: Any) -> None:
            self.gate(call, *args, life=life)

        return gate

    def gate_of_now(self) -> Callable[..., None]:
        """For the process that runs now."""
        return self._gate_of(self.life)

    def job(self, work: Any, finished: Callable[[Any], None]) -> None:
        """Run a coroutine of the product for this life."""

        def failed(error: BaseException) -> None:
            raise error

        job = Job(self.sim.timeline, work, self._gate_of(self.life), finished, failed)
        self.jobs = [other for other in self.jobs if not other.dead]
        self.jobs.append(job)
        job.step()

    def start(self) -> None:
        """A new process: recover from disk."""
        if self.up or self.damaged:
            return
        self.up = True
        self.disk.offline = False
        self.life += 1
        self._reset()
        knobs = self.sim.knobs
        self.persistence = WitnessedPersistence(
            self.disk, CLUSTER, self.name, segment_bytes=knobs.segment_bytes
        )
        self.persistence.host = self
        self.gate(self.job, self.persistence.load(self.founding_now()), self._recovered)

    def founding_now(self) -> SnapshotMeta | None:
        """What an empty disk means: the founding, joining, or (had it been in before) a loss."""
        return self.founding

    def die(self, power: bool, why: str) -> None:
        """The process is gone; ``power``: and what the disk had not synced."""
        self.sim.tell(f"{self.name} dies ({'power' if power else 'process'}): {why}")
        self.up = False
        self.paused = False
        self.backlog.clear()
        self.countdown = 0
        self.down_at = self.sim.timeline.now
        self.end()
        if power and self.disk.lose_power():
            self.sim.seen.saw("unsynced bytes lost")
        for stream in self.streams:
            self.sim.to_client(stream.closed, "down")
        if self.member is not None:
            if self.machine.applied > self.member.log.persisted:
                self.sim.seen.saw("died with more applied than durable")
            self.last_membership = self.member.membership
        self.member = None
        self._reset()
        self.sim.host_died(self)

    def end(self) -> None:
        """What the process was doing goes no further, and nothing of it reaches the disk."""
        self.disk.disconnect()
        for job in self.jobs:
            with suppress(Crashed, DiskFault):
                job.kill()

    def refuse(self, why: str) -> None:
        """It does not trust its disk: a person must act."""
        if not self.flips:
            self.sim.problem(f"{self.name} refuses a disk that nothing has damaged: {why}")
        self.damaged = why
        self.die(False, why)

    def pause(self) -> None:
        """The process does nothing for a while."""
        self.paused = True

    def resume(self) -> None:
        """It goes on: what waited comes in any order, timers too."""
        if not self.paused:
            return
        self.paused = False
        backlog, self.backlog = self.backlog, []
        if self.rng.random() < 0.5:
            self.gate(self._tick)
        for life, call, args in backlog:
            self.gate(call, *args, life=life)
        self.gate(self._tick)

    def wipe(self) -> None:
        """An operator empties its disk: it joins as a stranger, if ever."""
        self.sim.network.void(self.name)
        self.disk.files.clear()
        self.damaged = ""
        self.flips.clear()
        self.founding = SnapshotMeta()
        self.last_membership = Membership()
        self.sim.raft.wiped(self.name)
        self.start()

    def rot_place(self, rng: random.Random) -> tuple[str, int] | None:
        """A byte whose damage must be noticed, as it was durable when the last mark was written."""
        logs = [path for path in sorted(self.disk.files) if "/log-" in path]
        marked = self.persistence.marked if self.member is not None and not self.disk.full else 0
        if marked and rng.random() < 0.4:
            # Of the last segment, what the log itself says is durable.
            return logs[-1], rng.randrange(marked)
        paths = [*logs[:-1], *(path for path in sorted(self.disk.files) if "/snapshot-" in path)]
        if not paths:
            return None
        path = rng.choice(paths)
        size = len(self.disk.files[path].platter)
        return (path, rng.randrange(size)) if size else None

    # -- recovery -------------------------------------------------------------------------------

    def _recovered(self, found: Any) -> None:
        sim, knobs = self.sim, self.sim.knobs
        self.machine = StateMachine(knobs.history_revisions)
        if found.snapshot is not None:
            try:
                self.machine = decode_snapshot(found.snapshot, knobs.history_revisions)
            except SnapshotDamaged as error:
                raise LogDamaged(str(error)) from error
        # What rotted where nothing was promised may be overwritten by now: not to be put back.
        self.flips.clear()
        if found.torn:
            sim.seen.saw("torn tail repaired")
        if found.spooled is not None:
            sim.seen.saw("spool kept over a crash")
        sim.raft.recovered(
            self.name,
            found.hard_state.term,
            found.hard_state.vote,
            found.meta.index,
            [(e.index, e.term) for e in found.entries if e.index > found.meta.index],
        )
        config = Config(
            self.name,
            heartbeat=knobs.heartbeat,
            election_min=knobs.election_min,
            election_max=knobs.election_max,
            entries_max=knobs.entries_max,
            bytes_max=knobs.bytes_max,
            inflight_max=knobs.inflight_max,
            apply_max=knobs.apply_max,
            lease_reads=knobs.lease_reads,
        )
        self.member = Member(
            config,
            self.rng.random,
            self.now(),
            found.hard_state,
            found.entries,
            found.meta,
            found.spooled,
        )
        self.founding = None
        self.start_turns()
        sim.tell(
            f"{self.name} starts: term {found.hard_state.term}, snapshot {found.meta.index}, "
            f"last {self.member.log.last_index}, torn {found.torn or 'nothing'}"
        )

    # -- to look at -----------------------------------------------------------------------------

    @property
    def membership(self) -> Membership:
        """As this member knows it; empty if it does not run."""
        return self.member.membership if self.member is not None else Membership()

    def state_bytes(self) -> bytes:
        """Equal states, equal bytes."""
        return b"".join(encode_snapshot(self.machine))
