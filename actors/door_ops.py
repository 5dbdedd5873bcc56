"""What a process can be asked at its door: faults, simulated containers, peers, its trace.

Must not know: how the door works (``actors.kit.door``), what faults do (``actors.kit.faults``).
"""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from actors.kit.door import Ask, Op
from actors.kit.faults import Faults
from actors.kit.system import ActorSystem
from actors.kit.trace_levels import MESSAGES, Levels
from actors.kit.world.containers import ContainerRuntime, RuntimeFault
from actors.kit.world.faulty_clock import FaultyClock
from cluster import names
from cluster.chaos import faults as records
from cluster.chaos.faults import Fault
from cluster.errors import SteersmanError
from cluster.limits import MIB
from cluster.messages.echo import Ping

PING_SECONDS_MAX = 60.0
PING_TELL_MAX = 1000


def fault_ops(faults: Faults, clock: FaultyClock) -> dict[str, Op]:
    """inject, heal, faults, time."""

    def inject(ask: Ask) -> Ask:
        faults.inject([_convert(ask.get("fault"))])
        return {}

    def heal(ask: Ask) -> Ask:
        wanted = ask.get("names") or []
        if not isinstance(wanted, list):
            raise ValueError("names: a list of the faults' names")
        return {"standing": msgspec.to_builtins(faults.heal(wanted))}

    def standing(_: Ask) -> Ask:
        return {"standing": msgspec.to_builtins(faults.standing())}

    def tell_time(_: Ask) -> Ask:
        return {"now": clock.now(), "actual": time.time()}

    return {"inject": inject, "heal": heal, "faults": standing, "time": tell_time}


def ping_ops(system: ActorSystem) -> dict[str, Callable[[Ask], Awaitable[Ask]]]:
    """ping: ``peer``; ``seconds`` to wait for the answer (1), ``bytes`` to send (0), how many to
    ``tell`` first, without an answer (0). Returns the ``seconds`` of a round trip, null if none was
    made: ``why`` says so."""

    async def ping(ask: Ask) -> Ask:
        peer, wait, size, told = _ping(ask)
        echo = system.ref(names.address(names.ECHO, peer))
        for _ in range(told):
            echo.tell(Ping())
        begin = time.monotonic()
        try:
            await echo.ask(Ping(bytes(size)), wait)
        except SteersmanError as error:
            return {"seconds": None, "why": str(error)}
        return {"seconds": time.monotonic() - begin}

    return {"ping": ping}


def _ping(ask: Ask) -> tuple[str, float, int, int]:
    peer, wait = ask.get("peer"), ask.get("seconds", 1.0)
    size, told = ask.get("bytes", 0), ask.get("tell", 0)
    if not isinstance(peer, str) or not peer:
        raise ValueError("peer: the name of a process")
    if not isinstance(wait, int | float) or not 0 < wait <= PING_SECONDS_MAX:
        raise ValueError(f"seconds: more than 0, at most {PING_SECONDS_MAX:g}")
    if not isinstance(size, int) or not 0 <= size <= MIB:
        raise ValueError(f"bytes: 0 to {MIB}")
    if not isinstance(told, int) or not 0 <= told <= PING_TELL_MAX:
        raise ValueError(f"tell: 0 to {PING_TELL_MAX}")
    return peer, wait, size, told


def trace_ops(levels: Levels, actors: Callable[[], tuple[str, ...]]) -> dict[str, Op]:
    """trace-level: with ``level``, ``sample`` (of the traces; 1) or both, set from now on to the
    process's end what is kept of ``actor`` ('': of all). Returns the ``levels`` that then hold, and
    the names of the ``actors`` that there are (not of their children)."""

    def level(ask: Ask) -> Ask:
        actor, wanted, share = ask.get("actor", ""), ask.get("level"), ask.get("sample")
        if wanted is not None or share is not None:
            share = 1.0 if share is None else share
            if not isinstance(actor, str) or not isinstance(share, int | float):
                raise ValueError("actor: a name; sample: a number")
            levels.set(actor, MESSAGES if wanted is None else str(wanted), float(share))
        table = levels.table().items()
        found = {address.partition("@")[0].partition("/")[0] for address in actors()}
        return {
            "actors": sorted(found),
            "levels": [
                {"actor": name, "level": dial.level, "sample": dial.share} for name, dial in table
            ],
        }

    return {"trace-level": level}


def engine_ops(runtime: ContainerRuntime | None) -> dict[str, Op]:
    """containers, crash-container: of a node whose containers are simulated, else nothing."""
    from actors.kubelet.runtimes.memory import MemoryRuntime

    if not isinstance(runtime, MemoryRuntime):
        return {}
    engine = runtime

    def containers(_: Ask) -> Ask:
        fields = ("id", "name", "state", "labels", "image")
        return {
            "containers": [
                {field: getattr(one, field) for field in fields} for one in engine.records()
            ]
        }

    def crash(ask: Ask) -> Ask:
        try:
            engine.crash(str(ask.get("id", "")), exit_code=137)
        except RuntimeFault as error:
            raise ValueError(str(error)) from error
        return {}

    return {"containers": containers, "crash-container": crash}


def set_engine(runtime: ContainerRuntime | None) -> Callable[[bool], None] | None:
    """What takes a simulated engine down and up again; None if there is none."""
    from actors.kubelet.runtimes.memory import MemoryRuntime

    if not isinstance(runtime, MemoryRuntime):
        return None
    engine = runtime

    def act(down: bool) -> None:
        if down != engine.down:
            (engine.go_down if down else engine.come_up)()

    return act


def read(file: Path) -> tuple[Fault, ...]:
    """What a process suffers from its start on; nothing if there is no file, or it is no such
    file: what breaks things on purpose must not keep a process from starting."""
    try:
        return records.decode(file.read_bytes())
    except (OSError, ValueError):
        return ()


def _convert(raw: object) -> Fault:
    try:
        fault: Fault = msgspec.convert(raw, Fault)
    except msgspec.ValidationError as error:
        raise ValueError(f"fault: {error}") from error
    return fault
