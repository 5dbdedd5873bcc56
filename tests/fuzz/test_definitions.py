"""Definitions of custom resources that are really served: what is stored and odd must not hold up
the server, which reads all definitions at every start and in every replica."""

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.schema_files import load_definitions
from cluster.api.kind import SCALE, STATUS, row
from cluster.api.kinds import by_resource
from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.requests import ACCEPTS, request
from tests.fuzz.shapes import ANYTHING, bent, schema_of, value_of
from tests.support import widgets
from tests.support.control_plane import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")
CRDS = by_resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
assert CRDS is not None
WHEEL = row(widgets.GROUP, "v1", "Wheel", "wheels", "", subresources=(STATUS, SCALE))
NAME = "wheels.example.com"
MERGE = "application/merge-patch+json"
_PROPS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
_RULES = (
    "self.a == 1", "has(self.a)", "self", "", "(", "self.a.b.c", "1/0 == 1", "oldSelf == self",
    "self.all(x, x)", "'a'.matches('(')", "size(self) < 9999999999999999999", "[1][5] == 1",
    "duration('x') < duration('1s')", "self.a in [1, 'b']", "true", "null", "!" * 300 + "true",
)  # fmt: skip
_TYPES = ("object", "array", "string", "integer", "number", "boolean")
_FORMATS = ("date-time", "int32", "byte", "ipv4", "uuid", "duration", "x", "")
_PATTERNS = ("(", "^a$", "(a+)+$", "\\d", "[", "(?i)a", "\u0000", "a{1000}", "a{2000}")


def _leaf() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(_TYPES),
            "format": st.sampled_from(_FORMATS),
            "pattern": st.sampled_from(_PATTERNS),
            "default": ANYTHING,
            "enum": st.lists(ANYTHING, max_size=2),
            "nullable": st.booleans(),
            "minimum": st.sampled_from((0, -1, 1.5, 1e300)),
            "multipleOf": st.sampled_from((0, 1, 0.1, -1, 5e-324)),
            "maxLength": st.sampled_from((-1, 0, 2**63 - 1)),
            "maxItems": st.sampled_from((-1, 0, 3)),
            "uniqueItems": st.booleans(),
            "required": st.lists(st.sampled_from(("a", "b", "")), max_size=2),
            "x-kubernetes-int-or-string": st.booleans(),
            "x-kubernetes-preserve-unknown-fields": st.booleans(),
            "x-kubernetes-embedded-resource": st.booleans(),
            "x-kubernetes-list-type": st.sampled_from(("map", "set", "atomic", "x")),
            "x-kubernetes-list-map-keys": st.lists(st.sampled_from(("a", "b")), max_size=2),
            "x-kubernetes-map-type": st.sampled_from(("granular", "atomic", "x")),
            "x-kubernetes-validations": st.lists(
                st.fixed_dictionaries({"rule": st.sampled_from(_RULES)}), max_size=2
            ),
        },
    )


def _with(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda leaf, more: {**leaf, **more},
        _leaf(),
        st.fixed_dictionaries(
            {},
            optional={
                "properties": st.dictionaries(st.sampled_from(("a", "b", "metadata")), inner),
                "items": inner,
                "additionalProperties": inner | st.booleans(),
                "allOf": st.lists(inner, max_size=2),
                "not": inner,
            },
        ),
    )


SCHEMAS = st.recursive(_leaf(), _with, max_leaves=5)


@st.composite
def definitions(draw: st.DrawFn) -> Json:
    """One with a strange schema, or a right one bent."""
    obj = widgets.definition(widgets.version("v1"), plural="wheels", kind="Wheel")
    version = obj["spec"]["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    if draw(st.booleans()):
        schema = draw(SCHEMAS)
        if draw(st.booleans()):
            schema["type"] = draw(st.sampled_from(_TYPES))
        root["properties"]["spec"] = schema
    else:
        return draw(bent(obj, schema_of(CRDS)))
    if draw(st.integers(0, 4)) == 0:
        node = load_definitions().schema_for(_PROPS)
        root["properties"]["extra"] = draw(value_of(node, 2))
    return obj


async def settled(judge: Judge) -> Json | None:
    """The definition, once the server has said what becomes of its names."""
    for _ in range(1000):
        found = await judge.answer(request("get", CRDS, name=NAME))
        if found.code == 404:
            return None
        told = {item.get("type") for item in found.body.get("status", {}).get("conditions") or ()}
        if {"NamesAccepted", "Established"} <= told:
            body: Json = found.body
            return body
        await asyncio.sleep(0.005)
    raise AssertionError("the server does not look at definitions any more")


async def removed(judge: Judge) -> None:
    """And waited for."""
    await judge.answer(request("delete", CRDS, name=NAME))
    free = orjson.dumps({"metadata": {"finalizers": None}})
    for turn in range(1000):
        if (await judge.answer(request("get", CRDS, name=NAME))).code == 404:
            return
        if turn == 200:
            # Its own finalizer may wait for ever if the test took its status away.
            await judge.answer(request("patch", CRDS, name=NAME, body=free, content_type=MERGE))
        await asyncio.sleep(0.005)
    raise AssertionError("the definition does not go")


async def alive(judge: Judge) -> None:
    """Other kinds are served, and discovery is made."""
    listed = await judge.ask(request("list", row(widgets.GROUP, "v1", "Widget", "widgets", "")))
    assert listed.code == 200, listed


@given(definitions(), st.lists(ANYTHING, max_size=3), st.data())
@examples(60)
async def test_what_is_accepted_is_served(
    judge: Judge, definition: Json, values: list[Any], data: st.DataObject
) -> None:
    made = await judge.answer(request("create", CRDS, body=orjson.dumps(definition)))
    assert made.code < 500, made
    if made.code >= 300 or made.body["metadata"]["name"] != NAME:
        return
    try:
        if await settled(judge) is None:
            return
        for value in values:
            obj = {
                "apiVersion": "example.com/v1",
                "kind": "Wheel",
                "metadata": {"name": "w"},
                "spec": value,
            }
            accept = data.draw(ACCEPTS)
            body = orjson.dumps(obj)
            answer = await judge.ask(request("create", WHEEL, body=body, accept=accept))
            if answer.code == 201:
                patch = orjson.dumps({"spec": data.draw(ANYTHING)})
                await judge.ask(
                    request("patch", WHEEL, name="w", body=patch, content_type=MERGE, accept=accept)
                )
                await judge.ask(request("list", WHEEL, accept=accept))
                await judge.ask(request("get", WHEEL, name="w", subresource="scale"))
                await judge.ask(request("delete", WHEEL, name="w"))
        await alive(judge)
    finally:
        await removed(judge)


@given(st.data())
@examples(40)
async def test_a_status_that_a_client_writes(judge: Judge, data: st.DataObject) -> None:
    definition = widgets.definition(widgets.version("v1"), plural="wheels", kind="Wheel")
    made = await judge.answer(request("create", CRDS, body=orjson.dumps(definition)))
    assert made.code == 201, made
    try:
        live = await settled(judge)
        assert live is not None
        node = schema_of(CRDS)
        assert node is not None
        status = data.draw(
            bent(live["status"], node.child("status")) | value_of(node.child("status"))
        )
        body = orjson.dumps({**live, "status": status})
        answer = await judge.answer(
            request("update", CRDS, name=NAME, subresource="status", body=body)
        )
        assert answer.code < 500, answer
        await settled(judge)
        await alive(judge)
    finally:
        await removed(judge)
