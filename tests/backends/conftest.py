"""The etcd servers and the engines of the store for the tests of this folder."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.backends.store_engines import ENGINES, RAFTOS, RAFTOS_FAILS, Run, on_raftos
from tests.backends.store_rigs import run
from tests.support.etcd import Etcd


@pytest.fixture(scope="session")
def etcd_url() -> Iterator[str]:
    """Of a real etcd with one member; each test uses a cluster name of its own in it."""
    etcd = Etcd().start()
    yield etcd.url
    etcd.close()


@pytest.fixture(scope="session")
def rough_url() -> Iterator[str]:
    """Of an etcd for tests that leave leases behind: they end when others count revisions."""
    etcd = Etcd().start()
    yield etcd.url
    etcd.close()


@pytest.fixture(params=ENGINES)
def on_engine(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a test's body on stores of one engine."""
    engine: str = request.param
    if engine in RAFTOS:
        for words, reason in RAFTOS_FAILS.items():
            if words in request.node.name:
                pytest.xfail(reason)
        yield partial(on_raftos, engine)
        return
    url = request.getfixturevalue("etcd_url") if engine.startswith("etcd") else ""
    yield partial(run, engine, url)
