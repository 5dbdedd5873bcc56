"""Which form an answer takes, from the Accept header.

Job: choose among plain JSON, Table and PartialObjectMetadata (docs: "Kubernetes API concepts",
Receiving resources as Tables). Must not know: how a form is rendered.
"""

from dataclasses import dataclass
from typing import Literal

from cluster.api import status

Form = Literal["object", "table", "metadata"]

_FORMS: dict[str, Form] = {
    "Table": "table",
    "PartialObjectMetadata": "metadata",
    "PartialObjectMetadataList": "metadata",
}
JSON_TYPES = ("application/json", "*/*", "application/*")
ACCEPTED = (
    "application/json",
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
)


@dataclass(frozen=True)
class MediaType:
    """One entry of an Accept header: its type, its parameters, its weight (0..1)."""

    name: str
    parameters: dict[str, str]
    weight: float


def negotiate(accept: str) -> Form:
    """The first form that we can give. Raises StatusError 406 if there is none.

    Protobuf is not spoken: a client that also lists JSON gets JSON, as Kubernetes clients do.
    """
    if not accept:
        return "object"
    for entry in parse_accept(accept):
        if entry.name not in JSON_TYPES:
            continue
        wanted = entry.parameters.get("as", "")
        if not wanted:
            return "object"
        if entry.parameters.get("g") != "meta.k8s.io" or entry.parameters.get("v") != "v1":
            continue
        if wanted in _FORMS:
            return _FORMS[wanted]
    raise status.not_acceptable(ACCEPTED)


def check_json(accept: str) -> None:
    """Raises StatusError 406 for a client that takes no JSON at all."""
    if accept and not any(entry.name in JSON_TYPES for entry in parse_accept(accept)):
        raise status.not_acceptable(("application/json",))


def parse_accept(accept: str) -> list[MediaType]:
    """Entries, heaviest first, in the order given where equal; weight 0 is left out."""
    entries: list[MediaType] = []
    for part in accept.split(",")[:32]:
        name, *rest = part.split(";")
        parameters = {}
        for item in rest:
            key, _, value = item.partition("=")
            parameters[key.strip()] = value.strip().strip('"')
        entries.append(MediaType(name.strip().lower(), parameters, _weight(parameters.get("q"))))
    return sorted((entry for entry in entries if entry.weight > 0), key=lambda e: -e.weight)


def _weight(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 1.0
