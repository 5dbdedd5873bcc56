"""The store's door as operators use it: over real HTTPS, on a store that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from http.client import HTTPException
from pathlib import Path

import msgspec
import pytest

from cluster import errors
from cluster.messages.store import ChangeMembership, MembershipRequest, TransferLeadership
from deploy import store_door
from deploy.client import ApiError, Unreachable
from deploy.store_door import StoreDoor
from tests.support.control_plane import ControlPlane, control_plane
from tests.unit.actors.apiserver.test_operations import STATUS, OperatedStore


@pytest.fixture
def store() -> OperatedStore:
    return OperatedStore()


@pytest.fixture
async def plane(tmp_path: Path, store: OperatedStore) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True, store=lambda settings: store) as started:
        yield started


def door(plane: ControlPlane) -> StoreDoor:
    return StoreDoor(plane.settings, plane.settings.replicas[0].api_addresses[0])


async def test_questions_and_changes(plane: ControlPlane, store: OperatedStore) -> None:
    def work() -> None:
        asked = door(plane)
        assert asked.members() == STATUS
        assert store_door.leader(STATUS) == "replica-1"
        assert store_door.voters(STATUS) == ["replica-1"]
        assert store_door.member(STATUS, "replica-2") is None
        asked.change("promote", "replica-4")
        asked.transfer()
        assert b"".join(asked.snapshot()) == b"".join(store.pieces)

    await asyncio.to_thread(work)
    assert store.asked == [
        MembershipRequest(), ChangeMembership("promote", "replica-4"), TransferLeadership()
    ]  # fmt: skip


async def test_a_refusal_is_told_and_a_broken_snapshot_is_no_snapshot(
    plane: ControlPlane, store: OperatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_door, "LOOK_SECONDS", 0.2)
    store.fails = errors.StoreError("a change is under way")
    store.breaks_after = 2

    def work() -> None:
        with pytest.raises(ApiError, match="a change is under way"):
            door(plane).change("remove", "replica-1")
        with pytest.raises((HTTPException, OSError)):
            list(door(plane).snapshot())

    await asyncio.to_thread(work)
    store.fails = errors.NotLeader("nobody leads")
    assert await asyncio.to_thread(door(plane).led) is None


async def test_nobody_there(plane: ControlPlane) -> None:
    nowhere = msgspec.structs.replace(plane.settings)

    def work() -> None:
        with pytest.raises(Unreachable):
            StoreDoor(nowhere, "127.0.0.1:1").change("remove", "x")

    await asyncio.to_thread(work)
