"""Long lists are rendered in portions: others have their turns, and the answer is the same."""

import asyncio
from typing import Any

import orjson
import pytest

from actors.apiserver import object_store, rendering
from actors.apiserver.negotiation import negotiate
from actors.apiserver.object_store import Page
from actors.apiserver.pieces import BETWEEN
from cluster.api.kinds import by_resource
from cluster.messages.store import KeyValue
from tests.support.control_plane import ControlPlane

META = "v=v1;g=meta.k8s.io"
FORMS = {
    "table": f"application/json;as=Table;{META}",
    "metadata": f"application/json;as=PartialObjectMetadataList;{META}",
}


class Others:
    """Counts the turns that another task has."""

    def __init__(self) -> None:
        self.turns = 0

    async def count(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


def page(count: int) -> Page:
    items = []
    for number in range(count):
        metadata = {"name": f"m{number}", "creationTimestamp": "2026-01-01T00:00:00Z"}
        value = orjson.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata})
        items.append(KeyValue(f"/m{number}", value, 1, 1, 1, b"", 0))
    return Page(tuple(items), 9)


async def rendered(form: str, count: int) -> dict[str, Any]:
    kind = by_resource("", "v1", "configmaps")
    assert kind is not None
    pieces = await rendering.render_list(negotiate(form), kind, page(count), 1.8e9)
    answer: dict[str, Any] = orjson.loads(BETWEEN.join(pieces))
    return answer


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_others_have_their_turns(form: str) -> None:
    others = Others()
    task = asyncio.create_task(others.count())
    count = 10 * rendering.PORTION
    answer = await rendered(form, count)
    task.cancel()
    assert others.turns >= 10
    name = "rows" if answer["kind"] == "Table" else "items"
    listed = answer.pop(name)
    one = await rendered(form, 1)
    assert len(listed) == count and listed[:1] == one.pop(name)
    assert answer == one
    empty = await rendered(form, 0)
    assert empty.pop(name) == [] and empty == one


async def test_a_selector_looks_at_many_with_turns_of_others(
    fake_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(320):
        metadata = {"name": f"m{number}", "labels": {"odd": str(number % 2)}}
        await fake_plane.create("configmaps", {"metadata": metadata}, "default")
    others = Others()
    task = asyncio.create_task(others.count())
    turns = []
    for portion in (10**9, 32):
        monkeypatch.setattr(object_store, "SELECT_PORTION", portion)
        others.turns = 0
        listed = await fake_plane.list("configmaps", "default", labelSelector="odd=1")
        turns.append(others.turns)
        assert len(listed["items"]) == 160
    task.cancel()
    assert turns[1] >= turns[0] + 9
