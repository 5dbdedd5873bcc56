"""What tests of the object model share: the published definitions, and objects to change."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cluster.api.schema import Definitions


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """The schemas of 1.37, read as the API server does."""
    spec = find_spec("kubernetes_validate")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(next(iter(spec.submodule_search_locations))) / "kubernetes-json-schema"
    return Definitions((folder / "v1.37.0-local" / "_definitions.json").read_bytes())


@pytest.fixture
def pod() -> dict[str, Any]:
    """A pod as a person writes it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "web:1.0",
                    "ports": [{"name": "http", "containerPort": 80}],
                    "env": [{"name": "A", "value": "1"}],
                    "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
                    "readinessProbe": {"httpGet": {"port": "http"}},
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                }
            ],
            "volumes": [{"name": "tmp"}],
        },
    }


@pytest.fixture
def deployment(pod: dict[str, Any]) -> dict[str, Any]:
    """A Deployment of that pod."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]},
        },
    }
