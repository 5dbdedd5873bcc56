"""One control plane behind its real HTTPS door, shared by all attacks of a worker."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.security.door import Door
from tests.support.control_plane import control_plane


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    async with control_plane(folder, http=True) as plane, Door.opened(plane) as opened:
        yield opened
