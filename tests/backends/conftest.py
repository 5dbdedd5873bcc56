"""An etcd for the tests of this folder that need one."""

from collections.abc import Iterator

import pytest

from tests.support.etcd import Etcd


@pytest.fixture(scope="session")
def etcd_url() -> Iterator[str]:
    """Of a real etcd with one member; each test uses a cluster name of its own in it."""
    etcd = Etcd().start()
    yield etcd.url
    etcd.close()
