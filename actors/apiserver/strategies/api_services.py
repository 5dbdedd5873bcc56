"""APIServices: what the server sets of their status. Pure.

Source: API reference, APIService v1. Must not know: whether a server answers.
"""

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.aggregation.api_services import reference
from cluster.api.aggregation.availability import LOCAL, with_finding
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object


def _create(obj: Object, now: float) -> None:
    """One without a Service is available at once."""
    obj["status"] = {}
    if reference(obj) is None:
        obj["status"] = with_finding(obj, LOCAL, rfc3339(now))["status"]


STRATEGY = Strategy(create=_create)
