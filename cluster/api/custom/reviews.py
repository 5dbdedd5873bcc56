"""ConversionReviews: what is asked of a conversion webhook, and whether its answer holds.

Source: "Versions in CustomResourceDefinitions", Webhook request and response. Pure: who sends them
is another's.
"""

from typing import Any

from cluster.api.custom.form import CustomForm
from cluster.api.types import Object

_VERSIONS = ("v1", "v1beta1")


def request(form: CustomForm, version: str, objects: list[Object], uid: str) -> Object:
    """The review to send, in the first version that the webhook and we know."""
    known = (form.conversion.get("webhook") or {}).get("conversionReviewVersions") or ()
    chosen = next((item for item in known if item in _VERSIONS), "v1")
    return {
        "kind": "ConversionReview",
        "apiVersion": f"apiextensions.k8s.io/{chosen}",
        "request": {
            "uid": uid,
            "desiredAPIVersion": f"{form.group}/{version}",
            "objects": objects,
        },
    }


def converted(
    form: CustomForm, version: str, objects: list[Object], review: Object, answer: Any
) -> list[Object]:
    """The objects of the answer. Raises ValueError, with what the webhook says, if it failed or
    changed what no conversion may change."""
    response = answer.get("response") if isinstance(answer, dict) else None
    if not isinstance(response, dict):
        raise ValueError("response is missing")
    if response.get("uid") != review["request"]["uid"]:
        raise ValueError(f"expected response.uid={review['request']['uid']!r}")
    result = response.get("result") or {}
    if result.get("status") != "Success":
        raise ValueError(str(result.get("message") or "no message"))
    found = response.get("convertedObjects") or []
    if len(found) != len(objects):
        raise ValueError(f"expected {len(objects)} converted objects, got {len(found)}")
    wanted = f"{form.group}/{version}"
    return [_checked(form, wanted, old, new) for old, new in zip(objects, found, strict=True)]


def _checked(form: CustomForm, wanted: str, old: Object, new: Any) -> Object:
    if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
        raise ValueError("a converted object has no metadata")
    if new.get("apiVersion") != wanted or new.get("kind") != old.get("kind"):
        told = f"{new.get('apiVersion')}, Kind={new.get('kind')}"
        raise ValueError(f"expected {wanted}, Kind={old.get('kind')}, got {told}")
    metadata, given = dict(old["metadata"]), new["metadata"]
    for name in ("name", "namespace", "uid"):
        if given.get(name) != metadata.get(name):
            raise ValueError(f"must not change metadata.{name}")
    for name in ("labels", "annotations"):
        if given.get(name):
            metadata[name] = given[name]
        else:
            metadata.pop(name, None)
    return {**new, "metadata": metadata}


def endpoints(service: Object, slices: list[Object], port: int) -> list[tuple[str, int]]:
    """(address, port) of the ready endpoints behind that port of the service."""
    ports = (service.get("spec") or {}).get("ports") or ()
    name = next((item.get("name") or "" for item in ports if item.get("port") == port), None)
    if name is None:
        return []
    found: list[tuple[str, int]] = []
    for item in slices:
        numbers = [
            one["port"] for one in item.get("ports") or ()
            if (one.get("name") or "") == name and one.get("port")
        ]  # fmt: skip
        for end in item.get("endpoints") or () if numbers else ():
            if (end.get("conditions") or {}).get("ready") is not False:
                found.extend((address, numbers[0]) for address in end.get("addresses") or ())
    return sorted(found)
