"""One API server for the whole suite; a namespace of its own for each test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.api import Api, administrator, core
from tests.support.control_plane import control_plane


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """As administrator."""
    folder = tmp_path_factory.mktemp("conformance")
    async with control_plane(folder, http=True) as plane, administrator(plane) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def namespace(api: Api) -> str:
    """A new one, with a generated name as the e2e framework makes it."""
    made = await api.create(core("namespaces"), {"metadata": {"generateName": "e2e-"}})
    return made.name
