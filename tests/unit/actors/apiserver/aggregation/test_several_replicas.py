"""Replicas that find different things, and one that has nothing to find."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from actors.apiserver.actor import ApiServerActor
from actors.apiserver.aggregation import availability
from actors.apiserver.aggregation.availability import Availability
from cluster.api import status
from tests.support.control_plane import ControlPlane

GROUP = "apiregistration.k8s.io"
NAME = "v1.x.io"
SPEC = {
    "group": "x.io",
    "version": "v1",
    "groupPriorityMinimum": 1,
    "versionPriority": 1,
    "service": {"namespace": "default", "name": "s"},
}


class Unreachable:
    """Other API servers as one replica sees them: none answers, for a reason of the replica's."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.asked = 0

    async def behind(self, api_service: Any) -> Any:
        """Of an ExternalName nothing can be said without asking."""
        return {"spec": {"type": "ExternalName"}}, []

    async def ask(self, *words: Any, **more: Any) -> Any:
        """No."""
        self.asked += 1
        raise status.service_unavailable(self.why)


@pytest.fixture
def follows(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was begun to be followed for the sake of other API servers."""
    begun: list[str] = []
    follow = availability.follow

    def counted(store: Any, prefix: str, *words: Any, **more: Any) -> Any:
        begun.append(prefix)
        return follow(store, prefix, *words, **more)

    monkeypatch.setattr(availability, "follow", counted)
    return begun


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> list[Availability]:
    """The running replica's own, with nobody to reach."""
    found: list[Availability] = []
    assemble = ApiServerActor._assemble

    def assembled(self: ApiServerActor, environment: Any) -> None:
        assemble(self, environment)
        self._availability.remotes = Unreachable("by the first")  # type: ignore[assignment]
        found.append(self._availability)

    monkeypatch.setattr(ApiServerActor, "_assemble", assembled)
    monkeypatch.setattr(availability, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(availability, "PROBE_SECONDS", 0.02)
    return found


@pytest.fixture
async def replica(
    follows: list[str], first: list[Availability], plane: ControlPlane
) -> AsyncIterator[ControlPlane]:
    yield plane


async def test_nothing_is_followed_for_nobody(replica: ControlPlane, follows: list[str]) -> None:
    assert follows == []
    await replica.create("apiservices", {"metadata": {"name": NAME}, "spec": SPEC}, group=GROUP)
    while len(follows) < 2:
        await asyncio.sleep(0.01)
    assert follows == ["/registry/core/services/", "/registry/discovery.k8s.io/endpointslices/"]


async def test_they_do_not_write_in_turns(replica: ControlPlane, first: list[Availability]) -> None:
    one = first[0]
    second = Unreachable("by the second")
    other = Availability(one.environment, one.writer, second, one.broke)  # type: ignore[arg-type]
    running = asyncio.create_task(other.run())
    try:
        await replica.create("apiservices", {"metadata": {"name": NAME}, "spec": SPEC}, group=GROUP)
        revisions = set()
        while min(second.asked, one.remotes.asked) < 50:  # type: ignore[attr-defined]
            found = await replica.get("apiservices", NAME, group=GROUP)
            revisions.add(found["metadata"]["resourceVersion"])
            await asyncio.sleep(0.005)
        # Created, and found out by one or, at the same moment, both.
        assert len(revisions) <= 3
        [condition] = found["status"]["conditions"]
        assert condition["reason"] == "FailedDiscoveryCheck"
    finally:
        running.cancel()
