"""Annotations that say something of a pod's spec."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

COST = "controller.kubernetes.io/pod-deletion-cost"
MIRROR = "kubernetes.io/config.mirror"
SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/main"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/main"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
Json = dict[str, Any]


def pod(annotations: Json, own: Json | None = None, context: Json | None = None) -> Json:
    container = {"name": "main", "image": "x", "securityContext": context or {}}
    return {
        "metadata": {"name": "web", "annotations": annotations},
        "spec": {"containers": [container], "securityContext": own or {}},
    }


@pytest.mark.parametrize(
    ("name", "right", "wrong", "text"),
    [
        (COST, ["0", "-5", "2147483647"], ["", "+1", "08", "2147483648", "x"], "a 32bit integer"),
        (MIRROR, [], ["", "x"], "must set spec.nodeName if mirror"),
        (TOLERATIONS, ["", "[]", '[{"operator":"Exists"}]'], ["x", "1", "[1]"], "tolerations"),
        (TOLERATIONS, [], ['[{"key":"a","operator":"x"}]'], 'Unsupported value: "x"'),
        (SECCOMP, ["unconfined", "docker/default", "runtime/default", "localhost/a"], ["", "x"],
         f"annotations.{SECCOMP}: Invalid value"),
        (CONTAINER_SECCOMP, ["unconfined"], ["localhost/../a"], "must not contain '..'"),
        (APP_ARMOR, ["", "unconfined", "runtime/default", "localhost/a"], ["x"],
         "invalid AppArmor profile name"),
        (APP_ARMOR.replace("main", "other"), [], ["unconfined"], "container not found"),
    ],
)  # fmt: skip
def test_what_they_say(name: str, right: list[str], wrong: list[str], text: str) -> None:
    for value in right:
        assert created("", "pods", pod({name: value})) == [], value
    for value in wrong:
        found = created("", "pods", pod({name: value}))
        assert found, value
        assert text in found[0], value


@pytest.mark.parametrize(
    ("kind", "said", "file", "place"),
    [
        ("RuntimeDefault", "runtime/default", None, ""),
        ("RuntimeDefault", "unconfined", None, "type"),
        ("Unconfined", "unconfined", None, ""),
        ("Unconfined", "localhost/a", None, "type"),
        ("Localhost", "localhost/a", "a", ""),
        ("Localhost", "unconfined", "a", "type"),
        ("Localhost", "localhost/b", "a", "localhostProfile"),
    ],
)
def test_fields_and_annotations_of_a_new_pod_agree(
    kind: str, said: str, file: str | None, place: str
) -> None:
    profile = {"type": kind} | ({"localhostProfile": file} if file else {})
    for name, field, own in (
        (SECCOMP, "seccompProfile", True),
        (CONTAINER_SECCOMP, "seccompProfile", False),
        (APP_ARMOR, "appArmorProfile", False),
    ):
        context = {field: profile}
        given = pod({name: said}, context if own else None, None if own else context)
        found = created("", "pods", given)
        at = "spec.securityContext" if own else "spec.containers[0].securityContext"
        assert [text.partition(": ")[0] for text in found] == (
            [f"{at}.{field}.{place}"] if place else []
        )
    inherited = created("", "pods", pod({APP_ARMOR: said}, {"appArmorProfile": profile}))
    assert bool(inherited) == bool(place)


def test_profiles_of_app_armor_stay_as_they_are() -> None:
    def change(old: Json, new: Json) -> list[str]:
        return updated("", "pods", pod(old), pod(new))

    said = {APP_ARMOR: "unconfined"}
    assert change(said, said) == []
    place = f"metadata.annotations[{APP_ARMOR}]: Forbidden: may not"
    assert change({}, said) == [f"{place} add AppArmor annotations"]
    assert change(said, {}) == [f"{place} remove or update AppArmor annotations"]


def test_templates_are_told_of_theirs() -> None:
    annotations = {
        "kubernetes.io/config.mirror": "x",
        "controller.kubernetes.io/pod-deletion-cost": "y",
        "scheduler.alpha.kubernetes.io/tolerations": "z",
        "seccomp.security.alpha.kubernetes.io/pod": "odd",
        "container.apparmor.security.beta.kubernetes.io/none": "runtime/default",
    }
    context = {"seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [{"name": "c", "image": "i"}], "securityContext": context}
    template = {"metadata": {"labels": {"a": "b"}, "annotations": annotations}, "spec": spec}
    obj = {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    path = "spec.template.annotations"
    assert {text.split(": ")[0] for text in created("apps", "deployments", obj)} == {
        path,
        f"{path}[kubernetes.io/config.mirror]",
        f"{path}[controller.kubernetes.io/pod-deletion-cost]",
        f"{path}.seccomp.security.alpha.kubernetes.io/pod",
        f"{path}[container.apparmor.security.beta.kubernetes.io/none]",
        "spec.template.spec.securityContext.seccompProfile.type",
    }
