"""A list in pieces is, in any chunks, the list."""

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from actors.apiserver import pieces
from actors.apiserver.negotiation import OBJECT
from actors.apiserver.object_store import Page
from actors.apiserver.pieces import ListResponse, chunks, size_of, whole
from actors.apiserver.rendering import render_list
from cluster.api.kinds import by_resource
from cluster.messages.apiserver import ApiResponse
from cluster.messages.store import KeyValue

parts = st.lists(st.binary(max_size=40), min_size=1, max_size=30)


@given(parts, st.integers(1, 50))
@example([b""], 1)
@example([b"", b""], 1)
@example([b"a" * 39, b"b"], 10)
def test_chunks_are_the_whole(found: list[bytes], size: int) -> None:
    told = pieces.BETWEEN.join(found)
    cut = list(chunks(found, size))
    assert b"".join(cut) == told
    assert size_of(found) == len(told)
    assert all(len(chunk) <= 2 * size for chunk in cut)


@given(st.lists(st.binary(min_size=5, max_size=40), min_size=1, max_size=200))
def test_small_pieces_go_together(found: list[bytes]) -> None:
    cut = list(chunks(found, 100))
    assert all(len(chunk) >= 100 for chunk in cut[:-1])


async def test_what_travels_is_whole() -> None:
    kind = by_resource("", "v1", "configmaps")
    assert kind is not None
    for count in (0, 1, 3):
        values = [b'{"metadata":{"name":"a%d"}}' % number for number in range(count)]
        items = tuple(KeyValue("k", value, 1, 1, 1, b"", 0) for value in values)
        found = await render_list(OBJECT, kind, Page(items, 7), 0.0)
        answer = whole(ListResponse(200, b"", warnings=("w",), traces=("t",), pieces=found))
        assert type(answer) is ApiResponse
        assert (answer.code, answer.warnings, answer.traces) == (200, ("w",), ("t",))
        assert orjson.loads(answer.body) == {
            "kind": "ConfigMapList",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": "7"},
            "items": [orjson.loads(value) for value in values],
        }
    one = ApiResponse(201, b"{}")
    assert whole(one) is one
