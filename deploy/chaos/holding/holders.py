"""Starts, asks and ends the processes that hold packets back. Must not know: what they do."""

import os
import sys
import time
from typing import Any

import msgspec

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import door
from deploy.chaos.holding import packet_queue
from deploy.chaos.holding.holder import Plan, plan_path

MODULE = "deploy.chaos.holding.holder"
PREFIX = "hold-"
START_SECONDS = 15.0
PAUSE_SECONDS = 0.02
END_SECONDS = 5.0


def name_of(fault: str) -> str:
    """Of the process that holds packets for a fault."""
    return PREFIX + fault


def lacking() -> str:
    """Why no packet can be held back on this machine, '' if it can. (Whether the packet filter can
    hand packets over shows when it is told to.)"""
    try:
        packet_queue.PacketQueue("").close()
    except OSError as error:
        return f"the kernel has no packet queue: {error.strerror}"
    return ""


def start(settings: ClusterSettings, name: str, plan: Plan) -> list[int]:
    """Start one, in place of what was there before under its name; the numbers of its queues, as
    many as there are holds. Raises OSError if it does not come."""
    end(settings, name)
    os.makedirs(processes.run_dir(settings), exist_ok=True)
    with open(plan_path(settings.data_dir, name), "wb") as file:
        file.write(msgspec.json.encode(plan))
    command = [sys.executable, "-m", MODULE, settings.data_dir, name]
    processes.spawn(settings, name, command, {})
    return [int(number) for number in first_answer(settings, name, "queues")["queues"]]


def first_answer(
    settings: ClusterSettings, name: str, op: str, seconds: float = START_SECONDS
) -> dict[str, Any]:
    """Of one that was just started. Raises OSError if there comes none."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return door.ask(settings, name, op, seconds)
        except door.DoorShut as shut:
            if processes.find(settings, name) is None or time.monotonic() > deadline:
                last = processes.last_lines(settings, name, 1).strip()
                raise OSError(f"{name} did not start: {last or shut}") from shut
        time.sleep(PAUSE_SECONDS)


def begun(settings: ClusterSettings, name: str) -> bool:
    """Whether one was started and has not been ended; it may be gone all the same."""
    return os.path.exists(plan_path(settings.data_dir, name))


def held(settings: ClusterSettings, name: str, op: str = "held") -> int | None:
    """How many packets it has held so far; None if there is nobody. ``op``: release lets
    everything go on, now and from now on."""
    try:
        return sum(int(number) for number in door.ask(settings, name, op)["held"])
    except (door.DoorShut, ValueError):
        return None


def end(settings: ClusterSettings, name: str) -> None:
    """It lets go what it holds, and ends; nothing of it is left. None of that name is fine."""
    running = processes.find(settings, name)
    if running is not None:
        processes.end_these(settings, [running], END_SECONDS)
    folder = processes.run_dir(settings)
    left = [os.path.join(folder, name + suffix) for suffix in (".plan", ".door", ".json")]
    log = processes.log_path(settings, name)
    if os.path.exists(log) and not os.path.getsize(log):
        left.append(log)
    for path in left:
        if os.path.exists(path):
            os.unlink(path)


def end_all(settings: ClusterSettings) -> None:
    """Those of all faults, by their plans and records."""
    folder = processes.run_dir(settings)
    found = os.listdir(folder) if os.path.isdir(folder) else []
    names = {os.path.splitext(name)[0] for name in found if name.startswith(PREFIX)}
    for name in sorted(names):
        end(settings, name)
