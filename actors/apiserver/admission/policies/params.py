"""Parameters of policies: which objects a binding's paramRef means, for one request.

Source: docs "Validating Admission Policy", Parameter resources. They are read from this replica's
own state; one that is missing there is looked for once more where it is newest. Must not know: what
a policy does with them.
"""

from actors.apiserver import codec
from actors.apiserver.admission.plugin import Review
from actors.apiserver.admission.policies.records import ParamRef
from actors.apiserver.selection import Selection
from cluster.api.index import read_index
from cluster.api.kinds import Kind
from cluster.api.policies.evaluation import Failed
from cluster.api.types import Object


def param_kind(review: Review, wanted: tuple[str, str]) -> Kind:
    """Raises Failed if nothing of the kind is served."""
    version, name = wanted
    group, _, version = version.rpartition("/")
    found = review.environment.kinds.table.by_kind(group, version, name)
    if found is None:
        said = f"{group}/{version}, Kind={name}" if group else f"/{version}, Kind={name}"
        raise Failed(f"failed to find resource referenced by paramKind: '{said}'")
    return found


async def params_of(
    review: Review, kind: Kind | None, reference: ParamRef | None, namespace: str
) -> list[Object | None]:
    """What a binding is evaluated with, once each; [None]: once, without a parameter. Empty if
    there is none and that is no matter. ``namespace``: of the request. Raises Failed."""
    if kind is None or reference is None:
        return [None]
    place = _place(kind, reference, namespace)
    found: list[Object | None]
    if reference.name:
        found = await _named(review, kind, place, reference.name)
    else:
        found = await _selected(review, kind, place, reference)
    if not found and reference.deny:
        raise Failed("no params found for policy binding with `Deny` parameterNotFoundAction")
    return found


def _place(kind: Kind, reference: ParamRef, namespace: str) -> str:
    if not kind.namespaced:
        if reference.namespace:
            raise Failed("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    place = reference.namespace or namespace
    if not place:
        raise Failed(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
        )
    return place


async def _named(review: Review, kind: Kind, namespace: str, name: str) -> list[Object | None]:
    objects = review.environment.objects
    item = await objects.find(kind, namespace, name, review.fresh)
    if item is None and not review.fresh:
        item = await objects.find(kind, namespace, name, True)
    return [] if item is None else [codec.load(kind, item.value)]


async def _selected(
    review: Review, kind: Kind, namespace: str, reference: ParamRef
) -> list[Object | None]:
    assert reference.selector is not None
    items = await review.environment.objects.all(Selection(kind, namespace), review.fresh)
    return [
        codec.load(kind, item.value)
        for item in items
        if reference.selector.matches(read_index(item.index).labels)
    ]
