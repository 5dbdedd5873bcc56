"""A cluster in memory with an API server of its own in one of its pods."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cluster_in_memory import cluster_in_memory
from tests.support.extension_server import ExtensionServer, extension_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ExtensionServer]:
    async with cluster_in_memory(tmp_path) as cluster, extension_server(cluster) as started:
        yield started
