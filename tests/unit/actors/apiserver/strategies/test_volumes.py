"""Volumes and claims wait until somebody binds them."""

from actors.apiserver.strategies.strategy import prepare_create
from actors.apiserver.strategies.table import strategy_of
from cluster.api.kinds import by_resource
from cluster.api.types import Object


def test_both_begin_as_pending() -> None:
    for plural in ("persistentvolumes", "persistentvolumeclaims"):
        kind = by_resource("", "v1", plural)
        assert kind is not None
        obj: Object = {"metadata": {"name": "a"}, "status": {"phase": "Bound"}}
        prepare_create(obj, strategy_of(kind), has_status=True, uid="u", now=0.0, created="t")
        assert obj["status"] == {"phase": "Pending"}
