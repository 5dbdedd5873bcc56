"""The kubeconfig file: a context for the whole cluster and one per replica, keys embedded."""

import base64
import os

import yaml

from cluster.settings import ClusterSettings
from deploy import pki


def path(settings: ClusterSettings) -> str:
    """Where it is written."""
    return os.path.join(settings.data_dir, "kubeconfig")


def _embedded(name: str) -> str:
    with open(name, "rb") as file:
        return base64.b64encode(file.read()).decode()


def render(settings: ClusterSettings) -> str:
    """The file's text. Context ``<cluster>`` answers while any replica lives; context
    ``<cluster>-<replica>`` is that replica only."""
    authority = _embedded(pki.path(settings, "ca.crt"))
    servers = {settings.name: settings.network.shared_api}
    for replica in settings.replicas:
        servers[f"{settings.name}-{replica.name}"] = replica.api_addresses[-1]
    user = f"{settings.name}-admin"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": settings.name,
        "preferences": {},
        "clusters": [
            {
                "name": name,
                "cluster": {"server": f"https://{at}", "certificate-authority-data": authority},
            }
            for name, at in servers.items()
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": _embedded(pki.path(settings, "admin.crt")),
                    "client-key-data": _embedded(pki.path(settings, "admin.key")),
                },
            }
        ],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": user}} for name in servers
        ],
    }
    return yaml.safe_dump(document, sort_keys=False)


def write(settings: ClusterSettings) -> str:
    """Write it, readable by its owner only; return its path."""
    target = path(settings)
    pki.write_file(target, render(settings).encode(), 0o600)
    return target
