"""Requests in few words, and what all strategies of requests share."""

from typing import Any

from hypothesis import strategies as st

from cluster.api.kind import Kind
from cluster.messages.apiserver import ApiRequest

TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
ACCEPTS = st.sampled_from(("application/json", TABLE, METADATA))
CHECKS = st.sampled_from(("Strict", "Warn", "Ignore"))


def request(verb: Any, kind: Kind, home: str = "default", **more: Any) -> ApiRequest:
    """On a kind, in that namespace if it is in namespaces."""
    home = home if kind.namespaced else ""
    return ApiRequest(verb, kind.plural, kind.group, kind.version, home, **more)
