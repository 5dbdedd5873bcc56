"""Schema nodes of the published definitions, for tests of patches and field ownership."""

import functools
import importlib.resources

from cluster.api.schema import Definitions, Node


@functools.cache
def definitions() -> Definitions:
    """The built-in kinds of Kubernetes 1.37."""
    root = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    return Definitions((root / "v1.37.0-local" / "_definitions.json").read_bytes())


def node(name: str) -> Node:
    """``node("core.v1.Pod")``"""
    return definitions().schema_for(f"io.k8s.api.{name}")
