"""Identities: names, labels, the network identity, volumes; whether a pod is well."""

from typing import Any

import pytest

from actors.controllers.stateful_pods import (
    by_ordinal,
    is_available,
    is_ready,
    is_well,
    make_pod,
    next_available,
    ordinal_of,
    ordinals,
)
from tests.unit.actors.controllers.stateful import (
    claim_template,
    make_stateful,
    pod,
    ready_since,
)
from tests.unit.actors.controllers.views import NOW


@pytest.mark.parametrize(
    ("name", "ordinal"),
    [
        ("web-0", 0), ("web-12", 12), ("web-01", None), ("web-", None), ("web", None),
        ("other-1", None), ("web-1-2", None), ("web--1", None), ("web-x", None), ("web-²", None),
    ],
)  # fmt: skip
def test_the_ordinal_in_a_name(name: str, ordinal: int | None) -> None:
    assert ordinal_of("web", name) == ordinal


def test_a_set_whose_name_ends_in_a_number_is_no_pod_of_a_shorter_one() -> None:
    assert ordinal_of("web", "web-1-0") is None
    assert ordinal_of("web-1", "web-1-0") == 0


def test_ordinals_begin_where_they_are_told_to() -> None:
    assert ordinals(make_stateful(3)) == range(3)
    assert ordinals(make_stateful(2, ordinals={"start": 5})) == range(5, 7)
    assert ordinals(make_stateful(0)) == range(0)


def test_what_a_pod_is_made_of() -> None:
    stateful = make_stateful(volumeClaimTemplates=[claim_template("data")])
    template = stateful["spec"]["template"]
    template["metadata"]["annotations"] = {"a": "b"}
    template["spec"]["volumes"] = [
        {"name": "data", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
    ]
    made = make_pod(stateful, template, 7, "web-abc")
    meta, spec = made["metadata"], made["spec"]
    assert (meta["name"], meta["generateName"], meta["namespace"]) == ("web-7", "web-", "default")
    assert meta["labels"] == {
        "app": "web",
        "statefulset.kubernetes.io/pod-name": "web-7",
        "apps.kubernetes.io/pod-index": "7",
        "controller-revision-hash": "web-abc",
    }
    assert meta["annotations"] == {"a": "b"}
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("StatefulSet", "uid-web", True)
    assert (spec["hostname"], spec["subdomain"]) == ("web-7", "web")
    assert spec["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-7"}},
        {"name": "tmp", "emptyDir": {}},
    ]
    assert "subdomain" not in make_pod(make_stateful(serviceName=""), template, 0, "r")["spec"]


def test_pods_in_the_order_of_numbers_not_of_letters() -> None:
    stateful = make_stateful()
    pods = [pod(stateful, number) for number in (10, 2, 1)]
    assert list(by_ordinal(stateful, pods)) == [1, 2, 10]


@pytest.mark.parametrize(
    ("state", "ready", "well"),
    [
        ("pending", False, False), ("running", False, False), ("ready", True, True),
        ("failed", False, False), ("going", True, False),
    ],
)  # fmt: skip
def test_health(state: str, ready: bool, well: bool) -> None:
    stateful = make_stateful()
    made = pod(stateful, 0, state)
    assert (is_ready(made), is_well(stateful, made, NOW)) == (ready, well)
    assert not is_well(stateful, None, NOW)


def test_a_pod_is_available_when_it_was_ready_long_enough() -> None:
    stateful = make_stateful(minReadySeconds=30)
    young: Any = pod(stateful, 1)
    young["status"]["conditions"] = [ready_since(NOW - 10)]
    assert not is_available(stateful, young, NOW)
    assert is_available(stateful, young, NOW + 20)
    pods = {0: pod(stateful, 0), 1: young, 2: pod(stateful, 2, "pending")}
    assert next_available(stateful, pods, NOW) == 20.0
    assert next_available(make_stateful(), pods, NOW) is None
