"""Views for plans that are tested without a loop."""

from collections import defaultdict

import orjson

from actors.client.cache import Cache
from actors.controllers.plan import Failure, View
from cluster.api.resources import Resource
from cluster.api.types import Object

NOW = 1767225600.0


def make_view(
    *objects: tuple[Resource, Object],
    monotonic: float = 1000.0,
    uptime: float = 1000.0,
    seen: float = 0.0,
    failure: Failure | None = None,
    resources: tuple[Resource, ...] = (),
) -> View:
    """A view of these objects, all of which came in at loop time ``seen``."""
    caches: dict[Resource, Cache] = {resource: Cache(resource) for resource in resources}
    serial: dict[Resource, int] = defaultdict(int)
    for number, (resource, obj) in enumerate(objects, start=2):
        serial[resource] += 1
        meta = {"resourceVersion": str(number), "uid": f"uid-{obj['metadata']['name']}"}
        full = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            **obj,
            "metadata": {**meta, **obj["metadata"]},
        }
        caches.setdefault(resource, Cache(resource)).put(orjson.dumps(full), seen)
    return View(caches, monotonic, uptime, failure)
