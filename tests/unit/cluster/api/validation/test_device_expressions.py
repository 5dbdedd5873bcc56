"""Expressions of DeviceClasses and claims: compiled when they are written."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.device_expressions import _DECLARED, _EXTENT, check_expression
from cluster.api.validation.devices import check_claim, check_claim_template, check_device_class
from cluster.cel.estimates import estimate
from cluster.cel.program import compile_expression

DEEP = "device.attributes.all(a, device.attributes[a].all(b, {}))"


def told(source: str) -> list[str]:
    found: list[Cause] = []
    check_expression("e", source, found)
    return [cause.message for cause in found]


@pytest.mark.parametrize(
    ("source", "units"),
    [
        ("true", 0),
        ('device.driver == "dra.example.com"', 4),
        ('"no-such-domain" in device.attributes', 3),
        ('device.attributes["dra.example.com"].name', 4),
        ('device.attributes["dra.example.com"]["name"] > 0', 5),
        ('device.attributes["dra.example.com"].name.isGreaterThan(semver("0.0.1"))', 6),
        ('device.capacity["dra.example.com"].name.isGreaterThan(quantity("1Ki"))', 6),
        ('device.attributes["dra.example.com"].name.exists(x, x > 0)', 389),
        ("device.allowMultipleAllocations", 2),
        ('cel.bind(dra, device.attributes["dra.example.com"], dra.a && dra.b)', None),
        ('device.attributes["dra.example.com"].?name.orValue(false)', None),
    ],
)
def test_what_chooses_devices(source: str, units: int | None) -> None:
    assert told(source) == []
    found = estimate(compile_expression(source, _DECLARED).checked, {"device": _EXTENT})
    assert units is None or abs(found - units) <= 1


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", "Syntax error"),
        ("?!", "Syntax error"),
        ("1", "must evaluate to bool or the unknown type, not int"),
        ("device.driver", "must evaluate to bool or the unknown type, not string"),
        ("device.none", "undefined field 'none'"),
        ("other.driver == ''", "undeclared reference to 'other'"),
        ('device.capacity["a"].b > 1', "no matching overload"),
        (DEEP.format(DEEP.format("a == b").replace("(a", "(c").replace("(b", "(d")), "too complex"),
        (f"'{'x' * 10240}' == device.driver", "Too long"),
    ],
)
def test_what_does_not(source: str, text: str) -> None:
    [message] = told(source)
    assert text in message


BAD = [{"cel": {"expression": "true"}}, {"cel": {"expression": "device.none"}}, {}]


@pytest.mark.parametrize(
    ("check", "obj", "path"),
    [
        (check_device_class, {"spec": {"selectors": BAD}}, "spec.selectors"),
        (
            check_claim,
            {"spec": {"devices": {"requests": [{"name": "r", "exactly": {
                "deviceClassName": "c", "allocationMode": "All", "selectors": BAD}}]}}},
            "spec.devices.requests[0].exactly.selectors",
        ),
        (
            check_claim_template,
            {"spec": {"spec": {"devices": {"requests": [{"name": "r", "firstAvailable": [{
                "name": "s", "deviceClassName": "c", "allocationMode": "All",
                "selectors": BAD}]}]}}}},
            "spec.spec.devices.requests[0].firstAvailable[0].selectors",
        ),
    ],
)  # fmt: skip
def test_where_they_stand(check: Any, obj: Any, path: str) -> None:
    found: list[Cause] = []
    check(obj, found)
    assert [(cause.field, cause.reason) for cause in found] == [
        (f"{path}[1].cel.expression", "FieldValueInvalid"),
        (f"{path}[2].cel", "FieldValueRequired"),
    ]
