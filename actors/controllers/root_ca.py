"""Root CA publisher: every living namespace has the cluster's CA as ConfigMap kube-root-ca.crt.

Source: Kubernetes "Service accounts: bound tokens, kube-root-ca.crt". Must not know certificates
beyond their text, nor the API.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.controllers.objects import is_terminating, name_of, namespace_of
from actors.controllers.plan import Action, Controller, Create, Key, Update, View, Watch, own_key
from cluster.api.resources import CONFIGMAPS, NAMESPACES
from cluster.api.types import Object

NAME = "kube-root-ca.crt"
FIELD = "ca.crt"
ANNOTATION = "kubernetes.io/description"
DESCRIPTION = "The certificate authority that pods verify this cluster's API server with."


@dataclass(frozen=True)
class RootCa:
    """``pem``: the CA's certificate."""

    pem: str

    def plan(self, key: Key, view: View, now: float) -> list[Action]:
        """``key``: ("", name) of a Namespace."""
        name = key[1]
        namespace = view.get(NAMESPACES, "", name)
        if namespace is None or is_terminating(namespace):
            return []
        present = view.get(CONFIGMAPS, name, NAME)
        data = {FIELD: self.pem}
        if present is None:
            meta = {"name": NAME, "namespace": name, "annotations": {ANNOTATION: DESCRIPTION}}
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
            return [Create(CONFIGMAPS, made, may_exist=True)]
        if present.get("data") == data or is_terminating(present):
            return []
        return [Update(CONFIGMAPS, {**present, "data": data})]


def config_map_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The namespace whose copy was changed or deleted."""
    obj = new or old or {}
    return [("", namespace_of(obj))] if name_of(obj) == NAME else []


def make_controller(pem: str) -> Controller:
    """The controller that publishes this certificate."""
    return Controller(
        "root-ca-certificate-publisher",
        (Watch(NAMESPACES, own_key), Watch(CONFIGMAPS, config_map_keys)),
        RootCa(pem).plan,
    )
