"""Bodies of creates, updates, status writes and questions: well-typed and strange, or no object."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kind import Kind
from tests.fuzz.budget import examples
from tests.fuzz.judge import KEPT, Judge
from tests.fuzz.originals import ASKED, NAME, STORED, TRIED_ONLY, WIDGET, known, original
from tests.fuzz.raw import raw_bodies
from tests.fuzz.requests import ACCEPTS, CHECKS, METADATA, TABLE, request
from tests.fuzz.shapes import bent, schema_of, value_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
# No object has this name.
NOTHING = "nothing"


@st.composite
def objects(draw: st.DrawFn, kinds: tuple[Kind, ...]) -> tuple[Kind, dict[str, Any]]:
    """One right object, bent."""
    kind = draw(st.sampled_from(kinds))
    return kind, draw(bent(original(kind), schema_of(kind)))


@given(objects((*STORED, WIDGET)), ACCEPTS, CHECKS)
@examples(600)
async def test_a_bent_object_is_tried(
    judge: Judge, what: tuple[Kind, dict[str, Any]], accept: str, validation: str
) -> None:
    kind, obj = what
    query = {"dryRun": "All", "fieldValidation": validation}
    body = orjson.dumps(obj)
    await judge.ask(request("create", kind, query=query, body=body, accept=accept))


@given(objects(tuple(kind for kind in (*STORED, WIDGET) if kind.plural not in TRIED_ONLY)))
@examples(200)
async def test_a_bent_object_is_stored_shown_written_again_and_removed(
    judge: Judge, what: tuple[Kind, dict[str, Any]]
) -> None:
    kind, obj = what
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
        metadata["name"] = f"b{metadata['name']}"
    made = await judge.ask(request("create", kind, body=orjson.dumps(obj)))
    if made.code >= 300:
        return
    name = made.body["metadata"]["name"]
    try:
        live = await judge.settled(kind, made.body)
        for accept in (TABLE, METADATA):
            shown = await judge.ask(request("get", kind, name=name, accept=accept))
            assert shown.code == 200, shown
        again = await judge.ask(request("update", kind, name=name, body=orjson.dumps(live)))
        assert again.code == 200, (obj, again)
        assert again.body == live
    finally:
        await judge.remove(kind, name)


@given(st.data())
@examples(200)
async def test_a_bent_object_is_written_over_a_right_one(judge: Judge, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from((*known(), WIDGET)))
    live = await judge.kept(kind)
    obj = data.draw(bent(copy.deepcopy(live), schema_of(kind)))
    part = data.draw(st.sampled_from(("", *kind.subresources)))
    query = {"dryRun": "All", "fieldValidation": data.draw(CHECKS)}
    await judge.ask(
        request(
            "update", kind, KEPT, name=live["metadata"]["name"], subresource=part, query=query,
            body=orjson.dumps(obj), accept=data.draw(ACCEPTS),
        )
    )  # fmt: skip


@given(st.data())
@examples(150)
async def test_questions(judge: Judge, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(ASKED))
    obj = data.draw(value_of(schema_of(kind)))
    await judge.ask(request("create", kind, query={"dryRun": "All"}, body=orjson.dumps(obj)))


@given(
    st.sampled_from((*STORED, WIDGET)),
    raw_bodies(),
    st.sampled_from(("create", "update", "patch", "delete", "deletecollection")),
    st.sampled_from(
        ("application/json", "application/yaml", "application/apply-patch+yaml",
         "application/merge-patch+json", "application/json-patch+json",
         "application/strategic-merge-patch+json", "text/csv", "", "application/json; charset=x",
         ";", "application/vnd.kubernetes.protobuf")
    ),
)  # fmt: skip
@examples(400)
async def test_bytes_that_are_no_object(
    judge: Judge, kind: Kind, body: bytes, verb: str, media: str
) -> None:
    name = "" if verb in ("create", "deletecollection") else NAME
    query = {"dryRun": "All", "fieldManager": "me"}
    if verb.startswith("delete"):
        # A body that can be read is no dry run: then there must be nothing that could go.
        name = name and NOTHING
        query = {"fieldSelector": f"metadata.name={NOTHING}"}
    await judge.ask(request(verb, kind, name=name, query=query, body=body, content_type=media))
