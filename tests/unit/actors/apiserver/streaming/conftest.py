"""One replica and one node for each test here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cluster_in_memory import MemoryCluster, cluster_in_memory


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[MemoryCluster]:
    async with cluster_in_memory(tmp_path) as started:
        yield started
