"""Rules: aggregation ends, merging repeats nothing."""

from typing import Any

from cluster.security.rbac import Attributes
from cluster.security.rules import NOBODY, CompiledRules, aggregated_rules, merge_rules

GET_PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}


def collector(name: str, label: str, **labels: str) -> dict[str, Any]:
    selector = {"matchLabels": {label: "true"}}
    return {
        "metadata": {"name": name, "labels": labels},
        "aggregationRule": {"clusterRoleSelectors": [selector]},
        "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    }


def test_cycles_of_aggregation_end() -> None:
    one = collector("one", "x", y="true")
    other = collector("other", "y", x="true")
    plain = {"metadata": {"name": "p", "labels": {"y": "true"}}, "rules": [GET_PODS]}
    roles = [one, other, plain]
    assert aggregated_rules(one, roles) == [GET_PODS]
    assert aggregated_rules(other, roles) == [GET_PODS]


def test_an_unreadable_selector_selects_nothing() -> None:
    bad = collector("bad", "x")
    expression = {"key": "x", "operator": "Sounds like"}
    bad["aggregationRule"]["clusterRoleSelectors"] = [{"matchExpressions": [expression]}]
    assert aggregated_rules(bad, [bad, {"metadata": {"name": "p"}, "rules": [GET_PODS]}]) == []


def test_find_tells_names() -> None:
    named = {**GET_PODS, "resourceNames": ["a"]}
    compiled = CompiledRules([named, {**named, "resourceNames": ["b"]}])
    assert compiled.find(Attributes("get", "", "pods")) == {"a", "b"}
    assert compiled.find(Attributes("list", "", "pods")) is None
    assert CompiledRules([named, GET_PODS]).find(Attributes("get", "", "pods")) == frozenset()
    assert CompiledRules([{}]).find(Attributes("get", "", "pods")) is None


def test_grants_add_up() -> None:
    grant = NOBODY.extended(frozenset({"a"}), "first").extended(frozenset({"a", "b"}), "second")
    assert (grant.allows("a"), grant.allows("b"), grant.allows("c")) == ("first", "second", None)
    assert grant.extended(frozenset(), "all").allows("c") == "all"


def test_merged_rules_repeat_nothing() -> None:
    urls = {"verbs": ["get"], "nonResourceURLs": ["/x"]}
    assert merge_rules([GET_PODS, urls, dict(GET_PODS), dict(urls)]) == ([GET_PODS], [urls])
