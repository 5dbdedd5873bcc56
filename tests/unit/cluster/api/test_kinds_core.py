"""Rows of the core group and of workloads."""

import pytest

from cluster.api.kinds_core import CORE_KINDS


@pytest.mark.parametrize(
    ("short", "plural"),
    [("po", "pods"), ("svc", "services"), ("deploy", "deployments"), ("rs", "replicasets"),
     ("ns", "namespaces"), ("no", "nodes"), ("cm", "configmaps"), ("ep", "endpoints"),
     ("sa", "serviceaccounts"), ("ev", "events"), ("sts", "statefulsets"), ("ds", "daemonsets"),
     ("cj", "cronjobs"), ("pvc", "persistentvolumeclaims"), ("pv", "persistentvolumes"),
     ("rc", "replicationcontrollers"), ("limits", "limitranges"), ("quota", "resourcequotas")],
)  # fmt: skip
def test_short_names(short: str, plural: str) -> None:
    assert [kind.plural for kind in CORE_KINDS if short in kind.short_names] == [plural]


def test_get_all_shows_workloads_and_services() -> None:
    shown = {kind.plural for kind in CORE_KINDS if "all" in kind.categories}
    assert {"pods", "services", "deployments", "replicasets", "jobs"} <= shown
    assert "secrets" not in shown and "configmaps" not in shown


def test_all_of_them_are_served() -> None:
    assert [kind.plural for kind in CORE_KINDS if not kind.served] == []
