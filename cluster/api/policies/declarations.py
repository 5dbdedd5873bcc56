"""What expressions of admission may name, and of which types it is.

Source: docs "Validating Admission Policy", Validation Expression; "Mutating Admission Policy",
ApplyConfiguration and JSONPatch. Must not know: values.
"""

from collections.abc import Iterator, Mapping

from cluster.cel.functions import Functions, merged
from cluster.cel.library.authorizer import AUTHORIZER, AUTHORIZERS, RESOURCE_CHECK
from cluster.cel.library.json_patch import JSON_PATCH
from cluster.cel.scope import STANDARD, Declarations
from cluster.cel.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ObjectType,
    Type,
    list_of,
    map_of,
)

REQUEST_RESOURCE = "authorizer.requestResource"
PATCH = "JSONPatch"
OBJECT = "Object"

_TEXTS = map_of(STRING, STRING)
_KIND = ObjectType(
    "kubernetes.GroupVersionKind", fields=dict.fromkeys(("group", "version", "kind"), STRING)
)
_RESOURCE = ObjectType(
    "kubernetes.GroupVersionResource",
    fields=dict.fromkeys(("group", "version", "resource"), STRING),
)
_USER = ObjectType(
    "kubernetes.UserInfo",
    fields={
        "username": STRING,
        "uid": STRING,
        "groups": list_of(STRING),
        "extra": map_of(STRING, list_of(STRING)),
    },
)
REQUEST = ObjectType(
    "kubernetes.AdmissionRequest",
    fields={
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
_CONDITION = ObjectType(
    "kubernetes.NamespaceCondition",
    fields={
        **dict.fromkeys(("status", "type", "message", "reason"), STRING),
        "lastTransitionTime": TIMESTAMP,
    },
)
_METADATA = ObjectType(
    "kubernetes.NamespaceMetadata",
    fields={
        **dict.fromkeys(("name", "generateName", "namespace", "uid", "resourceVersion"), STRING),
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "creationTimestamp": TIMESTAMP,
        "deletionTimestamp": TIMESTAMP,
        "deletionGracePeriodSeconds": INT,
        "generation": INT,
        "finalizers": list_of(STRING),
    },
)
NAMESPACE = ObjectType(
    "kubernetes.Namespace",
    fields={
        "metadata": _METADATA,
        "spec": ObjectType("kubernetes.NamespaceSpec", fields={"finalizers": list_of(STRING)}),
        "status": ObjectType(
            "kubernetes.NamespaceStatus",
            fields={"conditions": list_of(_CONDITION), "phase": STRING},
        ),
    },
)
PATCH_TYPE = ObjectType(PATCH, fields={"op": STRING, "path": STRING, "from": STRING, "value": DYN})


class _AnyField(Mapping[str, Type]):
    """Of an object whose fields nobody declares: each may hold anything."""

    def __getitem__(self, name: str) -> Type:
        return DYN

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _PatchTypes(Mapping[str, ObjectType]):
    """``JSONPatch``, and ``Object`` with the types of whatever is inside: ``Object.spec``."""

    def __getitem__(self, name: str) -> ObjectType:
        if name == PATCH:
            return PATCH_TYPE
        if name == OBJECT or name.startswith(OBJECT + "."):
            return ObjectType(name, fields=_AnyField())
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter((OBJECT, PATCH))

    def __len__(self) -> int:
        return 2


FUNCTIONS: Functions = merged(STANDARD, AUTHORIZERS)
PATCH_FUNCTIONS: Functions = merged(FUNCTIONS, JSON_PATCH)
_PATCH_TYPES = _PatchTypes()


def declarations(
    *,
    params: bool = False,
    authorizer: bool = True,
    variables: Mapping[str, Type] | None = None,
    patches: bool = False,
    object_type: Type = DYN,
    params_type: Type = DYN,
) -> Declarations:
    """``params``: the policy has a paramKind. ``variables``: those declared so far, None where
    there can be none. ``patches``: the expression makes a change."""
    names: dict[str, Type] = {
        "object": object_type,
        "oldObject": object_type,
        "namespaceObject": NAMESPACE,
        "request": REQUEST,
    }
    if params:
        names["params"] = params_type
    if authorizer:
        names["authorizer"] = AUTHORIZER
        names[REQUEST_RESOURCE] = RESOURCE_CHECK
    if variables is not None:
        names["variables"] = ObjectType("kubernetes.variables", fields=variables)
    if patches:
        return Declarations(names, PATCH_FUNCTIONS, _PATCH_TYPES)
    return Declarations(names, FUNCTIONS)
