"""A key's plan waits until the caches show what it wrote."""

from actors.client.cache import Cache
from actors.controllers.expectations import PATIENCE_SECONDS, Expectations
from cluster.api.resources import PODS, REPLICA_SETS
from tests.unit.actors.client.test_cache import encode

KEY = ("default", "web")


def test_writes_are_waited_for_per_resource() -> None:
    expectations = Expectations()
    caches = {PODS: Cache(PODS), REPLICA_SETS: Cache(REPLICA_SETS)}
    assert expectations.fulfilled(KEY, caches, 0.0)
    expectations.wrote(KEY, PODS, 7, 0.0)
    expectations.wrote(KEY, PODS, 5, 0.0)
    caches[REPLICA_SETS].revision = 99
    assert not expectations.fulfilled(KEY, caches, 1.0)
    assert expectations.fulfilled(("default", "other"), caches, 1.0)
    caches[PODS].revision = 7
    assert expectations.fulfilled(KEY, caches, 1.0)
    caches[PODS].revision = 0
    assert expectations.fulfilled(KEY, caches, 1.0)


def test_deletes_are_waited_for() -> None:
    expectations = Expectations()
    cache = Cache(PODS)
    cache.put(encode("a", 2), 0.0)
    expectations.deleted(KEY, PODS, "default", "a", "uid-a", 0.0)
    assert not expectations.fulfilled(KEY, {PODS: cache}, 1.0)
    cache.put(encode("a", 3, uid="uid-next"), 0.0)
    assert expectations.fulfilled(KEY, {PODS: cache}, 1.0)


def test_patience_ends() -> None:
    expectations = Expectations()
    expectations.wrote(KEY, PODS, 7, 10.0)
    caches = {PODS: Cache(PODS)}
    assert not expectations.fulfilled(KEY, caches, 10.0 + PATIENCE_SECONDS)
    assert expectations.fulfilled(KEY, caches, 10.1 + PATIENCE_SECONDS)
