"""OpenAPI paths of the served resources. Must not know schemas beyond their names.

Each operation says its kind and action: that is what kubectl reads of it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cluster.api.kind import Kind, Subresource
from cluster.api.openapi_schemas import Form
from cluster.api.types import Object

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_JSON = "application/json"
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_READ = ("fieldSelector", "labelSelector", "limit", "continue", "resourceVersion",
         "resourceVersionMatch", "timeoutSeconds", "watch")  # fmt: skip
_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_DELETE = ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy")
_QUERIES: dict[str, tuple[str, ...]] = {
    "list": (*_READ, "allowWatchBookmarks", "sendInitialEvents"),
    "deletecollection": (*_READ, *_DELETE),
    "delete": _DELETE,
    "post": _WRITE,
    "put": _WRITE,
    "patch": (*_WRITE, "force"),
}
_TYPES = {
    "limit": "integer",
    "timeoutSeconds": "integer",
    "gracePeriodSeconds": "integer",
    "watch": "boolean",
    "allowWatchBookmarks": "boolean",
    "sendInitialEvents": "boolean",
    "orphanDependents": "boolean",
    "force": "boolean",
}
# Beside 200: an object may be made, or what was asked for may take its time.
_CODES: dict[str, dict[str, str]] = {
    "post": {"201": "Created", "202": "Accepted"},
    "put": {"201": "Created"},
    "patch": {"201": "Created"},
    "delete": {"202": "Accepted"},
}
# One object: HTTP method → action.
_ONE = {"get": "get", "put": "put", "patch": "patch", "delete": "delete"}
_ACTION_VERBS = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}


class _Body(NamedTuple):
    """What an operation is about: a kind and its schema ('' if it is not JSON of one)."""

    group: str
    version: str
    kind: str
    definition: str


def paths(kinds: Iterable[Kind], form: Form) -> Object:
    """All paths of the kinds."""
    found: Object = {}
    for kind in kinds:
        base = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
        place = f"{base}/namespaces/{{namespace}}" if kind.namespaced else base
        body = _Body(kind.group, kind.version, kind.kind, kind.definition)
        collection = f"{place}/{kind.plural}"
        found[collection] = _collection(kind, body, form)
        if kind.create_only:
            continue
        if kind.namespaced:
            found[f"{base}/{kind.plural}"] = _everywhere(kind, body, form)
        found[f"{collection}/{{name}}"] = _object(kind, body, form)
        for part in kind.subresources.values():
            found[f"{collection}/{{name}}/{part.name}"] = _part(kind, part, body, form)
    return found


def _collection(kind: Kind, body: _Body, form: Form) -> Object:
    item: Object = {"parameters": _place(kind, False, form)}
    if "list" in kind.verbs:
        item["get"] = _operation(kind, body, "list", "", form)
    if "create" in kind.verbs:
        item["post"] = _operation(kind, body, "post", "", form)
    if "deletecollection" in kind.verbs:
        item["delete"] = _operation(kind, body, "deletecollection", "", form)
    return item


def _everywhere(kind: Kind, body: _Body, form: Form) -> Object:
    return {"get": _operation(kind, body, "list", "ForAllNamespaces", form)}


def _object(kind: Kind, body: _Body, form: Form) -> Object:
    item: Object = {"parameters": _place(kind, True, form)}
    for method, action in _ONE.items():
        if _ACTION_VERBS[method] in kind.verbs:
            item[method] = _operation(kind, body, action, "", form)
    return item


def _part(kind: Kind, part: Subresource, body: _Body, form: Form) -> Object:
    if part.kind:
        body = _Body(part.group, part.version, part.kind, part.definition)
    item: Object = {"parameters": _place(kind, True, form)}
    for method, verb in (*_ACTION_VERBS.items(), ("post", "create")):
        if verb in part.verbs:
            item[method] = _operation(kind, body, method, part.name.title(), form)
    return item


def _operation(kind: Kind, body: _Body, action: str, suffix: str, form: Form) -> Object:
    names = {"get": "read", "put": "replace", "post": "create", "deletecollection": "delete"}
    group = "".join(part.title() for part in kind.group.split(".")[:1]) or "Core"
    verb = names.get(action, action)
    many = "Collection" if action == "deletecollection" else ""
    where = "Namespaced" if kind.namespaced and suffix != "ForAllNamespaces" else ""
    version = kind.version.title()
    operation: Object = {
        "operationId": f"{verb}{group}{version}{many}{where}{kind.kind}{suffix}",
        "tags": [f"{group.lower()}_{kind.version}"],
        "parameters": [_query(name, form) for name in _QUERIES.get(action, ())],
        "responses": _responses(body, action, form),
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {
            "group": body.group,
            "kind": body.kind,
            "version": body.version,
        },
    }
    _send(operation, kind, body, action, form)
    return operation


def _query(name: str, form: Form) -> Object:
    kind = _TYPES.get(name, "string")
    parameter: Object = {"name": name, "in": "query"}
    return {**parameter, **({"schema": {"type": kind}} if form.three else {"type": kind})}


def _place(kind: Kind, named: bool, form: Form) -> list[Object]:
    names = (["name"] if named else []) + (["namespace"] if kind.namespaced else [])
    return [{**_query(name, form), "in": "path", "required": True} for name in names]


def _schema(definition: str, form: Form) -> Object:
    return {"$ref": f"{form.prefix}{definition}"} if definition else {"type": "string"}


def _responses(body: _Body, action: str, form: Form) -> Object:
    definition = body.definition
    if action == "list" and definition:
        definition = f"{definition}List"
    elif action in ("delete", "deletecollection"):
        definition = f"{_META}Status"
    schema = _schema(definition, form)
    shape: Object = {"content": {_JSON: {"schema": schema}}} if form.three else {"schema": schema}
    texts = {"200": "OK", **_CODES.get(action, {})}
    answers = {code: {"description": text, **shape} for code, text in texts.items()}
    return {**answers, "401": {"description": "Unauthorized"}}


def _send(operation: Object, kind: Kind, body: _Body, action: str, form: Form) -> None:
    """What the client sends: an object, a patch, or delete options."""
    if action in ("get", "list"):
        if not form.three:
            operation["produces"] = [_JSON]
        return
    types: tuple[str, ...] = (_JSON,)
    definition = body.definition
    if action == "patch":
        types = tuple(media for media in _PATCHES if not (kind.custom and "strategic" in media))
        definition = f"{_META}Patch"
    elif action in ("delete", "deletecollection"):
        definition = f"{_META}DeleteOptions"
    schema = _schema(definition, form)
    if form.three:
        content = {media: {"schema": schema} for media in types}
        operation["requestBody"] = {"content": content, "required": action == "post"}
    else:
        sent = {"name": "body", "in": "body", "schema": schema, "required": action == "post"}
        operation["parameters"] = [*operation["parameters"], sent]
        operation["consumes"], operation["produces"] = list(types), [_JSON]
