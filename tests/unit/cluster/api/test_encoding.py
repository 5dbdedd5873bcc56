"""Stored bytes: what they hold, and the gap for the revision."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.encoding import decode, decode_shared, encode, encode_for_store, stamped, unstamped

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_the_revision_goes_into_metadata() -> None:
    obj = {"spec": {"a": 1}, "kind": "Pod", "metadata": {"name": "x", "resourceVersion": "5"}}
    data, offset = encode_for_store(obj)
    assert data.startswith(b'{"apiVersion":"","kind":"Pod","metadata":{"resourceVersion":""')
    stored = decode(stamped(data, offset, 42))
    assert stored["metadata"] == {"resourceVersion": "42", "name": "x"}
    assert stored["spec"] == {"a": 1}
    assert obj["metadata"]["resourceVersion"] == "5", "the object is not changed"


@given(TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3), st.integers(1, 2**60))
def test_the_gap_is_found_whatever_the_text(
    version: str, kind: str, labels: dict[str, str], revision: int
) -> None:
    hostile = '"metadata":{"resourceVersion":"'
    obj = {"apiVersion": version + hostile, "kind": kind, "metadata": {"labels": labels}}
    data, offset = encode_for_store(obj)
    stored = orjson.loads(stamped(data, offset, revision))
    assert stored["metadata"]["resourceVersion"] == str(revision)
    assert stored["metadata"]["labels"] == labels
    assert stored["apiVersion"] == version + hostile


def test_what_is_not_stored_has_no_revision() -> None:
    for metadata in ({"name": "x"}, {}):
        obj = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}}
        assert decode(unstamped(*encode_for_store(obj))) == obj


def test_only_objects_are_decoded() -> None:
    assert decode(encode({"a": 1})) == {"a": 1}
    with pytest.raises(ValueError, match="not a JSON object"):
        decode(b"[1]")


def test_what_is_looked_at_often_is_decoded_once() -> None:
    data = b'{"kind": "Namespace"}'
    assert decode_shared(data) is decode_shared(bytes(bytearray(data)))
    assert decode_shared(data) == decode(data)
    with pytest.raises(ValueError, match="not a JSON object"):
        decode_shared(b"[]")
