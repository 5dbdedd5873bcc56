"""The tables of protobuf fields against the schema, and bodies of the kinds in the younger ones."""

import pytest

from actors.apiserver.protobuf import fields_devices, fields_rules
from actors.apiserver.protobuf.decoder import decode, messages
from actors.apiserver.protobuf.scalars import SPECIAL
from actors.apiserver.schema_files import load_definitions
from tests.unit.actors.apiserver.protobuf.test_decoder import body, field


def test_every_type_of_a_field_is_known() -> None:
    for name, fields in messages().items():
        package = name.rpartition(".")[0]
        for one in fields.values():
            known = one.type in ("s", "i", "t") or one.type.rpartition(".")[2] in SPECIAL
            assert known or one.type in messages() or f"{package}.{one.type}" in messages(), one


@pytest.mark.parametrize("text", [fields_devices.FIELDS, fields_rules.FIELDS])
def test_every_field_is_in_the_schema(text: str) -> None:
    raw = load_definitions().raw
    for row in text.replace("\n  ", " ").splitlines():
        name, *items = row.split()
        # What is only ever part of another struct has no schema of its own.
        if f"io.k8s.api.{name}" not in raw:
            assert name == "resource.v1.DeviceConfiguration"
            continue
        known = set(raw[f"io.k8s.api.{name}"]["properties"])
        told = {item.rpartition("=")[2].partition(":")[0] for item in items} - {"^"}
        assert told <= known, (name, told - known)


def test_a_driver() -> None:
    spec = (
        field(1, 0) + field(2, 1) + field(3, "Persistent") + field(6, field(1, "")) + field(11, 1)
    )
    assert decode(body("storage.k8s.io/v1", "CSIDriver", field(2, spec)))["spec"] == {
        "attachRequired": False,
        "podInfoOnMount": True,
        "volumeLifecycleModes": ["Persistent"],
        "tokenRequests": [{}],
        "preventPodSchedulingIfMissing": True,
    }


def test_health_of_storage() -> None:
    condition = field(1, "Degraded") + field(2, "R")
    status = field(1, field(1, "d.example") + field(2, condition))
    assert decode(body("storage.k8s.io/v1", "CSINode", field(3, status)))["status"] == {
        "storageHealth": [
            {"name": "d.example", "healthConditions": [{"status": "Degraded", "reason": "R"}]}
        ]
    }


def test_a_claim_of_devices() -> None:
    selector = field(1, field(1, "device.driver == 'd'"))
    request = field(1, "r") + field(2, field(1, "c") + field(2, selector) + field(4, 2))
    opaque = field(1, "d.example") + field(2, field(1, '{"a":1}'))
    config = field(1, "r") + field(2, field(1, opaque))
    spec = field(1, field(1, request) + field(3, config))
    assert decode(body("resource.k8s.io/v1", "ResourceClaim", field(2, spec)))["spec"] == {
        "devices": {
            "requests": [
                {
                    "name": "r",
                    "exactly": {
                        "deviceClassName": "c",
                        "selectors": [{"cel": {"expression": "device.driver == 'd'"}}],
                        "count": 2,
                    },
                }
            ],
            "config": [
                {"requests": ["r"], "opaque": {"driver": "d.example", "parameters": {"a": 1}}}
            ],
        }
    }
