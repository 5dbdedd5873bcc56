"""StatefulSets, their pods and histories, for tests of plans."""

from typing import Any

from actors.controllers.controller_revisions import make
from actors.controllers.plan import View
from actors.controllers.stateful_pods import make_pod
from cluster.api.resources import (
    CONTROLLER_REVISIONS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
    Resource,
)
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("default", "web")
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
RESOURCES = (STATEFUL_SETS, PODS, CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS)


def make_stateful(replicas: int = 3, image: str = "web:1", **spec: Any) -> Object:
    """A StatefulSet as the API server would have defaulted it."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "default", "uid": "uid-web", "generation": 1},
        "spec": {
            "replicas": replicas,
            "serviceName": "web",
            "podManagementPolicy": "OrderedReady",
            "selector": {"matchLabels": {"app": "web"}},
            "revisionHistoryLimit": 10,
            "updateStrategy": rolling(),
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
            **spec,
        },
        "status": {"replicas": 0, "availableReplicas": 0},
    }


def rolling(partition: int = 0, most: "int | str" = 1) -> Object:
    """An update strategy."""
    return {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": partition, "maxUnavailable": most},
    }


def revision(stateful: Object, number: int = 1) -> Object:
    """Of the set's present template."""
    return make(stateful, STATEFUL_SETS, number)


def claim_template(name: str = "data") -> Object:
    """One of volumeClaimTemplates."""
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": wanted}


def pod(
    stateful: Object, ordinal: int, state: str = "ready", of: Object | None = None, **meta: Any
) -> Object:
    """A pod of the set: pending, running (not ready), ready, failed, succeeded, or going. ``of``:
    the set with the template that it was made of."""
    of = of or stateful
    made = make_pod(stateful, of["spec"]["template"], ordinal, revision(of)["metadata"]["name"])
    made["metadata"].update({"uid": f"uid-{ordinal}", **meta})
    if state == "going":
        made["metadata"].update(GOING)
    phases = {"pending": "Pending", "failed": "Failed", "succeeded": "Succeeded"}
    made["status"] = {"phase": phases.get(state, "Running")}
    if state in ("ready", "going"):
        made["status"]["conditions"] = [ready_since(NOW - 100)]
    return made


def ready_since(when: float) -> Object:
    """The condition."""
    return {"type": "Ready", "status": "True", "lastTransitionTime": rfc3339(when)}


def view_of(*objects: Object, **given: Any) -> View:
    """A view of these, whatever they are."""
    kinds: dict[str, Resource] = {item.kind: item for item in RESOURCES}
    pairs = [(kinds[item["kind"]], item) for item in objects]
    return make_view(*pairs, resources=RESOURCES, **given)


def known(stateful: Object, *others: Object, was: Object | None = None) -> View:
    """A view in which history and the names in the status are as they must be, so that a plan goes
    on to the pods. ``was``: the set as it was before its template changed."""
    update = revision(stateful, 2 if was else 1)
    current = revision(was, 1) if was else update
    stateful["status"] = {
        **stateful["status"],
        "currentRevision": current["metadata"]["name"],
        "updateRevision": update["metadata"]["name"],
    }
    history = [update] if current == update else [current, update]
    return view_of(stateful, *history, *others)
