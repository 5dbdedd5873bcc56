"""Which objects a request is about."""

import pytest

from actors.apiserver.selection import SELECTOR_CHARACTERS_MAX, Selection
from cluster.api.index import make_index
from cluster.api.kinds import Kind, by_resource
from cluster.errors import StatusError


def kind_of(plural: str) -> Kind:
    found = by_resource("", "v1", plural)
    assert found is not None
    return found


PODS, NODES = kind_of("pods"), kind_of("nodes")


@pytest.mark.parametrize(
    ("chosen", "start"),
    [
        (Selection(PODS), "/registry/core/pods/"),
        (Selection(PODS, "a"), "/registry/core/pods/a/"),
        (Selection(PODS, "a", name="p"), "/registry/core/pods/a/p"),
        (Selection(PODS, "a", fields="metadata.name=p"), "/registry/core/pods/a/p"),
        (Selection(PODS, fields="metadata.namespace=a"), "/registry/core/pods/a/"),
        (Selection(PODS, fields="metadata.name=p"), "/registry/core/pods/"),
        (Selection(NODES, fields="metadata.name=n"), "/registry/core/nodes/n"),
    ],
)
def test_the_key_range_is_as_narrow_as_can_be(chosen: Selection, start: str) -> None:
    assert chosen.start == start and chosen.start < chosen.end


def test_labels_and_fields_choose_by_the_index() -> None:
    chosen = Selection(PODS, "a", "app=web", "spec.nodeName=n")
    pod = {"metadata": {"name": "p", "labels": {"app": "web"}}, "spec": {"nodeName": "n"}}
    assert chosen.selective and chosen.matches(make_index(PODS, pod))
    assert not chosen.matches(make_index(PODS, {**pod, "spec": {}}))


@pytest.mark.parametrize(
    ("labels", "fields", "text"),
    [
        ("a in (b", "", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("", "foo=bar", "field label not supported: foo"),
        ("", "foo", "invalid selector: 'foo'; can't understand 'foo'"),
        ("a" * SELECTOR_CHARACTERS_MAX, "b", "the selector is too long"),
    ],
)
def test_refusals(labels: str, fields: str, text: str) -> None:
    with pytest.raises(StatusError) as refused:
        Selection(PODS, "a", labels, fields)
    assert refused.value.code == 400 and refused.value.status["message"] == text


def test_a_selector_may_name_a_thousand_uids() -> None:
    names = ",".join(f"65bbe51d-96f9-4769-b926-f5a52c59{number:04}" for number in range(1000))
    assert Selection(PODS, "default", f"owner in ({names})").selective
