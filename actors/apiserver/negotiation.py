"""Which form an answer takes, from the Accept header.

Job: choose among plain objects, Table and PartialObjectMetadata (docs: "Kubernetes API concepts",
Receiving resources as Tables), the latter of meta.k8s.io/v1 or its elder v1beta1. Must not know:
how a form is rendered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from cluster.api import status

Shape = Literal["object", "table", "metadata", "metadata list"]


class Form(NamedTuple):
    """``version``: of meta.k8s.io, of all but objects themselves."""

    shape: Shape
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """Of Table, PartialObjectMetadata and its list: they look the same in both versions."""
        return f"meta.k8s.io/{self.version}"


OBJECT = Form("object")
_VERSIONS = ("v1", "v1beta1")
_SHAPES: dict[str, Shape] = {
    "Table": "table",
    "PartialObjectMetadata": "metadata",
    "PartialObjectMetadataList": "metadata list",
}
YAML = "application/yaml"
JSON_TYPES = ("application/json", "*/*", "application/*")
_INCLUDED = ("", "None", "Metadata", "Object")
ACCEPTED = ("application/json", YAML)
WATCHED = ("application/json;stream=watch",)
# Headers; one has 32 KiB at most.
REMEMBERED_MAX = 64


@dataclass(frozen=True)
class MediaType:
    """One entry of an Accept header: its type, its parameters, its weight (0..1)."""

    name: str
    parameters: Mapping[str, str]
    weight: float


def negotiate(accept: str, watch: bool = False) -> Form:
    """The first form that we can give. Raises StatusError 406 if there is none. ``watch``: events
    of it, which are JSON.

    Protobuf is not spoken: a client that also lists JSON gets JSON, as Kubernetes clients do.
    """
    if not accept:
        return OBJECT
    for entry in parse_accept(accept):
        if entry.name == YAML:
            if watch:
                continue
        elif entry.name not in JSON_TYPES:
            continue
        if watch and entry.parameters.get("stream", "watch") != "watch":
            continue
        form = _form(entry.parameters)
        if form is not None:
            return form
    raise status.not_acceptable(WATCHED if watch else ACCEPTED)


def _form(parameters: Mapping[str, str]) -> Form | None:
    wanted = parameters.get("as", "")
    if not wanted:
        return OBJECT
    version = parameters.get("v", "")
    if parameters.get("g") != "meta.k8s.io" or version not in _VERSIONS or wanted not in _SHAPES:
        return None
    return Form(_SHAPES[wanted], version)


def prefers_yaml(accept: str) -> bool:
    """Whether what the client would have first, of all that we can give, is YAML."""
    if YAML not in accept:
        return False
    for entry in parse_accept(accept):
        if entry.name == YAML or entry.name in JSON_TYPES:
            return entry.name == YAML
    return False


def included(form: Form, query: Mapping[str, str]) -> str:
    """The includeObject parameter of tables (''  if unset). Raises StatusError 400."""
    wanted = query.get("includeObject", "")
    if form.shape == "table" and wanted not in _INCLUDED:
        raise status.bad_request(
            "Unable to convert to Table as requested: includeObject: Invalid value: "
            f"{status.quoted(wanted)}: must be 'Metadata', 'Object', 'None', or empty"
        )
    return wanted


def check_count(form: Form, many: bool) -> None:
    """Metadata of one object is no form of a list, nor the other way. Raises StatusError 406."""
    if form.shape == "metadata" and many:
        asked, found = "PartialObjectMetadata", "a list"
    elif form.shape == "metadata list" and not many:
        asked, found = "PartialObjectMetadataList", "not a list"
    else:
        return
    message = f"you requested {asked}, but the requested object is {found}"
    raise status.status_error(406, "NotAcceptable", message)


def check_json(accept: str) -> None:
    """For a document that has one form only. Raises StatusError 406 for a client that takes neither
    JSON nor YAML, or only that of something else."""
    if accept and not any(
        (entry.name == YAML or entry.name in JSON_TYPES) and not entry.parameters.get("as")
        for entry in parse_accept(accept)
    ):
        raise status.not_acceptable(ACCEPTED)


@lru_cache(maxsize=REMEMBERED_MAX)
def parse_accept(accept: str) -> tuple[MediaType, ...]:
    """Entries, heaviest first, in the order given where equal; weight 0 is left out. (Clients say
    the same each time.)"""
    entries: list[MediaType] = []
    for part in accept.split(",")[:32]:
        name, *rest = part.split(";")
        parameters = {}
        for item in rest:
            key, _, value = item.partition("=")
            parameters[key.strip()] = value.strip().strip('"')
        entries.append(MediaType(name.strip().lower(), parameters, _weight(parameters.get("q"))))
    kept = [entry for entry in entries if entry.weight > 0]
    return tuple(sorted(kept, key=lambda entry: -entry.weight))


def _weight(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 1.0
