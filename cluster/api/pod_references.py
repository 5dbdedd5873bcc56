"""Which objects of its namespace a pod names: secrets, configmaps, its account, claims. Pure.

Source: Pod API reference. Must not know who asks: a node may read what its pods use, and a token
that a pod uses is not cleaned up.
"""

from collections.abc import Iterator
from typing import Any

from cluster.api.types import Object


def references(pod: Object) -> Iterator[tuple[str, str]]:
    """(resource, name) of each object of its namespace that a pod's spec names."""
    spec = pod.get("spec") or {}
    # A mirror pod has none.
    yield "serviceaccounts", spec.get("serviceAccountName") or ""
    # Published to every namespace for the pods in it.
    yield "configmaps", "kube-root-ca.crt"
    for item in spec.get("imagePullSecrets") or ():
        yield "secrets", item.get("name", "")
    for section in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(section) or ():
            yield from _of_container(container)
    for volume in spec.get("volumes") or ():
        yield from _of_volume(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _of_volume(source)


def _of_container(container: Object) -> Iterator[tuple[str, str]]:
    for item in container.get("env") or ():
        source: dict[str, Any] = item.get("valueFrom") or {}
        yield from _pairs(source, "secretKeyRef", "configMapKeyRef")
    for item in container.get("envFrom") or ():
        yield from _pairs(item, "secretRef", "configMapRef")


def _of_volume(volume: Object) -> Iterator[tuple[str, str]]:
    secret = volume.get("secret")
    if secret:
        yield "secrets", secret.get("secretName") or secret.get("name") or ""
    config = volume.get("configMap")
    if config:
        yield "configmaps", config.get("name", "")
    claim = volume.get("persistentVolumeClaim")
    if claim:
        yield "persistentvolumeclaims", claim.get("claimName", "")


def _pairs(source: Object, secret: str, config: str) -> Iterator[tuple[str, str]]:
    if source.get(secret):
        yield "secrets", source[secret].get("name", "")
    if source.get(config):
        yield "configmaps", source[config].get("name", "")
