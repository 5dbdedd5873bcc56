"""What objects inside a custom resource must be: places with x-kubernetes-embedded-resource.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", RawExtension; causes are in the
words of Kubernetes' validation of embedded objects. Must not know what else the schema asks.
"""

from typing import Any

from cluster.api import names
from cluster.api.custom.structural import Structural
from cluster.api.status import Cause
from cluster.api.validation import causes
from cluster.api.validation.metadata import check_embedded

_MIXED = "may have mixed case, but should otherwise match: "


def check_resources(node: Structural, value: Any, path: str, found: list[Cause]) -> None:
    """Of everything in a value; ``path`` '' at the root, which is no embedded one."""
    if not node.holds:
        return
    if node.resource and path and isinstance(value, dict):
        _check(value, path, found)
    for part, item, place in node.inside(value, path):
        check_resources(part, item, place, found)


def _check(value: dict[str, Any], path: str, found: list[Cause]) -> None:
    for name in ("apiVersion", "kind"):
        place, given = f"{path}.{name}", value.get(name)
        if name not in value:
            found.append(causes.required(place, "must not be empty"))
        elif not isinstance(given, str):
            found.append(causes.invalid(place, given, "must be a string"))
        elif not given:
            found.append(causes.invalid(place, given, "must not be empty"))
        elif name == "kind":
            errors = names.dns_1035_errors(given.lower())
            if errors:
                found.append(causes.invalid(place, given, _MIXED + ",".join(errors)))
        elif given.count("/") > 1:
            found.append(causes.invalid(place, given, f"unexpected GroupVersion string: {given}"))
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        check_embedded(f"{path}.metadata", metadata, found)
