"""From CustomResourceDefinitions to kinds.

Job: which kinds a definition that is established adds to the table. Must not know how its names
were accepted (``naming.py``), or who serves it.
"""

from cluster.api.custom.form import CustomForm
from cluster.api.custom.structural import MakeRules, no_rules
from cluster.api.discovery import priority
from cluster.api.kind import SCALE, STATUS, Kind, Subresource, row
from cluster.api.kinds import GROUPS
from cluster.api.schema_node import SchemaNode
from cluster.api.types import Object

GROUP = "apiextensions.k8s.io"
PLURAL = "customresourcedefinitions"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
ESTABLISHED = "Established"
NAMES_ACCEPTED = "NamesAccepted"
TERMINATING = "Terminating"
# As discovery lists them of a custom resource, in whatever order.
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def condition(definition: Object, kind: str) -> Object:
    """The condition of that type, {} if there is none."""
    for item in (definition.get("status") or {}).get("conditions") or ():
        if item.get("type") == kind:
            found: Object = item
            return found
    return {}


def is_true(definition: Object, kind: str) -> bool:
    """True if the condition holds."""
    return condition(definition, kind).get("status") == "True"


def kinds_of(
    definition: Object, meta: SchemaNode | None = None, make_rules: MakeRules = no_rules
) -> tuple[Kind, ...]:
    """The served versions of an established definition; none of another."""
    if not _is_established(definition):
        return ()
    return tuple(
        _kind(definition, version, CustomForm(definition, version, meta, make_rules))
        for version in definition["spec"]["versions"]
        if version.get("served")
    )


def announced_by(definition: Object) -> tuple[tuple[str, str], ...]:
    """(group, version) of what it wants to serve: named in discovery before its names are its."""
    spec = definition["spec"]
    return tuple((spec["group"], one["name"]) for one in spec["versions"] if one.get("served"))


def stored_kind(definition: Object) -> Kind | None:
    """The version that objects are stored as, served or not; None if there never were any, as in a
    built-in group: what is stored there are objects of built-in kinds."""
    if not _is_established(definition) or definition["spec"]["group"] in GROUPS:
        return None
    version = next(item for item in definition["spec"]["versions"] if item.get("storage"))
    return _kind(definition, version, CustomForm(definition, version, None))


def accepted_names(definition: Object) -> Object:
    """Those of the status; {} unless it names a kind and a resource: clients may write it."""
    names: Object = (definition.get("status") or {}).get("acceptedNames") or {}
    return names if names.get("kind") and names.get("plural") else {}


def _is_established(definition: Object) -> bool:
    return is_true(definition, ESTABLISHED) and bool(accepted_names(definition))


def _kind(definition: Object, version: Object, form: CustomForm) -> Kind:
    spec, names = definition["spec"], accepted_names(definition)
    return row(
        spec["group"],
        version["name"],
        names["kind"],
        names["plural"],
        schema_name(spec["group"], version["name"], names["kind"]),
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec.get("scope") == "Namespaced",
        short=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=_VERBS,
        subresources=_parts(version.get("subresources") or {}),
        deprecated=_deprecation(spec, version, names["kind"]),
        custom=form,
        listed=names.get("listKind") or "",
    )


def schema_name(group: str, version: str, kind: str) -> str:
    """``com.example.v1.Widget``."""
    return ".".join([*reversed(group.split(".")), version, kind])


def _parts(given: Object) -> tuple[Subresource, ...]:
    known = {"status": STATUS, "scale": SCALE}
    return tuple(part for name, part in known.items() if name in given)


def _deprecation(spec: Object, version: Object, kind: str) -> str:
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning") is not None:
        told: str = version["deprecationWarning"]
        return told
    group, mine = spec["group"], priority(version["name"])
    better = [
        item["name"]
        for item in spec["versions"]
        if item.get("served") and not item.get("deprecated") and priority(item["name"]) < mine
    ]
    text = f"{group}/{version['name']} {kind} is deprecated"
    return f"{text}; use {group}/{min(better, key=priority)} {kind}" if better else text
