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
    webhooks,
)
from actors.apiserver.admission.plugin import Plugin, Review
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from cluster.api import status
from cluster.api.types import Object

PLUGINS: tuple[Plugin, ...] = (
    namespace_lifecycle.admit,
    node_restriction.admit,
    rbac_escalation.admit,
    limit_ranger.admit,
    service_account.admit,
    priority.admit,
    default_tolerations.admit,
    runtime_class.admit,
    signers.admit,
    storage_claims.admit,
    devices.admit,
)
# These change nothing, and judge the object as it will be stored.
JUDGES: tuple[Plugin, ...] = (limit_ranger.judge, pod_security.admit)


# How long a write waits, in a replica that has just started, until it knows the webhooks.
KNOWN_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


async def admit(review: Review) -> bool:
    """Run all plugins, then what users have added. Raises the StatusError of the first that
    refuses. True if a webhook changed the object."""
    for plugin in PLUGINS:
        await plugin(review)
    if not review.environment.hooks.known:
        await _know(review)
    return bool(review.environment.hooks.mutating.hooks) and await _mutate(review, PLUGINS)


async def validate(review: Review) -> None:
    """Ask those who only judge. Raises the StatusError of the first that refuses."""
    for plugin in JUDGES:
        await plugin(review)
    if review.environment.hooks.validating.hooks and not review.call.inner:
        await webhooks.validate(review)
    # Last: what others refuse costs nothing.
    await resource_quota.admit(review)


async def judge_body(environment: Environment, call: Call, body: Object) -> None:
    """The body of a subresource that is no part of an object, as a Binding: webhooks may change it
    and may refuse it. Raises StatusError."""
    await node_restriction.judge_body(environment, call, body)
    hooks = environment.hooks
    if not hooks.mutating.hooks and not hooks.validating.hooks:
        return
    part = call.kind.subresources[call.request.subresource]
    review = Review(environment, call, body, None, part=part)
    await _mutate(review, ())
    if hooks.validating.hooks:
        await webhooks.validate(review)


async def _know(review: Review) -> None:
    """Raises StatusError 403, as Kubernetes does, if it takes too long."""
    environment = review.environment
    clock = environment.clock
    until = clock.monotonic() + KNOWN_SECONDS
    while not environment.hooks.known:
        if clock.monotonic() >= until:
            why = "not yet ready to handle request"
            raise status.forbidden(review.call.kind, review.call.request.name, why)
        await clock.sleep(_PAUSE_SECONDS)


async def _mutate(review: Review, plugins: tuple[Plugin, ...]) -> bool:
    """What a webhook has changed, the plugins see again, and then the webhooks that want to."""
    if review.call.inner:
        return False
    rounds = webhooks.Rounds()
    await rounds.first(review)
    if not rounds.changed:
        return False
    for plugin in plugins:
        await plugin(review)
    await rounds.second(review)
    guards = review.call.guards
    guards[:] = dict.fromkeys(guards)
    return True
