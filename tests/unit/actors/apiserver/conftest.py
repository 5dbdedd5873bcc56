"""A control plane on the real store and one on the fake store, for every test here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.control_plane import ControlPlane, control_plane
from tests.unit.actors.apiserver.fake_store import FakeStore


@pytest.fixture
async def plane(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path) as started:
        yield started


@pytest.fixture
def fake() -> FakeStore:
    return FakeStore()


@pytest.fixture
async def fake_plane(tmp_path: Path, fake: FakeStore) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, store=lambda settings: fake) as started:
        yield started
