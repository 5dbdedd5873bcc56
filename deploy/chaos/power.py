"""Processes killed, stopped and started again, from outside, each time with the proof.

Must not know: who asked, what else is broken (but who is to stay as it is).
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from actors.kubelet import labels
from cluster.settings import ClusterSettings
from deploy import engine, lock, processes, state
from deploy.chaos.evidence import Evidence
from deploy.chaos.looking import eventually, side_by_side

SIGNAL_SECONDS = 5.0
START_SECONDS = 60.0
# The engine may be starting a container that a kubelet asked for before it died.
STARTING_SECONDS = 0.5
# How long another command may be at work on the cluster.
LOCK_SECONDS = 60.0


def running(settings: ClusterSettings, names: Iterable[str]) -> list[processes.Running]:
    """Those that run. Raises ValueError if none does."""
    wanted = list(names)
    found = [one for one in (processes.find(settings, name) for name in wanted) if one is not None]
    if not found:
        raise ValueError(
            f"{', '.join(wanted)}: not running already (steersman chaos status tells what is "
            "broken, steersman up starts what died by itself)"
        )
    return found


def kill(settings: ClusterSettings, names: Iterable[str]) -> Evidence:
    """SIGKILL at once, as a power cut would. Proof: the very process is gone."""
    found = running(settings, names)
    for process in found:
        send(process, signal.SIGKILL)
    left = processes.await_end(found, SIGNAL_SECONDS)
    gone = [f"{one.name} (pid {one.pid}) is gone" for one in found if one not in left]
    lives = [f"{one.name} (pid {one.pid}) lives on" for one in left]
    return Evidence("; ".join(gone), "; ".join(lives))


def died(settings: ClusterSettings, before: list[processes.Running], seconds: float) -> Evidence:
    """Wait until these have ended by themselves. Proof: they are gone, and what they said last."""
    left = processes.await_end(before, seconds)
    gone = [f"{one.name} (pid {one.pid}) ended{last_words(settings, one.name)}"
            for one in before if one not in left]  # fmt: skip
    lives = [f"{one.name} has not ended after {seconds:g} s" for one in left]
    return Evidence("; ".join(gone), "; ".join(lives))


def last_words(settings: ClusterSettings, name: str) -> str:
    """The error that a process ended with, '' if it said none."""
    said = processes.last_lines(settings, name, 1).strip()
    return f": {said.removeprefix('error: ')}" if said.startswith("error: ") else ""


def stop(settings: ClusterSettings, names: Iterable[str]) -> Evidence:
    """SIGSTOP. Proof: the kernel shows them as stopped."""
    found = running(settings, names)
    return _signalled(found, signal.SIGSTOP, stopped=True)


def resume(settings: ClusterSettings, names: Iterable[str]) -> Evidence:
    """SIGCONT. Proof: the kernel shows none of them as stopped."""
    found = [one for one in (processes.find(settings, name) for name in names) if one is not None]
    return _signalled(found, signal.SIGCONT, stopped=False)


def _signalled(found: list[processes.Running], number: signal.Signals, stopped: bool) -> Evidence:
    for process in found:
        send(process, number)

    def problem() -> str:
        wrong = [one.name for one in found if (processes.state(one.pid) == "T") != stopped]
        return ", ".join(wrong)

    wrong = eventually(problem, SIGNAL_SECONDS)
    word = "stopped" if stopped else "running again"
    proof = [f"{one.name} (pid {one.pid}) is {word}" for one in found if one.name not in wrong]
    return Evidence("; ".join(proof), f"{wrong}: not {word}" if wrong else "")


def send(process: processes.Running, number: signal.Signals) -> None:
    """A signal, to the very process and no other that has its pid by now."""
    if processes.started_at(process.pid) == process.started:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def end(settings: ClusterSettings, names: Iterable[str]) -> Evidence:
    """SIGTERM, and wait until they are gone."""
    found = running(settings, names)
    processes.end(settings, [one.name for one in found])
    return Evidence("; ".join(f"{one.name} (pid {one.pid}) ended" for one in found))


def start(settings: ClusterSettings, names: Iterable[str]) -> Evidence:
    """Start those that do not run, and wait until they say that they are ready."""
    with _launching(settings):
        running_now = processes.find_all(settings)
        wanted = [name for name in names if name not in running_now]
        if not wanted:
            return Evidence()
        ready = processes.ReadySocket(settings)
        try:
            path = state.settings_path(settings.data_dir)
            begun = [processes.start(settings, path, name, ready.path) for name in wanted]
            late = ready.wait(begun, START_SECONDS)
        finally:
            ready.close()
    proof = [f"{one.name} (pid {one.pid}) is ready" for one in begun if one not in late]
    doubt = [f"{one.name} did not become ready{last_words(settings, one.name)}" for one in late]
    return Evidence("; ".join(proof), "; ".join(doubt), left=bool(late))


@contextmanager
def _launching(settings: ClusterSettings) -> Iterator[None]:
    """The launcher's lock, waited for. Raises lock.Busy."""
    deadline = time.monotonic() + LOCK_SECONDS
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lock.held(settings.data_dir))
                break
            except lock.Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield


def kill_containers(settings: ClusterSettings, nodes: Iterable[str]) -> Evidence:
    """All containers of these nodes, whose kubelets are dead. Proof: none of them runs."""
    wanted = list(nodes)
    if settings.runtime != "docker" or not wanted:
        # Simulated containers end with the process of their node.
        return Evidence()
    socket = settings.docker_socket
    killed: set[str] = set()
    last = time.monotonic()

    def alive() -> str:
        nonlocal last
        found = [one for node in wanted for one in engine.running(socket, _of(settings, node))]
        side_by_side(lambda one: engine.kill(socket, one), found)
        killed.update(found)
        if found:
            last = time.monotonic()
            return f"{len(found)} containers run on"
        return "one may be starting" if time.monotonic() < last + STARTING_SECONDS else ""

    left = eventually(alive, SIGNAL_SECONDS)
    return Evidence(f"{len(killed)} containers are gone" if killed and not left else "", left)


def _of(settings: ClusterSettings, node: str) -> list[str]:
    """The labels of a node's containers."""
    return [f"{key}={value}" for key, value in labels.node_labels(settings.name, node).items()]
