"""Races and expiry, provoked on the fake store."""

import asyncio

import orjson
import pytest

from actors.apiserver.continue_token import LIFETIME_SECONDS, ContinueTokens
from actors.apiserver.list_options import ListOptions
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.selection import selection_of
from actors.apiserver.store_client import StoreClient
from cluster.api.kinds import by_resource
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.base import Message
from cluster.messages.store import Txn
from cluster.names import STORE, address
from tests.support.control_plane import REPLICA, ControlPlane
from tests.unit.actors.apiserver.fake_store import FakeStore


async def test_patches_race_without_loss(fake_plane: ControlPlane) -> None:
    await fake_plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
    await asyncio.gather(
        *(
            fake_plane.patch("configmaps", "a", {"data": {f"k{n}": "1"}}, "default")
            for n in range(8)
        )
    )
    data = (await fake_plane.get("configmaps", "a", "default"))["data"]
    assert sorted(data) == [f"k{n}" for n in range(8)]


async def test_a_page_of_a_forgotten_revision_is_410_with_a_way_on(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    for name in ("a", "b", "c"):
        await fake_plane.create("configmaps", {"metadata": {"name": name}}, "default")
    page = await fake_plane.list("configmaps", "default", limit="1")
    await fake_plane.create("configmaps", {"metadata": {"name": "bb"}}, "default")
    fake.compacted = fake.revision - 1
    token = {"continue": page["metadata"]["continue"]}
    with pytest.raises(StatusError) as expired:
        await fake_plane.list("configmaps", "default", limit="1", **token)
    assert (expired.value.code, expired.value.reason) == (410, "Expired")
    again = {"continue": expired.value.status["metadata"]["continue"]}
    rest = await fake_plane.list("configmaps", "default", **again)
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "bb", "c"]


async def test_a_page_is_not_of_one_revision_for_ever(fake_plane: ControlPlane) -> None:
    for name in ("a", "b", "c", "d"):
        await fake_plane.create("configmaps", {"metadata": {"name": name}}, "default")
    now = [0.0]
    store = StoreClient(fake_plane.system.ref(address(STORE, REPLICA)))
    objects = ObjectStore(store, ContinueTokens(b"", lambda: now[0]))
    kind = by_resource("", "v1", "configmaps")
    assert kind is not None
    chosen = selection_of(kind, ApiRequest("list", "", "v1", "configmaps", "default"))
    token = (await objects.list(chosen, ListOptions(limit=1))).token
    now[0] += LIFETIME_SECONDS
    token = (await objects.list(chosen, ListOptions(limit=1, token=token))).token
    now[0] += 1
    with pytest.raises(StatusError) as expired:
        await objects.list(chosen, ListOptions(limit=1, token=token))
    assert (expired.value.code, expired.value.reason) == (410, "Expired")
    again = expired.value.status["metadata"]["continue"]
    page = await objects.list(chosen, ListOptions(limit=1, token=again))
    # From here on the list is of one revision again, and as young as its first page.
    now[0] += LIFETIME_SECONDS
    rest = await objects.list(chosen, ListOptions(token=page.token))
    names = [orjson.loads(item.value)["metadata"]["name"] for item in (*page.items, *rest.items)]
    assert names == ["c", "d"]


async def test_nothing_slips_into_a_namespace_that_ends_meanwhile(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    await fake_plane.create("namespaces", {"metadata": {"name": "team"}})
    apply = fake._txn

    def late(message: Txn) -> Message:
        # Between the admission of the create and its transaction the namespace is deleted.
        fake._txn = apply  # type: ignore[method-assign]
        key = "/registry/core/namespaces/team"
        item = fake.live[key]
        namespace = orjson.loads(item.value)
        namespace["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        from cluster.messages.store import Put

        apply(Txn(success=(Put(key, orjson.dumps(namespace), -1, item.index),)))
        return apply(message)

    fake._txn = late  # type: ignore[method-assign,assignment]
    with pytest.raises(StatusError) as refused:
        await fake_plane.create("configmaps", {"metadata": {"name": "late"}}, "team")
    assert refused.value.code == 403
    assert not [key for key in fake.live if key.startswith("/registry/core/configmaps/team/")]


async def test_a_revision_from_the_future_is_504(fake_plane: ControlPlane) -> None:
    with pytest.raises(StatusError) as refused:
        await fake_plane.list("configmaps", "default", resourceVersion="999999")
    assert refused.value.code == 504
    causes = refused.value.status["details"]["causes"]
    assert causes[0]["reason"] == "ResourceVersionTooLarge"


async def test_an_object_that_is_too_large_is_413(fake_plane: ControlPlane) -> None:
    obj = {"metadata": {"name": "a"}, "binaryData": {"x": "QUFB" * 500_000}}
    with pytest.raises(StatusError) as refused:
        await fake_plane.create("configmaps", obj, "default")
    assert refused.value.code in (413, 422)
