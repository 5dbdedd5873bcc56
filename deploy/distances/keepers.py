"""Starts, asks and ends the process that keeps a cluster's zones apart. Must not know: how."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import door
from deploy.chaos.holding import holders
from deploy.distances.keeper import NAME

MODULE = "deploy.distances.keeper"
# Of a cluster with many nodes: a few hundredths of a second for each.
ANSWER_SECONDS = 60.0
SPARED = "messages alone take that long, packets of pods do not"


def needed(settings: ClusterSettings) -> bool:
    """Whether zones are apart, and there are packets between them."""
    return settings.runtime == "docker" and any(settings.rtt.values())


def ensure(settings: ClusterSettings) -> str:
    """Have one if it is needed, and its rules in all namespaces; a note on it. Raises OSError if it
    does not start, or does not answer."""
    if not needed(settings):
        end(settings)
        return "none"
    problem = holders.lacking()
    nodes = 0
    if not problem:
        if processes.find(settings, NAME) is None:
            command = [sys.executable, "-m", MODULE, settings.data_dir]
            processes.spawn(settings, NAME, command, {})
        answer = holders.first_answer(settings, NAME, "look", ANSWER_SECONDS)
        nodes, problem = int(answer["nodes"]), str(answer["problem"])
    if problem:
        end(settings)
        return f"{SPARED} ({problem})"
    return f"packets of pods on {nodes} nodes too"


def tell(settings: ClusterSettings) -> None:
    """Nodes have come or gone: it has seen to that when this returns, if there is one."""
    with suppress(door.DoorShut):
        if needed(settings):
            door.ask(settings, NAME, "look", ANSWER_SECONDS)


@contextmanager
def aside(settings: ClusterSettings) -> Iterator[None]:
    """Meanwhile no packet waits because zones are apart."""
    token = 0
    with suppress(door.DoorShut):
        if needed(settings):
            token = int(door.ask(settings, NAME, "aside", ANSWER_SECONDS)["token"])
    try:
        yield
    finally:
        if token:
            with suppress(door.DoorShut):
                door.ask(settings, NAME, "back", ANSWER_SECONDS, {"token": token})


def end(settings: ClusterSettings) -> None:
    """Nothing waits any more, and no rules are left; none is fine."""
    running = processes.find(settings, NAME)
    if running is not None:
        processes.end_these(settings, [running])


def line(settings: ClusterSettings) -> str:
    """For people: whether it works; '' if there is to be none."""
    if not needed(settings):
        return ""
    pairs = ", ".join(f"{zones} {rtt * 1000:g} ms" for zones, rtt in settings.rtt.items() if rtt)
    held = holders.held(settings, NAME)
    if held is None:
        return f"round trips: {pairs}; {SPARED}: steersman up has them so, where it can be"
    return f"round trips: {pairs}; {held:,} packets of pods have waited"
