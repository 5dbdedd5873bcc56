"""Selectors: parsing, matching, printing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kinds import by_resource
from cluster.api.selectors import (
    EVERYTHING,
    NOTHING,
    SelectorError,
    from_labels,
    from_object,
    parse_field_selector,
    parse_label_selector,
)

WORDS = st.sampled_from(["a", "b", "app", "x.io/tier", "in", "notin"])
VALUES = st.sampled_from(["", "a", "1", "22", "web", "in"])
REQUIREMENTS = st.one_of(
    WORDS,
    WORDS.map(lambda key: f"!{key}"),
    st.tuples(WORDS, st.sampled_from(["=", "==", "!="]), VALUES).map("".join),
    st.tuples(WORDS, st.sampled_from([" in ", " notin "]), st.lists(VALUES, min_size=1)).map(
        lambda item: f"{item[0]}{item[1]}({','.join(item[2])})"
    ),
    st.tuples(WORDS, st.sampled_from([">", "<"]), st.sampled_from(["1", "22"])).map("".join),
)
LABELS = st.dictionaries(WORDS, VALUES, max_size=4)


@pytest.mark.parametrize(
    ("text", "labels", "matched"),
    [("", {}, True), ("a=1", {"a": "1"}, True), ("a==1", {"a": "1"}, True),
     ("a=1", {"a": "2"}, False), ("a=1", {}, False), ("a!=1", {}, True),
     ("a!=1", {"a": "1"}, False), ("a in (1,2)", {"a": "2"}, True), ("a in (1,2)", {}, False),
     ("a notin (1, 2)", {}, True), ("a notin (1)", {"a": "1"}, False), ("a", {"a": ""}, True),
     ("!a", {"a": ""}, False), ("!a", {}, True), ("a=1,b", {"a": "1"}, False),
     ("a=1,b", {"a": "1", "b": ""}, True), ("a>5", {"a": "6"}, True), ("a>5", {"a": "5"}, False),
     ("a<5", {"a": "4"}, True), ("a>5", {"a": "x"}, False), ("a>5", {}, False),
     (" a = 1 , b != 2 ", {"a": "1"}, True), ("a=", {"a": ""}, True), ("a=,b=1", {"a": ""}, False),
     ("a in (,x)", {"a": ""}, True), ("x.io/y=1", {"x.io/y": "1"}, True)],
)  # fmt: skip
def test_labels_match(text: str, labels: dict[str, str], matched: bool) -> None:
    assert parse_label_selector(text).matches(labels) is matched


@pytest.mark.parametrize(
    "text",
    ["a b", "a=1=2", ",", "a,", "a in", "a in 1", "a in (1", "=1", "a in (1 2)", "(a)", "!",
     "a>x", "-a=1", "a=-", "a=1,,b", "a ! b", "a/b/c", "!=", "a>"],
)  # fmt: skip
def test_no_label_selectors(text: str) -> None:
    with pytest.raises(SelectorError):
        parse_label_selector(text)


@given(st.lists(REQUIREMENTS, min_size=1, max_size=4), LABELS)
def test_a_printed_selector_means_the_same(texts: list[str], labels: dict[str, str]) -> None:
    selector = parse_label_selector(",".join(texts))
    again = parse_label_selector(str(selector))
    assert again.matches(labels) == selector.matches(labels)
    assert selector.matches(labels) == all(
        parse_label_selector(text).matches(labels) for text in texts
    )


@given(st.text(max_size=40))
def test_any_text_is_a_selector_or_an_error(text: str) -> None:
    try:
        parse_label_selector(text).matches({"a": "1"})
    except SelectorError:
        pass
    try:
        parse_field_selector(text).matches({"a": "1"})
    except SelectorError:
        pass


def test_objects() -> None:
    selector: dict[str, Any] = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
    }
    parsed = from_object(selector)
    assert parsed.matches({"app": "web", "tier": "a"}) and not parsed.matches({"app": "web"})
    assert from_object({}).everything and from_object(None) == NOTHING
    assert not NOTHING.matches({}) and EVERYTHING.matches(None)
    assert from_object({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}).matches({})


@pytest.mark.parametrize(
    "item",
    [{"key": "a", "operator": "Like"}, {"key": "a", "operator": "In"},
     {"key": "a", "operator": "Exists", "values": ["x"]}],
)  # fmt: skip
def test_wrong_objects(item: dict[str, Any]) -> None:
    with pytest.raises(SelectorError):
        from_object({"matchExpressions": [item]})


def test_a_service_without_selector_selects_nothing() -> None:
    assert from_labels(None) == NOTHING and from_labels({}) == NOTHING
    assert from_labels({"a": "1"}).matches({"a": "1", "b": "2"})


def test_fields() -> None:
    selector = parse_field_selector("status.phase!=Failed,spec.nodeName=n1")
    assert selector.matches({"status.phase": "Running", "spec.nodeName": "n1"})
    assert not selector.matches({"status.phase": "Failed", "spec.nodeName": "n1"})
    assert selector.exact("spec.nodeName") == "n1" and selector.exact("status.phase") is None
    assert parse_field_selector("").everything
    assert parse_field_selector("a==b").conditions == (("a", True, "b"),)


def test_escaped_field_values() -> None:
    selector = parse_field_selector(r"a=b\,c\=d\\e")
    assert selector.exact("a") == "b,c=d\\e"
    assert parse_field_selector(str(selector)) == selector
    with pytest.raises(SelectorError):
        parse_field_selector("a=b=c")
    with pytest.raises(SelectorError):
        parse_field_selector("a=b\\x")


def test_unknown_fields_of_a_kind() -> None:
    pods, events = by_resource("", "v1", "pods"), by_resource("events.k8s.io", "v1", "events")
    with pytest.raises(SelectorError, match=r"field label not supported: spec\.foo"):
        parse_field_selector("spec.foo=1", pods)
    maps = by_resource("", "v1", "configmaps")
    with pytest.raises(SelectorError, match='"a" is not a known field selector: only "metadata'):
        parse_field_selector("a=1", maps)
    selector = parse_field_selector("regarding.name=web", events)
    assert selector.exact("involvedObject.name") == "web"
