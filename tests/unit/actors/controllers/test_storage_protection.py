"""Claims, volumes and classes that are in use stay until nobody uses them."""

from typing import Any

from actors.controllers import storage_protection
from actors.controllers.plan import RequireNone, Update
from actors.controllers.storage_protection import (
    CLAIM_FINALIZER,
    CLASS_FINALIZER,
    VOLUME_FINALIZER,
    class_keys,
    pod_keys,
)
from cluster.api.resources import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    VOLUME_ATTRIBUTES_CLASSES,
)
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "data")
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
NAMED = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}


def claim(name: str = "data", **meta: Any) -> Object:
    meta = {"finalizers": ["example.com/a", CLAIM_FINALIZER], **meta}
    return {"metadata": {"name": name, "namespace": "default", **meta}, "spec": {}}


def pod(*volumes: Object, on: str = "n1", **meta: Any) -> Object:
    return {
        "metadata": {"name": "p", "namespace": "default", "uid": "uid-p", **meta},
        "spec": {"volumes": list(volumes), **({"nodeName": on} if on else {})},
        "status": {"phase": "Running"},
    }


def plan_claim(given: Object, *pods: Object) -> list[Any]:
    view = make_view(
        (PERSISTENT_VOLUME_CLAIMS, given), *((PODS, item) for item in pods), resources=(PODS,)
    )
    return storage_protection.plan_claim(KEY, view, NOW)


def test_a_claim_that_nobody_uses_goes() -> None:
    proof, update = plan_claim(claim(**GOING))
    assert isinstance(proof, RequireNone) and isinstance(update, Update)
    assert update.obj["metadata"]["finalizers"] == ["example.com/a"]
    assert not proof.matches(pod()) and proof.matches(pod(NAMED))


def test_a_claim_in_use_stays() -> None:
    assert plan_claim(claim(**GOING), pod(NAMED)) == []
    # A pod that has ended uses it as long as it is there; one without node does not yet.
    ended = {**pod(NAMED), "status": {"phase": "Succeeded"}}
    assert plan_claim(claim(**GOING), ended) == []
    assert plan_claim(claim(**GOING), pod(NAMED, on=""))


def test_an_ephemeral_claim_is_in_use_by_its_own_pod_only() -> None:
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}
    owner = {"kind": "Pod", "name": "p", "uid": "uid-p", "controller": True}
    key = ("default", "p-scratch")

    def actions(user: Object, **meta: Any) -> list[Any]:
        given = claim("p-scratch", **GOING, **meta)
        view = make_view((PERSISTENT_VOLUME_CLAIMS, given), (PODS, user))
        return storage_protection.plan_claim(key, view, NOW)

    assert actions(pod(volume), ownerReferences=[owner]) == []
    assert actions(pod(volume)) != []
    shut = pod(volume, deletionGracePeriodSeconds=0, **GOING)
    assert actions(shut, ownerReferences=[owner]) != []
    leaving = pod(volume, deletionGracePeriodSeconds=30, **GOING)
    assert actions(leaving, ownerReferences=[owner]) == []


def test_what_lacks_its_finalizer_gets_it() -> None:
    (update,) = plan_claim(claim(finalizers=["example.com/a"]))
    assert update.obj["metadata"]["finalizers"] == ["example.com/a", CLAIM_FINALIZER]
    (update,) = plan_claim(claim(finalizers=None))
    assert update.obj["metadata"]["finalizers"] == [CLAIM_FINALIZER]
    assert plan_claim(claim()) == []
    assert plan_claim(claim(finalizers=["example.com/a"], **GOING)) == []
    view = make_view(resources=(PERSISTENT_VOLUME_CLAIMS, PODS))
    assert storage_protection.plan_claim(KEY, view, NOW) == []


def test_pods_wake_the_claims_that_they_let_go() -> None:
    view = make_view()
    assert list(pod_keys(view, None, pod(NAMED))) == []
    assert list(pod_keys(view, pod(NAMED), pod(NAMED))) == []
    assert list(pod_keys(view, pod(NAMED), None)) == [KEY]
    assert list(pod_keys(view, pod(NAMED), pod(uid="uid-of-another"))) == [KEY]
    assert list(pod_keys(view, pod(NAMED, on=""), None)) == []
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}
    shut = pod(volume, NAMED, deletionGracePeriodSeconds=0, **GOING)
    assert list(pod_keys(view, pod(volume, NAMED), shut)) == [("default", "p-scratch")]


def test_a_volume_stays_while_it_is_bound() -> None:
    def actions(phase: str, **meta: Any) -> list[Any]:
        meta = {"name": "pv", "finalizers": [VOLUME_FINALIZER], **meta}
        volume = {"metadata": meta, "spec": {}, "status": {"phase": phase}}
        return storage_protection.plan_volume(
            ("", "pv"), make_view((PERSISTENT_VOLUMES, volume)), NOW
        )

    assert actions("Bound", **GOING) == []
    (update,) = actions("Released", **GOING)
    assert update.obj["metadata"].get("finalizers") is None
    (update,) = actions("Available", finalizers=None)
    assert update.obj["metadata"]["finalizers"] == [VOLUME_FINALIZER]
    assert actions("Available") == []


def test_a_class_stays_while_a_claim_or_volume_names_it() -> None:
    def actions(*used: Any) -> list[Any]:
        kept = {"metadata": {"name": "gold", "finalizers": [CLASS_FINALIZER], **GOING}}
        view = make_view(
            (VOLUME_ATTRIBUTES_CLASSES, kept),
            *used,
            resources=(PERSISTENT_VOLUMES, PERSISTENT_VOLUME_CLAIMS),
        )
        return storage_protection.plan_class(("", "gold"), view, NOW)

    def used(spec: Object, status: Object) -> Object:
        return {**claim(), "spec": spec, "status": status}

    (update,) = actions()
    assert update.obj["metadata"].get("finalizers") is None
    by_spec = used({"volumeAttributesClassName": "gold"}, {})
    current = used({}, {"currentVolumeAttributesClassName": "gold"})
    target = used({}, {"modifyVolumeStatus": {"targetVolumeAttributesClassName": "gold"}})
    volume = {"metadata": {"name": "pv"}, "spec": {"volumeAttributesClassName": "gold"}}
    for item in (by_spec, current, target):
        assert actions((PERSISTENT_VOLUME_CLAIMS, item)) == []
        assert list(class_keys(make_view(), item, claim())) == [("", "gold")]
        assert list(class_keys(make_view(), item, None)) == [("", "gold")]
    assert actions((PERSISTENT_VOLUMES, volume)) == []
    assert list(class_keys(make_view(), volume, volume)) == []
    assert list(class_keys(make_view(), by_spec, current)) == []
