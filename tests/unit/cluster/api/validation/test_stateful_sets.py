"""Rules of StatefulSets: claims, what pods are made of, and what may change."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated
from tests.unit.cluster.api.validation.test_apps import body

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def claiming(*claims: dict[str, Any]) -> dict[str, Any]:
    return body(volumeClaimTemplates=list(claims))


def claim(name: str = "data", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {**SPEC, **spec}}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"accessModes": []}, "accessModes: Required value: at least 1 access mode is required"),
        ({"accessModes": ["Any"]}, "accessModes: Unsupported value"),
        ({"resources": {}}, "resources[storage]: Required value"),
        ({"resources": {"requests": {"storage": "0"}}}, "resources[storage]: Invalid value"),
        ({"volumeMode": "Any"}, "volumeMode: Unsupported value"),
    ],
)
def test_claims_are_right(spec: dict[str, Any], found: str) -> None:
    [told] = created("apps", "statefulsets", claiming(claim(), claim("more", **spec)))
    assert told.startswith(f"spec.volumeClaimTemplates[1].spec.{found}")


def test_claims_of_one_name_are_one_volume_before_those_of_the_template() -> None:
    made = claiming(claim(), claim())
    pod = made["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "Odd", "emptyDir": {}}]
    [told] = created("apps", "statefulsets", made)
    assert told.startswith("spec.template.spec.volumes[1].name: Invalid value")
    found = created("apps", "statefulsets", claiming(claim("")))
    assert {item.split(":")[0] for item in found} == {
        "spec.template.spec.volumes[0].name",
        "spec.template.spec.volumes[0].persistentVolumeClaim.claimName",
    }


def test_host_name_and_subdomain_are_the_pods_own() -> None:
    made = body()
    made["spec"]["template"]["spec"].update(hostname="Odd!", subdomain="Odd!")
    assert created("apps", "statefulsets", made) == []


def test_a_service_is_named_rightly_and_history_may_be_endless() -> None:
    [told] = created("apps", "statefulsets", body(serviceName="a.b"))
    assert told.startswith("spec.serviceName: Invalid value")
    assert created("apps", "statefulsets", body(revisionHistoryLimit=-1)) == []


def test_what_is_fixed_is_told_of_one_by_one() -> None:
    old, new = claiming(claim()), claiming(claim("other"))
    new["spec"].update(serviceName="x", podManagementPolicy="Parallel")
    new["spec"]["selector"] = {"matchLabels": {"app": "web", "a": "b"}}
    new["spec"]["template"]["metadata"]["labels"] = {"app": "web", "a": "b"}
    found = updated("apps", "statefulsets", old, new)
    fields = ("selector", "volumeClaimTemplates", "serviceName", "podManagementPolicy")
    assert [item.split(":")[0] for item in found] == [f"spec.{name}" for name in fields]
    assert all(item.endswith("field is immutable") for item in found)


def test_what_was_wrong_may_stay_so() -> None:
    old = claiming({"metadata": {"name": "data"}})
    old["spec"]["serviceName"] = "Odd!"
    old["spec"]["template"]["spec"]["containers"] = [{"name": "Odd!", "image": "a"}]
    assert updated("apps", "statefulsets", old, changed(old, "spec.replicas", 2)) == []
