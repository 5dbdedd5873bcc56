"""What every test gets: no task left behind; a clear failure where Docker must be but is not."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator

import hypothesis
import pytest

from deploy import engine

DOCKER_SOCKET = os.environ.get("STEERSMAN_DOCKER_SOCKET", "/var/run/docker.sock")

# A shell that runs this in the background lets it ignore interrupts, and all it starts with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How quick the machine is at the moment says nothing about what is tested.
hypothesis.settings.register_profile(
    "steersman", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steersman")

# Else pytest-asyncio's first look for a loop makes one that nobody closes (a ResourceWarning).
asyncio.set_event_loop(None)


# What is marked so runs by itself, from these folders only (deploy/test).
MARKED = {"docker", "chaos", "unhurried"}
FOLDERS = ("tests/backends/", "tests/chaos/", "tests/e2e/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marked test elsewhere would never run."""
    for item in items:
        marks = MARKED & {mark.name for mark in item.iter_markers()}
        if marks and not item.nodeid.startswith(FOLDERS):
            raise pytest.UsageError(f"{item.nodeid}: {min(marks)} is for {', '.join(FOLDERS)}")


def pytest_collection_finish() -> None:
    """What is imported stays: to look through it again and again costs simulations a tenth."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(autouse=True)
async def no_task_is_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """A test that leaves tasks running hides a leak."""
    before = asyncio.all_tasks()
    yield
    own = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() - before if not task.done() and task is not own]
    assert not left, f"tasks left running: {left}"


@pytest.fixture(scope="session")
def docker_socket() -> str:
    """The engine's socket. Fails, not skips, without root; starts an engine if none runs."""
    if os.geteuid() != 0:
        pytest.fail("tests marked docker need root: sudo ./deploy/test, or -m 'not docker'")
    run_dir = os.path.join("/run/steersman-tests")
    engine.ensure(DOCKER_SOCKET, run_dir)
    return DOCKER_SOCKET
