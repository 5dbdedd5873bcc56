"""What the tests look at in a cluster under attack."""

import time
from collections.abc import Callable

from cluster.settings import ClusterSettings
from deploy import administrator
from deploy.client import ApiError, Unreachable
from deploy.commands.replica import store_status
from tests.chaos.writers import NAMESPACE, Writer, gap_after


def eventually(check: Callable[[], bool], what: str, seconds: float = 60.0) -> float:
    """Until it holds; returns how many seconds that took. Fails the test if not in time."""
    begin = time.monotonic()
    while True:
        try:
            if check():
                return time.monotonic() - begin
        except (Unreachable, ApiError, AssertionError):
            pass
        assert time.monotonic() < begin + seconds, f"not in time: {what}"
        time.sleep(0.05)


def resumed(writers: list[Writer], moment: float, seconds: float = 30.0) -> float:
    """Seconds from ``moment`` (monotonic) to the first acknowledged write that began after it."""
    eventually(lambda: gap_after(writers, moment) < float("inf"), "a write afterwards", seconds)
    return gap_after(writers, moment)


def stored(settings: ClusterSettings) -> dict[str, str]:
    """The writers' objects: values by name."""
    items = administrator.client(settings).call("GET", NAMESPACE + "?labelSelector=chaos")["items"]
    return {item["metadata"]["name"]: item["data"]["value"] for item in items}


def settle(settings: ClusterSettings, seconds: float = 60.0) -> None:
    """Until all replicas have applied the same entries, to the same state. Fails the test with
    where they stand."""
    deadline = time.monotonic() + seconds
    while True:
        found = [store_status(settings, replica.name) for replica in settings.replicas]
        states = {(item.get("applied_index", 0), item.get("state_hash")) for item in found}
        if len(states) == 1 and all(found):
            return
        assert time.monotonic() < deadline, f"replicas differ: {found}"
        time.sleep(0.05)
