"""Rules of Endpoints, EndpointSlices and Ingresses."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

SLICES = ("discovery.k8s.io", "endpointslices")
INGRESSES = ("networking.k8s.io", "ingresses")
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}


def slice_of(*addresses: str, kind: str = "IPv4") -> dict[str, Any]:
    return {"addressType": kind, "endpoints": [{"addresses": list(addresses)}]}


def ingress_of(path: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"rules": [{"host": "*.a.b", "http": {"paths": [path]}}]}}


@pytest.mark.parametrize(
    ("obj", "text"),
    [({}, "addressType: Required value"), (slice_of(), "must contain at least 1 address"),
     (slice_of("x"), "must be a valid IP address"), (slice_of("::1"), "must be a valid IPv4"),
     (slice_of("A", kind="FQDN"), "RFC 1123 subdomain"),
     ({**slice_of("10.0.0.1"), "ports": [{"port": 1}, {"port": 2}]}, "Duplicate value"),
     ({**slice_of("10.0.0.1"), "ports": [{"port": 0}]}, "must be between 1 and 65535"),
     ({"addressType": "IPv4", "endpoints": [{}] * 1001}, "Too many: 1001")],
)  # fmt: skip
def test_wrong_slices(obj: dict[str, Any], text: str) -> None:
    found = created(*SLICES, obj)
    assert any(text in item for item in found), found


def test_right_slices() -> None:
    ports = [{"port": 80}, {"name": "b", "port": 81}]
    assert created(*SLICES, {**slice_of("10.0.0.1", "10.0.0.2"), "ports": ports}) == []
    assert created(*SLICES, {"addressType": "IPv4"}) == []
    (text,) = updated(*SLICES, slice_of("10.0.0.1"), {"addressType": "IPv6", "endpoints": []})
    assert text == 'addressType: Invalid value: "IPv6": field is immutable'


def test_endpoints() -> None:
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}
    assert created("", "endpoints", {"subsets": [subset]}) == []
    assert "must specify `addresses`" in created("", "endpoints", {"subsets": [{}]})[0]
    two = {**subset, "ports": [{"port": 80}, {"port": 81, "name": "b"}]}
    assert created("", "endpoints", {"subsets": [two]}) == [
        "subsets[0].ports[0].name: Required value"
    ]


@pytest.mark.parametrize(
    ("obj", "text"),
    [({}, "either `defaultBackend` or `rules` must be specified"),
     ({"spec": {"defaultBackend": {}}}, "resource or service backend is required"),
     (ingress_of({"path": "/", "backend": BACKEND}), "pathType must be specified"),
     (ingress_of({"path": "x", "pathType": "Exact", "backend": BACKEND}), "an absolute path"),
     (ingress_of({"path": "/", "pathType": "X", "backend": BACKEND}), "Unsupported value"),
     (ingress_of({"path": "/", "pathType": "Exact", "backend": {"service": {"name": "a"}}}),
      "port name or number is required")],
)  # fmt: skip
def test_wrong_ingresses(obj: dict[str, Any], text: str) -> None:
    found = created(*INGRESSES, obj)
    assert any(text in item for item in found), found


def test_a_right_ingress() -> None:
    path = {"path": "/", "pathType": "Prefix", "backend": BACKEND}
    assert created(*INGRESSES, ingress_of(path)) == []
