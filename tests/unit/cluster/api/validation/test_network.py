"""Rules of Endpoints and EndpointSlices."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

SLICES = ("discovery.k8s.io", "endpointslices")


def slice_of(*addresses: str, kind: str = "IPv4") -> dict[str, Any]:
    return {"addressType": kind, "endpoints": [{"addresses": list(addresses)}]}


@pytest.mark.parametrize(
    ("obj", "text"),
    [({}, "addressType: Required value"), (slice_of(), "must contain at least 1 address"),
     (slice_of("x"), "must be a valid IP address"), (slice_of("::1"), "must be a valid IPv4"),
     (slice_of("A", kind="FQDN"), "RFC 1123 subdomain"),
     ({**slice_of("10.0.0.1"), "ports": [{"port": 1}, {"port": 2}]}, "Duplicate value"),
     ({**slice_of("10.0.0.1"), "ports": [{"port": 0}]}, "must be between 1 and 65535"),
     ({**slice_of("10.0.0.1"), "ports": [{"port": 1, "appProtocol": "a b"}]},
      "ports[0].appProtocol"),
     ({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "hostname": "A"}]},
      "endpoints[0].hostname: Invalid value"),
     ({"addressType": "IPv4", "endpoints": [{}] * 1001}, "Too many: 1001")],
)  # fmt: skip
def test_wrong_slices(obj: dict[str, Any], text: str) -> None:
    found = created(*SLICES, obj)
    assert any(text in item for item in found), found


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [({"addresses": ["169.254.0.1"]}, "addresses[0]"), ({"addresses": ["0.0.0.0"]}, "addresses[0]"),
     ({"addresses": ["10.0.0.1"], "nodeName": "A"}, "nodeName"),
     ({"addresses": ["10.0.0.1"], "hints": {"forZones": [{"name": "a b"}]}},
      "hints.forZones[0].name"),
     ({"addresses": ["10.0.0.1"], "hints": {"forZones": [{"name": "a"}] * 2}},
      "hints.forZones[1].name"),
     ({"addresses": ["10.0.0.1"], "hints": {"forZones": [{"name": "a"}] * 9}}, "hints.forZones"),
     ({"addresses": ["10.0.0.1"], "hints": {"forNodes": [{"name": "A"}]}},
      "hints.forNodes[0].name"),
     ({"addresses": ["10.0.0.1"],
       "deprecatedTopology": {f"k{number}": "" for number in range(17)}}, "deprecatedTopology")],
)  # fmt: skip
def test_wrong_endpoints_of_slices(endpoint: dict[str, Any], field: str) -> None:
    found = created(*SLICES, {"addressType": "IPv4", "endpoints": [endpoint]})
    assert {item.split(": ")[0] for item in found} == {f"endpoints[0].{field}"}


def test_names_of_slices() -> None:
    assert created(*SLICES, slice_of("a.example.com.", kind="FQDN")) == []
    assert created(*SLICES, slice_of("example", kind="FQDN"))
    assert created(*SLICES, slice_of("", kind="FQDN"))


def test_an_empty_protocol_is_none_of_those_there_are() -> None:
    (text,) = created(*SLICES, {**slice_of("10.0.0.1"), "ports": [{"port": 1, "protocol": ""}]})
    assert text.startswith("ports[0].protocol: Unsupported value")


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
    ("change", "field"),
    [({"addresses": [{"ip": "fe80::1"}]}, "addresses[0].ip"),
     ({"addresses": [{"ip": "10.0.0.1", "hostname": "a.b"}]}, "addresses[0].hostname"),
     ({"addresses": [{"ip": "10.0.0.1", "nodeName": ""}]}, "addresses[0].nodeName"),
     ({"notReadyAddresses": [{"ip": "10.0.0.1", "hostname": "A"}]},
      "notReadyAddresses[0].hostname"),
     ({"ports": [{"port": 80, "name": "A"}]}, "ports[0].name"),
     ({"ports": [{"port": 80, "appProtocol": ""}]}, "ports[0].appProtocol")],
)  # fmt: skip
def test_wrong_endpoints(change: dict[str, Any], field: str) -> None:
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}], **change}
    found = created("", "endpoints", {"subsets": [subset]})
    assert {item.split(":")[0] for item in found} == {f"subsets[0].{field}"}


def test_a_port_without_a_protocol_is_tcp() -> None:
    obj: dict[str, Any] = {
        "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80, "protocol": ""}]}]
    }
    assert created("", "endpoints", obj) == []
    assert obj["subsets"][0]["ports"][0]["protocol"] == "TCP"
