"""The cache: indexes follow every change, decoded objects are bounded."""

import gc

import orjson
from hypothesis import given
from hypothesis import strategies as st

from actors.client import cache as cache_module
from actors.client.cache import Cache, Entry
from cluster.api.resources import CONFIGMAPS, PODS
from cluster.api.types import Object


def encode(
    name: str, revision: int, namespace: str = "default", uid: str = "", **fields: Object
) -> bytes:
    owners = [{"uid": owner} for owner in fields.pop("owners", ())]
    meta = {"name": name, "namespace": namespace, "uid": uid or f"uid-{name}"}
    meta["resourceVersion"] = str(revision)
    return orjson.dumps({"metadata": {**meta, "ownerReferences": owners}, **fields})


def test_indexes_by_owner_and_node() -> None:
    cache = Cache(PODS)
    cache.put(encode("a", 2, owners=["rs"], spec={"nodeName": "n1"}), 5.0)
    cache.put(encode("b", 3), 6.0)
    assert [pod["metadata"]["name"] for pod in cache.by_owner("rs")] == ["a"]
    assert [pod["metadata"]["name"] for pod in cache.by_owner("")] == ["b"]
    assert [pod["metadata"]["name"] for pod in cache.by_node("n1")] == ["a"]
    cache.put(encode("a", 4, spec={"nodeName": "n2"}), 7.0)
    assert cache.by_owner("rs") == [] and cache.by_node("n1") == []
    assert len(cache.by_owner("")) == 2
    entry = cache.entry("default", "a")
    assert entry is not None and entry.seen == 7.0 and entry.revision == 4
    cache.remove(encode("a", 5), 8.0)
    assert cache.by_node("n2") == []
    assert len(cache) == 1 and cache.revision == 5


def test_an_old_version_is_no_news() -> None:
    cache = Cache(CONFIGMAPS)
    _, first = cache.put(encode("a", 5), 1.0)
    assert cache.put(encode("a", 5), 2.0) == (first, first)
    assert cache.put(encode("a", 4), 2.0) == (first, first)
    old, new = cache.put(encode("a", 6, uid="other"), 3.0)
    assert old is first and new.uid == "other"


def test_decoded_objects_carry_their_type_and_are_shared() -> None:
    cache = Cache(PODS)
    cache.put(encode("a", 2), 0.0)
    found = cache.get("default", "a")
    assert found is not None and found["kind"] == "Pod" and found["apiVersion"] == "v1"
    assert cache.get("default", "a") is found


def test_two_caches_decode_the_same_version_once() -> None:
    one, other = Cache(PODS), Cache(PODS)
    data = encode("a", 2, labels={"x": "1"})
    for cache in (one, other):
        cache.put(data, 5.0)
    assert one.get("default", "a") is other.get("default", "a")
    other.put(encode("a", 3, labels={"x": "2"}), 6.0)
    assert one.get("default", "a")["labels"] == {"x": "1"}  # type: ignore[index]
    assert other.get("default", "a")["labels"] == {"x": "2"}  # type: ignore[index]


def test_what_only_looks_like_the_same_version_is_decoded_anew() -> None:
    one, other, services = Cache(PODS), Cache(PODS), Cache(CONFIGMAPS)
    one.put(encode("a", 2, labels={"x": "1"}), 5.0)
    other.put(encode("a", 2, labels={"x": "2"}), 5.0)
    services.put(encode("a", 2, labels={"x": "1"}), 5.0)
    found = [cache.get("default", "a") for cache in (one, other, services)]
    assert [obj["labels"]["x"] for obj in found if obj] == ["1", "2", "1"]
    assert [obj["kind"] for obj in found if obj] == ["Pod", "Pod", "ConfigMap"]


def test_recent_objects_are_bounded() -> None:
    recent, cache = cache_module.Recent(most=3), Cache(PODS)
    entries = [cache.put(encode(f"p{number}", number), 0.0)[1] for number in range(1, 6)]
    first = [recent.decode(PODS, entry) for entry in entries]
    again = [recent.decode(PODS, entry) for entry in reversed(entries)]
    same = [new is old for new, old in zip(again, reversed(first), strict=True)]
    assert same == [True, True, True, False, False]


def test_of_what_was_replaced_or_deleted_nothing_is_kept() -> None:
    """A node's pods come and go: once every version of each that was ever read was kept."""
    cache = Cache(CONFIGMAPS)

    def kept() -> int:
        return sum(isinstance(found, Entry) for found in gc.get_objects()) - others

    others = sum(isinstance(found, Entry) for found in gc.get_objects())
    for revision in range(2, 40):
        old, new = cache.put(encode("a", revision), 1.0)
        cache.decode(new)
        if old is not None:
            # As an informer tells its readers.
            assert cache.decode(old)["metadata"]["name"] == "a"
    del old, new
    assert kept() == 1
    gone = cache.remove(encode("a", 40), 1.0)
    assert gone is not None
    assert cache.decode(gone)["metadata"]["resourceVersion"] == "39"
    del gone
    assert kept() == 0


def test_only_so_many_stay_decoded(monkeypatch: object) -> None:
    cache = Cache(PODS)
    before, cache_module.DECODED_MAX = cache_module.DECODED_MAX, 3
    try:
        for number in range(10):
            cache.put(encode(f"p{number}", number + 2), 0.0)
        assert len(cache.list("default")) == 10
        assert sum(entry._decoded is not None for entry in cache.entries()) == 3
    finally:
        cache_module.DECODED_MAX = before


names = st.sampled_from(["a", "b", "c"])
change = st.tuples(
    names,
    st.sampled_from(["ns1", "ns2"]),
    st.lists(st.sampled_from(["o1", "o2"]), unique=True),
    st.sampled_from(["", "n1", "n2"]),
    st.booleans(),
)


@given(st.lists(change, max_size=30))
def test_indexes_equal_a_scan(changes: list[tuple[str, str, list[str], str, bool]]) -> None:
    cache = Cache(PODS)
    for revision, (name, namespace, owners, node, gone) in enumerate(changes, start=2):
        data = encode(name, revision, namespace, owners=owners, spec={"nodeName": node})
        if gone:
            cache.remove(data, 0.0)
        else:
            cache.put(data, 0.0)
    present = list(cache.entries())
    for owner in ("o1", "o2"):
        scan = {entry.key for entry in present if owner in entry.owners}
        assert {_key(pod) for pod in cache.by_owner(owner)} == scan
    for node in ("n1", "n2"):
        scan = {entry.key for entry in present if entry.node == node}
        assert {_key(pod) for pod in cache.by_node(node)} == scan
    assert len(cache) == len(present)


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]
