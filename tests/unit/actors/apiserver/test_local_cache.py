"""Namespaces and their like are answered from memory, as the store told of them last."""

from actors.apiserver.local_cache import LocalCache, Table
from actors.apiserver.selection import Selection
from cluster.api.kinds import by_resource
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import KeyValue, Range, StoreEvent
from tests.support.control_plane import ControlPlane
from tests.unit.actors.apiserver.fake_store import FakeStore

RANGES = by_resource("", "v1", "limitranges", unserved=True)
NAMESPACES = by_resource("", "v1", "namespaces")
PODS = by_resource("", "v1", "pods")


def item(key: str, revision: int = 1) -> KeyValue:
    return KeyValue(key, b"{}", revision, revision, 1)


def test_a_table_holds_what_was_told_last() -> None:
    table = Table("/registry/core/limitranges/")
    table.reset([item("/a/2"), item("/a/1"), item("/b/1")])
    assert [one.key for one in table.between("/a/", "/a0")] == ["/a/1", "/a/2"]
    table.apply([StoreEvent("delete", item("/a/1", 5), item("/a/1"))])
    table.apply([StoreEvent("put", item("/a/2", 6), item("/a/2"))])
    assert [one.mod_revision for one in table.between("/a/", "/a0")] == [6]
    assert table.get("/a/1") is None


def test_a_kind_is_kept_only_while_its_changes_come() -> None:
    assert NAMESPACES is not None and PODS is not None
    cache = LocalCache()
    assert cache.table(PODS) is None
    assert cache.table(NAMESPACES) is None, "not read yet"
    [table] = [one for one in cache.tables if "namespaces" in one.prefix]
    table.reset([])
    assert cache.table(NAMESPACES) is table
    table.lost()
    assert cache.table(NAMESPACES) is None


async def test_creating_a_pod_asks_the_store_for_the_pod_only(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    asked: list[Range] = []
    before = fake._range

    def counted(message: Range) -> object:
        asked.append(message)
        return before(message)

    fake._range = counted  # type: ignore[method-assign,assignment]
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    await fake_plane.create("pods", pod, "default")
    # The default policy is looked after meanwhile.
    others = [message.key for message in asked if "/rbac." not in message.key]
    assert [key for key in others if "/pods/" not in key] == []


async def test_what_is_created_counts_at_once(plane: ControlPlane) -> None:
    """A namespace just made, a class just made: nobody has to wait for the cache."""
    for number in range(20):
        name = f"space-{number}"
        await plane.create("namespaces", {"metadata": {"name": name}})
        await plane.create("configmaps", {"metadata": {"name": "a"}}, name)
        await plane.ask(ApiRequest("delete", "namespaces", name=name))
        found = await plane.get("namespaces", name)
        assert found["status"]["phase"] == "Terminating"


def test_a_selection_of_one_namespace() -> None:
    assert RANGES is not None
    selection = Selection(RANGES, "one")
    table = Table("/registry/core/limitranges/")
    table.reset([item(f"/registry/core/limitranges/{space}/a") for space in ("one", "one-b")])
    assert len(table.between(selection.start, selection.end)) == 1
