"""Pieces of the kubelet's events."""

import pytest

from actors.kubelet.event_texts import duration, field_path


def test_which_container() -> None:
    pod = {"spec": {"containers": [{"name": "web"}], "initContainers": [{"name": "set-up"}]}}
    assert field_path(pod, {"name": "web"}) == "spec.containers{web}"
    assert field_path(pod, {"name": "set-up"}) == "spec.initContainers{set-up}"
    assert field_path(pod, None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (-1, "0s"), (0.2013, "201ms"), (1.05, "1.05s"), (20, "20s"), (123, "2m3s"),
     (3600.5, "1h0m0.5s")],
)  # fmt: skip
def test_how_long(seconds: float, text: str) -> None:
    assert duration(seconds) == text
