"""Which work each verb is: all of them."""

from cluster.chaos.orders import Verb
from tests.simulation import hand_machines as machines
from tests.simulation import hand_processes as processes
from tests.simulation.hand_links import Links
from tests.simulation.hand_work import Maker

WORKS: dict[Verb, Maker] = {
    "kill": processes.Kill,
    "pause": processes.Pause,
    "restart": processes.Restart,
    "partition": Links,
    "delay": Links,
    "loss": Links,
    "duplicate": Links,
    "reorder": Links,
    "bandwidth": Links,
    "slow-disk": machines.SlowDisk,
    "disk-full": machines.DiskFull,
    "fsync-error": machines.FsyncError,
    "torn-write": machines.TornWrite,
    "clock": machines.Clock,
    "engine-restart": machines.EngineRestart,
    "container-kill": machines.ContainerKill,
    "sandbox-kill": machines.SandboxKill,
    "image-remove": machines.ImageRemove,
    "zone-outage": processes.ZoneOutage,
}
