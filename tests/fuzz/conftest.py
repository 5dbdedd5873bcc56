"""The control plane that all random requests of a worker go to, by message or by HTTPS."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fuzz.judge import KEPT, Judge
from tests.fuzz.wire import Wire
from tests.support import widgets
from tests.support.control_plane import control_plane


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def judge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Judge]:
    async with control_plane(tmp_path_factory.mktemp("plane"), http=True) as plane:
        await widgets.established(plane)
        await plane.create("namespaces", {"metadata": {"name": KEPT}})
        yield Judge(plane)


@pytest.fixture(scope="session")
def wire(judge: Judge) -> Wire:
    return Wire.to(judge.plane)
