"""A whole cluster in one process on virtual time: the production code of every component.

What is not real is the World: network, disks, container engines and packet filters in memory, all
drawn from one seed. Processes are killed without warning (their disks keep only what was synced,
their containers go on) and started again; stopped in order; held back and let go on.
"""

import asyncio
import contextvars
from collections.abc import Iterable

from actors import catalog
from actors.apiserver.authority import Authority
from actors.client.live_settings import LiveSettings
from actors.kit.system import ActorSystem
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import MemoryClock, SeededEntropy
from actors.kit.world.world import World
from actors.process import STOP_SECONDS, hand_over
from actors.store.engines.raft import raft_actor
from cluster import names
from cluster.chaos.faults import ClockFault
from cluster.messages.registry import all_messages
from cluster.settings import ClusterSettings
from deploy.topology import Topology, build_settings
from tests.simulation.knobs import Knobs
from tests.simulation.loop import PROCESS, VirtualLoop
from tests.simulation.machine import DETACHED, Machine, Tether, WitnessedRuntime
from tests.simulation.witness import Witness


class LoopClock(MemoryClock):
    """Bound to the loop it is made on: asked at every record of the trace."""

    def __init__(self, skew: float) -> None:
        super().__init__(skew=skew)
        self._time = asyncio.get_running_loop().time

    def now(self) -> float:
        """UNIX seconds."""
        return self.start + self.skew + self.rate * self._time()

    def actual(self) -> float:
        """As ``now``, but of a clock that goes right."""
        return self.start + self._time()


class SimulatedCluster:
    """``knobs``: sizes and times of this run. ``witness`` is told what really happens."""

    def __init__(
        self, seed: int, authority: Authority, knobs: Knobs | None = None,
        replicas: int = 3, nodes: int = 3, store_only: bool = False,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.authority = authority
        self.entropy = SeededEntropy(seed)
        self.knobs = knobs or Knobs()
        self.store_only = store_only
        topology = Topology(
            name="sim", replicas=replicas, nodes=nodes, runtime="memory", timing=self.knobs.timing
        )
        self.settings: ClusterSettings = build_settings(topology, "/simulated")
        self.witness = Witness()
        self.tracer = self.witness.tracer
        self.network = MemoryNetwork(self.entropy.fork("network"))
        self.machines = {item.name: self._machine(item.name) for item in self.settings.processes()}
        self.clocks: dict[str, MemoryClock] = {}
        self.systems: dict[str, ActorSystem] = {}
        self._tethers: dict[str, list[Tether]] = {}
        self._incarnations: dict[str, int] = {}
        self._skews: dict[str, float] = {}
        self._bends: dict[str, dict[str, tuple[ClockFault, float]]] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._dark: dict[str, None] = {}

    def _machine(self, name: str) -> Machine:
        return Machine(
            WitnessedRuntime(lambda kind, item: self.witness.container(name, kind, item.record))
        )

    # -- life of processes

    async def start_all(self) -> None:
        """Start every process."""
        for item in self.settings.processes():
            await self.start(item.name)

    async def start(self, name: str) -> None:
        """Start a process on its machine, as it was left. Ends early if it is killed meanwhile."""
        task = asyncio.get_running_loop().create_task(
            self._start(name), name=f"start {name}", context=within(name)
        )
        self._starting[name] = task
        try:
            await asyncio.wait([task])
        finally:
            self._starting.pop(name, None)
        if not task.cancelled():
            task.result()

    async def _start(self, name: str) -> None:
        assert name not in self.systems, f"{name} runs already"
        self._dark.pop(name, None)
        incarnation = self._incarnations[name] = self._incarnations.get(name, 0) + 1
        clock = self.clocks[name] = LoopClock(skew=0.0)
        self._set_clock(name)
        world = World(
            clock=clock,
            entropy=self.entropy.fork(f"{name}/{incarnation}"),
            disk=self.machines[name].disk,
        )
        system = self.systems[name] = self.system(name, world)
        await system.start()
        for component in self.components(name):
            await system.spawn(component.name, component.factory, component.policy)

    def system(self, name: str, world: World) -> ActorSystem:
        """The actor system of a process."""
        node = catalog.is_node(self.settings, name)
        user = names.USER_NODE_PREFIX + name if node else f"system:replica:{name}"
        groups = (names.GROUP_NODES if node else names.GROUP_REPLICAS,)
        return ActorSystem(
            process=name,
            zone=self.settings.zone_of(name),
            world=world,
            tracer=self.tracer,
            transport=self.network.transport(name, user, groups),
            peers=self.settings.peer_addresses(),
            registry=all_messages(),
        )

    def components(self, name: str) -> list[catalog.Component]:
        """What a process runs: all but the doors to real sockets (HTTPS, DNS)."""
        machine = self.machines[name]
        tethers = [
            Tether(machine.packet_filter), Tether(machine.runtime, DETACHED), Tether(machine.pods)
        ]  # fmt: skip
        self._tethers[name] = tethers
        backends = catalog.Backends(*tethers)
        if catalog.is_node(self.settings, name):
            listed = catalog.node_components(LiveSettings(self.settings, name), backends)
            return [component for component in listed if component.name != names.DNS]
        store = catalog.Component(
            names.STORE, lambda: raft_actor(self.settings, name, self.knobs.snapshot_entries)
        )
        if self.store_only:
            return [store]
        listed = catalog.replica_components(
            LiveSettings(self.settings, name), backends, self.authority, http=False
        )
        return [store if item.name == names.STORE else item for item in listed]

    async def terminate(self, name: str) -> None:
        """SIGTERM, as ``actors.process`` takes it: hand over, stop in order; SIGKILL if that takes
        too long."""
        system = self.systems[name]
        task = asyncio.get_running_loop().create_task(
            self._terminate(system), name=f"stop {name}", context=within(name)
        )
        await asyncio.wait([task], timeout=STOP_SECONDS)
        if self.systems.get(name) is not system:
            task.cancel()
            return  # killed meanwhile
        if task.done():
            task.result()
            del self.systems[name]
            for tether in self._tethers.pop(name, ()):
                tether.cut()
            self.witness.died(system.world)
        else:
            task.cancel()
            await self.kill(name)

    async def _terminate(self, system: ActorSystem) -> None:
        await hand_over(system)
        await system.stop()

    def pause(self, name: str) -> None:
        """SIGSTOP: the process does nothing and reads nothing; its machine goes on."""
        _loop().pause(name)
        self.network.freeze(name)

    def resume(self, name: str) -> int:
        """SIGCONT. Returns how much was due meanwhile."""
        self.network.thaw(name)
        return _loop().resume(name)

    def life(self, name: str) -> int:
        """How often it was started."""
        return self._incarnations.get(name, 0)

    def powered(self, name: str) -> bool:
        """Whether its machine has power: it has had none since it lost it until it is started."""
        return name not in self._dark

    def waits(self, name: str) -> int:
        """How much a paused process would have done by now."""
        return _loop().held(name)

    async def kill(self, *processes: str) -> None:
        """SIGKILL of all these at one instant. Those that do not run are left as they are."""
        for system in self._cut_off(processes):
            await system.stop()

    async def lose_power(self, *processes: str) -> None:
        """As ``kill``, and all containers on these machines end too."""
        systems = self._cut_off(processes)
        for name in processes:
            self._dark[name] = None
            self.machines[name].lose_power()
        for system in systems:
            await system.stop()

    def _cut_off(self, processes: Iterable[str]) -> list[ActorSystem]:
        """From now on nothing leaves these processes or reaches their machines; their disks lose
        what was not synced. Returns what is left of them."""
        dead = [name for name in processes if name in self.systems]
        for name in dead:
            self.network.kill(name)
            for tether in self._tethers.pop(name, ()):
                tether.cut()
            self.machines[name].disk.crash(self.entropy)
            # What is left of it has to end, and can touch nothing any more.
            self.resume(name)
            self.witness.died(self.systems[name].world)
            if name in self._starting:
                self._starting[name].cancel()
        return [self.systems.pop(name) for name in dead]

    async def run_all(self) -> None:
        """Start what does not run; start anew what failed beyond restarting its actors."""
        for item in self.settings.processes():
            system = self.systems.get(item.name)
            if system is not None and system.failed.done():
                await self.kill(item.name)
            if item.name not in self.systems:
                await self.start(item.name)

    async def stop(self) -> None:
        """End of the run."""
        await self.kill(*self.systems)

    # -- what the nemesis needs

    def running(self) -> list[str]:
        """Names of the processes that run."""
        return list(self.systems)

    def zone(self, zone: str) -> list[str]:
        """Names of all processes of a zone."""
        return [item.name for item in self.settings.processes() if item.zone == zone]

    def others(self, inside: Iterable[str]) -> list[str]:
        """All processes but these, clients too."""
        mine = set(inside)
        every = [item.name for item in self.settings.processes()]
        return [name for name in [*every, "client"] if name not in mine]

    def crash_actor(self, name: str, actor: str) -> None:
        """An actor of a process, if that runs, raises something unforeseen."""
        system = self.systems.get(name)
        cell = system._cells.get(names.address(actor, name)) if system is not None else None
        if cell is not None:
            cell.crash(RuntimeError("the nemesis"))

    def turn_clock(self, name: str, skew: float) -> None:
        """Set the wall clock of a machine so many seconds ahead, also for later incarnations."""
        self._skews[name] = skew
        self._set_clock(name)

    def bend_clock(self, name: str, fault: ClockFault) -> None:
        """The wall clock of a machine jumps, and runs faster or slower from now on."""
        self._bends.setdefault(name, {})[fault.name] = (fault, _loop().time())
        self._set_clock(name)

    def mend_clock(self, name: str, fault: str) -> None:
        """It is as it would be without that."""
        self._bends.get(name, {}).pop(fault, None)
        self._set_clock(name)

    def _set_clock(self, name: str) -> None:
        clock = self.clocks.get(name)
        if clock is None:
            return
        clock.skew, clock.rate = self._skews.get(name, 0.0), 1.0
        for fault, since in self._bends.get(name, {}).values():
            clock.skew += fault.jump - (fault.rate - 1.0) * since
            clock.rate += fault.rate - 1.0


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def within(process: str) -> contextvars.Context:
    """A context in which everything belongs to a process ('' to none)."""
    context = contextvars.copy_context()
    context.run(PROCESS.set, process)
    return context
