"""Which requests a rule is about."""

import pytest

from actors.apiserver.admission.matching import Asked, equivalents, exempt, matched, rule_of
from cluster.api.kind_table import BUILT_IN
from cluster.api.kinds import Kind, by_resource


def kind(group: str, plural: str) -> Kind:
    found = by_resource(group, "v1", plural)
    assert found is not None
    return found


PODS, NODES, MAPS = kind("", "pods"), kind("", "nodes"), kind("", "configmaps")


@pytest.mark.parametrize(
    ("resources", "asked", "matches"),
    [
        (["pods"], Asked("CREATE", PODS), True),
        (["pods"], Asked("CREATE", PODS, "binding"), False),
        (["pods/binding"], Asked("CREATE", PODS, "binding"), True),
        (["pods/binding"], Asked("CREATE", PODS), False),
        (["pods/*"], Asked("CREATE", PODS, "status"), True),
        (["pods/*"], Asked("CREATE", PODS), False),
        (["*/status"], Asked("CREATE", NODES, "status"), True),
        (["*"], Asked("CREATE", NODES), True),
        (["*"], Asked("CREATE", NODES, "status"), False),
        (["*/*"], Asked("CREATE", NODES), True),
        (["*/*"], Asked("CREATE", NODES, "status"), True),
        (["pods"], Asked("CREATE", MAPS), False),
        (["pods"], Asked("DELETE", PODS), False),
    ],
)
def test_resources_and_their_parts(resources: list[str], asked: Asked, matches: bool) -> None:
    rule = rule_of(
        {
            "operations": ["CREATE"],
            "apiGroups": [""],
            "apiVersions": ["*"],
            "resources": resources,
        }
    )
    found = matched([rule], True, asked, BUILT_IN)
    assert (found is asked.kind) is matches and (found is None) is not matches


@pytest.mark.parametrize(
    ("scope", "plural", "matches"),
    [("*", "pods", True), ("Cluster", "pods", False), ("Namespaced", "pods", True),
     ("Cluster", "nodes", True), ("Namespaced", "nodes", False), ("Cluster", "namespaces", True),
     ("Namespaced", "namespaces", False)],
)  # fmt: skip
def test_scope(scope: str, plural: str, matches: bool) -> None:
    rule = rule_of(
        {
            "operations": ["*"],
            "apiGroups": ["*"],
            "apiVersions": ["*"],
            "resources": ["*"],
            "scope": scope,
        }
    )
    asked = Asked("UPDATE", kind("", plural))
    assert (matched([rule], True, asked, BUILT_IN) is not None) is matches


def test_events_are_the_same_in_both_groups() -> None:
    old, new = kind("", "events"), kind("events.k8s.io", "events")
    assert equivalents(old, BUILT_IN) == [new] and equivalents(new, BUILT_IN) == [old]
    assert equivalents(PODS, BUILT_IN) == []
    rule = rule_of(
        {
            "operations": ["*"],
            "apiGroups": ["events.k8s.io"],
            "apiVersions": ["v1"],
            "resources": ["events"],
        }
    )
    asked = Asked("CREATE", old)
    assert matched([rule], False, asked, BUILT_IN) is new
    assert matched([rule], True, asked, BUILT_IN) is None


def test_its_own_configuration_is_exempt() -> None:
    group = "admissionregistration.k8s.io"
    assert exempt(kind(group, "mutatingwebhookconfigurations"))
    assert not exempt(PODS)
