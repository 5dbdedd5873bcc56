"""A request as expressions of admission see it: for policies and match conditions.

Source: docs "Validating Admission Policy", Validation Expression. Must not know: expressions.
"""

from actors.apiserver.admission.shown import shown_as
from actors.apiserver.admission.subject import Subject
from actors.apiserver.authorization import NODES
from actors.apiserver.call import Caller
from actors.apiserver.environment import Environment
from actors.apiserver.node_uses import used_by
from cluster.api.encoding import decode
from cluster.api.kinds import Kind, by_resource
from cluster.api.policies.evaluation import Inputs
from cluster.api.selectors import SelectorError, parse_field_selector
from cluster.api.types import Object
from cluster.cel.library.authorizer import RESOURCE_CHECK, CheckValue, DecisionValue, Question
from cluster.names import GROUP_AUTHENTICATED
from cluster.security.accounts import service_account_groups, service_account_user
from cluster.security.node_restriction import may_ask, node_of
from cluster.security.rbac import Attributes

_NAMESPACES = by_resource("", "v1", "namespaces")
# Expressions have the objects under names of their own.
_APART = ("uid", "object", "oldObject")


async def inputs_of(subject: Subject, kind: Kind, *, namespaced: bool = True) -> Inputs:
    """``kind``: in whose form the objects are shown. ``namespaced``: with the object of the
    request's namespace. Raises StatusError."""
    review = subject.review
    call = review.call
    request = subject.request(kind, "", None, None)
    authorizer = CheckValue(lambda what: _decided(review.environment, call.caller, what))
    return Inputs(
        None if subject.obj is None else await shown_as(subject, kind, subject.obj),
        None if subject.old is None else await shown_as(subject, kind, subject.old),
        {key: value for key, value in request.items() if key not in _APART},
        authorizer,
        authorizer.told(
            RESOURCE_CHECK,
            group=call.kind.group,
            resource=call.kind.plural,
            subresource=call.request.subresource,
            namespace=request.get("namespace") or "",
            name=request.get("name") or "",
        ),
        await _namespace(subject) if namespaced else None,
    )


async def _namespace(subject: Subject) -> Object | None:
    """None for what is in none, and for a namespace itself."""
    review = subject.review
    if not review.call.namespace or review.call.resource == ("", "namespaces"):
        return None
    assert _NAMESPACES is not None
    name = review.call.namespace
    found = await review.environment.objects.find(_NAMESPACES, "", name, review.fresh)
    return None if found is None else decode(found.value)


def _decided(environment: Environment, caller: Caller, what: Question) -> DecisionValue:
    """By RBAC. Of a node too what all nodes may, but for what its pods use: an expression cannot
    wait until that is known, and is told no."""
    attributes, user, groups = _attributes(what), caller.user, tuple(caller.groups)
    if what.service_account:
        user, groups = _account(what.service_account)
    decision = environment.policy.authorizer().allowed(user, groups, attributes)
    if not decision.allowed:
        node = node_of(user, groups)
        if node:
            decision = NODES.allowed(user, groups, attributes)
            objection = may_ask(node, attributes, used_by(())) if decision.allowed else ""
            if objection:
                return DecisionValue(False, objection)
    return DecisionValue(decision.allowed, decision.reason if decision.allowed else "")


def _account(text: str) -> tuple[str, tuple[str, ...]]:
    """(its user, its groups) of ``namespace:name``."""
    namespace, _, name = text.partition(":")
    return service_account_user(namespace, name), (
        *service_account_groups(namespace),
        GROUP_AUTHENTICATED,
    )


def _attributes(what: Question) -> Attributes:
    if what.path:
        return Attributes(what.verb, path=what.path)
    try:
        conditions = (
            parse_field_selector(what.field_selector).conditions if what.field_selector else ()
        )
    except SelectorError:
        conditions = ()
    return Attributes(
        what.verb,
        what.group,
        what.resource,
        what.subresource,
        what.namespace,
        what.name,
        fields=tuple((field, value) for field, equal, value in conditions if equal),
    )
