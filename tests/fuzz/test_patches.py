"""All four patch types on every kind and its parts: right ones, strange ones, directives."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kind import Kind
from tests.fuzz.budget import examples
from tests.fuzz.judge import KEPT, Judge
from tests.fuzz.originals import WIDGET, known, original
from tests.fuzz.requests import ACCEPTS, CHECKS, request
from tests.fuzz.shapes import ANYTHING, TEXTS, bent, schema_of, value_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
JSON, MERGE, STRATEGIC, APPLY = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
KINDS = st.sampled_from((*known(), WIDGET))


def pointers(obj: Any, path: str = "") -> list[str]:
    """Every place in an object, as RFC 6901 writes it."""
    found = [path]
    if isinstance(obj, dict):
        for key, item in obj.items():
            found += pointers(item, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(obj, list):
        for position, item in enumerate(obj):
            found += pointers(item, f"{path}/{position}")
        found.append(f"{path}/-")
    return found


@st.composite
def operations(draw: st.DrawFn, live: Any) -> list[Any]:
    """A JSON patch whose paths mostly exist."""
    there = pointers(live)
    places = st.sampled_from(there) | st.sampled_from(("/a", "//", "/~", "a", "/metadata/-1", ""))
    values = ANYTHING | st.sampled_from((live, live["metadata"]))
    one = st.fixed_dictionaries(
        {
            "op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test")),
            "path": places,
        },
        optional={"value": values, "from": places},
    )
    return draw(st.lists(one, max_size=4))


def _directives(draw: st.DrawFn, patch: Any) -> Any:
    """The same with directives of strategic merge patches here and there."""
    if isinstance(patch, dict):
        made = {key: _directives(draw, item) for key, item in patch.items()}
        choice = draw(st.integers(0, 12))
        keys = sorted(made) or ["a"]
        key = draw(st.sampled_from(keys))
        value = made.get(key)
        if choice == 0:
            made["$patch"] = draw(st.sampled_from(("replace", "delete", "merge", "x", None, 1)))
        elif choice == 1:
            made["$retainKeys"] = draw(st.sampled_from((keys, [key], [], "x", [1], None)))
        elif choice == 2:
            made[f"$setElementOrder/{key}"] = draw(st.just(value) | ANYTHING)
        elif choice == 3:
            made[f"$deleteFromPrimitiveList/{key}"] = draw(st.just(value) | ANYTHING)
        elif choice == 4:
            made[key] = None
        return made
    if isinstance(patch, list):
        made_list = [_directives(draw, item) for item in patch]
        if draw(st.integers(0, 6)) == 0:
            made_list.append({"$patch": draw(st.sampled_from(("replace", "delete", "x")))})
        return made_list
    return patch


@st.composite
def part_of(draw: st.DrawFn, obj: Any) -> Any:
    """Some of the fields of an object, down to some depth."""
    if not isinstance(obj, dict):
        return obj
    kept = draw(st.lists(st.sampled_from(sorted(obj) or ["a"]), max_size=3, unique=True))
    return {key: draw(part_of(obj[key])) for key in kept if key in obj}


@st.composite
def patches(draw: st.DrawFn, kind: Kind, media: str, live: Any) -> Any:
    """A patch of that type."""
    if media == JSON:
        return draw(operations(live))
    if media == APPLY:
        whole = draw(bent(original(kind), schema_of(kind)))
        return _directives(draw, whole) if draw(st.integers(0, 9)) == 0 else whole
    schema = schema_of(kind)
    base = draw(
        part_of(orjson.loads(orjson.dumps(live))) | value_of(schema) | st.just(original(kind))
    )
    patch = draw(bent(base, schema)) if isinstance(base, dict) else base
    return _directives(draw, patch) if media == STRATEGIC else patch


@given(st.data())
@examples(700)
async def test_patches_of_an_object(judge: Judge, data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    live = await judge.kept(kind)
    media = data.draw(st.sampled_from((JSON, MERGE, STRATEGIC, APPLY)))
    part = data.draw(st.sampled_from(("", "", "", *kind.subresources)))
    query = {"dryRun": "All", "fieldValidation": data.draw(CHECKS)}
    if data.draw(st.integers(0, 9)):
        query["fieldManager"] = data.draw(st.sampled_from(("me", "apiserver", "a" * 128)))
    if data.draw(st.booleans()):
        query["force"] = "true"
    name = live["metadata"]["name"]
    if data.draw(st.integers(0, 9)) == 0:
        name = data.draw(st.sampled_from(("other", *TEXTS[1:])))
    patch = data.draw(patches(kind, media, live))
    await judge.ask(
        request(
            "patch", kind, KEPT, name=name, subresource=part, query=query,
            body=orjson.dumps(patch), content_type=media, accept=data.draw(ACCEPTS),
        )
    )  # fmt: skip


@given(st.data())
@examples(60)
async def test_patches_that_are_stored(judge: Judge, data: st.DataObject) -> None:
    """A row of them on an object of their own: each is whole, or nothing."""
    kind = data.draw(st.sampled_from([kind for kind in known() if kind.namespaced]))
    obj = original(kind)
    obj["metadata"]["name"] = "patched"
    made = await judge.ask(request("create", kind, body=orjson.dumps(obj)))
    assert made.code == 201, made
    try:
        for _ in range(data.draw(st.integers(1, 4))):
            live = (await judge.ask(request("get", kind, name="patched"))).body
            media = data.draw(st.sampled_from((JSON, MERGE, STRATEGIC, APPLY)))
            patch = data.draw(patches(kind, media, live))
            if media == APPLY and isinstance(patch.get("metadata"), dict):
                patch["metadata"]["name"] = "patched"
            answer = await judge.ask(
                request(
                    "patch", kind, name="patched", body=orjson.dumps(patch), content_type=media,
                    query={"fieldManager": "me", "force": "true"} if media == APPLY else {},
                )
            )  # fmt: skip
            if answer.code == 200:
                again = await judge.ask(request("get", kind, name="patched"))
                assert again.code == 404 or again.body == answer.body, (answer, again)
    finally:
        await judge.remove(kind, "patched")
