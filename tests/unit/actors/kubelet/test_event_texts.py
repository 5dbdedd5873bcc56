"""Pieces of the kubelet's events."""

import errno

import pytest

from actors.kubelet.event_texts import dial_failure, duration, field_path, get_failure


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


def test_why_nobody_answers() -> None:
    refused = OSError(errno.ECONNREFUSED, "Connect call failed ('10.0.0.1', 80)")
    assert dial_failure("10.0.0.1", 80, refused) == (
        "dial tcp 10.0.0.1:80: connect: connection refused"
    )
    assert get_failure("http://10.0.0.1:8080/healthz", refused) == (
        'Get "http://10.0.0.1:8080/healthz": dial tcp 10.0.0.1:8080: connect: connection refused'
    )
    assert get_failure("https://[fd00::1]/", OSError("odd")) == (
        'Get "https://[fd00::1]/": dial tcp [fd00::1]:443: odd'
    )
