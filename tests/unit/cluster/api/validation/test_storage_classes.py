"""StorageClasses: provisioner, what becomes of volumes, where they may be."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

GROUP, PLURAL = "storage.k8s.io", "storageclasses"
TERM = {"matchLabelExpressions": [{"key": "a", "values": ["b"]}]}


@pytest.mark.parametrize(
    ("more", "text"),
    [({"parameters": {"a": "b"}, "allowedTopologies": [TERM]}, ""),
     ({"reclaimPolicy": ""}, ""),
     ({"provisioner": ""}, "provisioner: Required value"),
     ({"provisioner": "a/b/c"}, "provisioner: Invalid value"),
     ({"provisioner": "Example.com/A"}, ""),
     ({"reclaimPolicy": "Recycle"}, "reclaimPolicy: Unsupported value"),
     ({"volumeBindingMode": ""}, "volumeBindingMode: Unsupported value"),
     ({"parameters": {"": "a"}}, "parameters: Invalid value"),
     ({"parameters": {str(number): "" for number in range(513)}}, "parameters: Too long"),
     ({"parameters": {"a": "b" * (1 << 18)}}, "parameters: Too long"),
     ({"allowedTopologies": [TERM, TERM]}, "allowedTopologies[1].matchLabelExpressions: Dupl"),
     ({"allowedTopologies": [{}]}, "allowedTopologies[0].matchLabelExpressions: Duplicate"),
     ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "a"}]}]}, "values: Required"),
     ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "a", "values": ["b", "b"]}]}]},
      "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value"),
     ({"allowedTopologies": [{"matchLabelExpressions": TERM["matchLabelExpressions"] * 2}]},
      "allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value"),
     ({"allowedTopologies": [{"matchLabelExpressions": [{"key": "", "values": ["b"]}]}]},
      "matchLabelExpressions[0].key: Invalid value")],
)  # fmt: skip
def test_rules(more: dict[str, Any], text: str) -> None:
    found = created(GROUP, PLURAL, {"provisioner": "a", **more})
    assert (found == []) if not text else any(text in cause for cause in found), found


def test_what_stays() -> None:
    for name, value in (("provisioner", "b"), ("parameters", {"a": "b"}),
                        ("reclaimPolicy", "Retain"),
                        ("volumeBindingMode", "WaitForFirstConsumer")):  # fmt: skip
        (text,) = updated(GROUP, PLURAL, {"provisioner": "a"}, {"provisioner": "a", name: value})
        assert text.startswith(f"{name}: Invalid value") and "field is immutable" in text
    grown = {"provisioner": "a", "parameters": {}, "allowVolumeExpansion": True}
    assert updated(GROUP, PLURAL, {"provisioner": "a"}, grown) == []
