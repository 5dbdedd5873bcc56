"""The admission plugins in their order. Must not know: what each does.

First what may change the object (``admit``), before it is validated; then what only judges it
(``validate``), after. Source: docs "Admission Controllers in Kubernetes" (the set that is on by
default), "Dynamic Admission Control".
"""

from actors.apiserver.admission import (
    default_tolerations,
    devices,
    limit_ranger,
    namespace_lifecycle,
    node_restriction,
    pod_security,
    priority,
    rbac_escalation,
    resource_quota,
    runtime_class,
    service_account,
    signers,
    storage_claims,
    storage_in_use,
    topology_labels,
    webhooks,
)
from actors.apiserver.admission.plugin import Plugin, Review
from actors.apiserver.admission.policies import access, mutating, validating
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from cluster.api import status
from cluster.api.types import Object

PLUGINS: tuple[Plugin, ...] = (
    namespace_lifecycle.admit,
    node_restriction.admit,
    rbac_escalation.admit,
    access.admit,
    limit_ranger.admit,
    service_account.admit,
    priority.admit,
    default_tolerations.admit,
    runtime_class.admit,
    signers.admit,
    storage_claims.admit,
    storage_in_use.admit,
    devices.admit,
    topology_labels.admit,
)
# These change nothing, and judge the object as it will be stored.
JUDGES: tuple[Plugin, ...] = (limit_ranger.judge, pod_security.admit, storage_claims.judge)


# How long a write waits, in a replica that has just started, until it knows policies and webhooks.
KNOWN_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


async def admit(review: Review) -> bool:
    """Run all plugins, then what users have added. Raises the StatusError of the first that
    refuses. True if a policy or webhook changed the object."""
    for plugin in PLUGINS:
        await plugin(review)
    environment = review.environment
    if not _known(environment):
        await _know(review)
    return _changed_by_users(environment) and await _mutate(review, PLUGINS)


async def validate(review: Review) -> None:
    """Ask those who only judge. Raises the StatusError of the first that refuses."""
    for plugin in JUDGES:
        await plugin(review)
    if not review.call.inner:
        await _judge(review)
    # Last: what others refuse costs nothing.
    await resource_quota.admit(review)


async def judge_body(environment: Environment, call: Call, body: Object) -> None:
    """The body of a subresource that is no part of an object, as a Binding: webhooks may change it
    and may refuse it. Raises StatusError."""
    await node_restriction.judge_body(environment, call, body)
    await topology_labels.judge_body(environment, call, body)
    if not _changed_by_users(environment) and not _judged_by_users(environment):
        return
    part = call.kind.subresources[call.request.subresource]
    review = Review(environment, call, body, None, part=part)
    await _mutate(review, ())
    await _judge(review)


def _changed_by_users(environment: Environment) -> bool:
    return bool(environment.policies.mutating.bound or environment.hooks.mutating.hooks)


def _judged_by_users(environment: Environment) -> bool:
    return bool(environment.policies.validating.bound or environment.hooks.validating.hooks)


def _known(environment: Environment) -> bool:
    return environment.hooks.known and environment.policies.known


async def _judge(review: Review) -> None:
    """Policies first: they cost less to ask than webhooks."""
    environment = review.environment
    if environment.policies.validating.bound:
        await validating.validate(review)
    if environment.hooks.validating.hooks:
        await webhooks.validate(review)


async def _know(review: Review) -> None:
    """Raises StatusError 403, as Kubernetes does, if it takes too long."""
    environment = review.environment
    clock = environment.clock
    until = clock.monotonic() + KNOWN_SECONDS
    while not _known(environment):
        if clock.monotonic() >= until:
            why = "not yet ready to handle request"
            raise status.forbidden(review.call.kind, review.call.request.name, why)
        await clock.sleep(_PAUSE_SECONDS)


async def _mutate(review: Review, plugins: tuple[Plugin, ...]) -> bool:
    """What one of those that users have added has changed, the plugins see again, and then those
    that want to."""
    if review.call.inner:
        return False
    rounds = (mutating.Rounds(), webhooks.Rounds())
    for part in rounds:
        await part.first(review)
    if not any(part.changed for part in rounds):
        return False
    for plugin in plugins:
        await plugin(review)
    for part in rounds:
        await part.second(review)
    guards = review.call.guards
    guards[:] = dict.fromkeys(guards)
    return True
