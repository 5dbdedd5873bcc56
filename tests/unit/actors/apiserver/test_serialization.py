"""Answers in YAML, and JSON for people."""

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.negotiation import negotiate, prefers_yaml
from actors.apiserver.serialization import is_pretty, to_pretty, to_yaml
from cluster.errors import StatusError


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/yaml", True),
        ("application/json;q=0.5,application/yaml;q=0.9", True),
        ("application/json,application/yaml", False),
        ("application/vnd.kubernetes.protobuf,application/yaml", True),
        ("application/yaml;q=0,application/json", False),
        ("application/yaml;as=Table;g=meta.k8s.io;v=v1", True),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_wants_yaml(accept: str, wanted: bool) -> None:
    assert prefers_yaml(accept) is wanted
    negotiate(accept)


@pytest.mark.parametrize("accept", ["application/yaml", "application/json;stream=other"])
def test_events_are_json(accept: str) -> None:
    with pytest.raises(StatusError) as refused:
        negotiate(accept, watch=True)
    assert refused.value.code == 406
    negotiate("application/json;stream=watch", watch=True)


def test_yaml_says_the_same() -> None:
    shared = ["yes", "1", "a: b", "", None, True, 1.5, 2**63]
    value = {"kind": "List", "items": [shared, shared, {}], "note": "ü\n- x"}
    written = to_yaml(orjson.dumps(value))
    assert yaml.safe_load(written) == value
    assert written.startswith(b"items:\n- - 'yes'")
    assert b"&" not in written


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text("ab:- \n'", max_size=120),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=8,
)


class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # either class
    """What is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@given(
    st.dictionaries(st.sampled_from(["a", "kind", "x"]), VALUES, max_size=3),
    st.lists(VALUES, max_size=3) | VALUES,
)
def test_a_list_by_parts_is_the_list(document: dict[str, object], items: object) -> None:
    document["items"] = items
    whole = yaml.dump(document, Dumper=Plain, default_flow_style=False, allow_unicode=True)
    assert to_yaml(orjson.dumps(document)).decode() == whole


@pytest.mark.parametrize(
    ("path", "agent", "wanted"),
    [
        ("/api?pretty", "", True),
        ("/api?pretty=true", "", True),
        ("/api?pretty=false", "curl/8", False),
        ("/api?labelSelector=pretty", "kubectl/v1.37", False),
        ("/api", "curl/8", True),
        ("/api", "kubectl/v1.37", False),
        ("/api?pretty=%ff", "", False),
    ],
)
def test_who_wants_lines(path: str, agent: str, wanted: bool) -> None:
    assert is_pretty(path, agent) is wanted


def test_pretty_json_says_the_same() -> None:
    value = {"a": [1, {"b": None}]}
    written = to_pretty(orjson.dumps(value))
    assert orjson.loads(written) == value
    assert written.count(b"\n") > 5
