"""The admission plugins in their order. Must not know: what each does.

First what may change the object (``admit``), before it is validated; then what only judges it
(``validate``), after. Source: docs "Admission Controllers in Kubernetes" (the set that is on by
default), "Dynamic Admission Control".
"""

from collections.abc import Sequence

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
from cluster.errors import StatusError

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
# What Kubernetes calls those that are plugins there too, for the metrics.
NAMES: dict[Plugin, str] = {
    namespace_lifecycle.admit: "NamespaceLifecycle",
    node_restriction.admit: "NodeRestriction",
    limit_ranger.admit: "LimitRanger",
    limit_ranger.judge: "LimitRanger",
    service_account.admit: "ServiceAccount",
    priority.admit: "Priority",
    default_tolerations.admit: "DefaultTolerationSeconds",
    runtime_class.admit: "RuntimeClass",
    storage_claims.admit: "DefaultStorageClass",
    storage_claims.judge: "PersistentVolumeClaimResize",
    storage_in_use.admit: "StorageObjectInUseProtection",
    topology_labels.admit: "PodTopologyLabels",
    pod_security.admit: "PodSecurity",
    resource_quota.admit: "ResourceQuota",
    validating.validate: "ValidatingAdmissionPolicy",
    webhooks.validate: "ValidatingAdmissionWebhook",
}

# How long a write waits, in a replica that has just started, until it knows policies and webhooks.
KNOWN_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


async def admit(review: Review) -> bool:
    """Run all plugins, then what users have added. Raises the StatusError of the first that
    refuses. True if a policy or webhook changed the object."""
    with Step(review, "admit") as step:
        await step.run(PLUGINS)
        environment = review.environment
        if not _known(environment):
            await _know(review)
        return _changed_by_users(environment) and await _mutate(review, PLUGINS, step)


async def validate(review: Review) -> None:
    """Ask those who only judge. Raises the StatusError of the first that refuses."""
    with Step(review, "validate") as step:
        await step.run(JUDGES)
        if not review.call.inner:
            await _judge(review, step)
        # Last: what others refuse costs nothing.
        await step.run((resource_quota.admit,))


async def judge_body(environment: Environment, call: Call, body: Object) -> None:
    """The body of a subresource that is no part of an object, as a Binding: webhooks may change it
    and may refuse it. Raises StatusError."""
    await node_restriction.judge_body(environment, call, body)
    await topology_labels.judge_body(environment, call, body)
    if not _changed_by_users(environment) and not _judged_by_users(environment):
        return
    part = call.kind.subresources[call.request.subresource]
    review = Review(environment, call, body, None, part=part)
    with Step(review, "admit") as step:
        await _mutate(review, (), step)
    with Step(review, "validate") as step:
        await _judge(review, step)


def _changed_by_users(environment: Environment) -> bool:
    return bool(environment.policies.mutating.bound or environment.hooks.mutating.hooks)


def _judged_by_users(environment: Environment) -> bool:
    return bool(environment.policies.validating.bound or environment.hooks.validating.hooks)


def _known(environment: Environment) -> bool:
    return environment.hooks.known and environment.policies.known


async def _judge(review: Review, step: "Step") -> None:
    """Policies first: they cost less to ask than webhooks."""
    environment = review.environment
    if environment.policies.validating.bound:
        await step.run((validating.validate,))
    if environment.hooks.validating.hooks:
        await step.run((webhooks.validate,))


class Step:
    """One of the two of a request, while its duration is taken. ``kind``: admit or validate."""

    __slots__ = ("_began", "_clock", "_kind", "_metrics", "_operation", "_review")

    def __init__(self, review: Review, kind: str) -> None:
        self._review = review
        self._kind = kind
        self._operation = review.operation
        self._metrics = review.environment.admission
        self._clock = review.environment.clock.monotonic
        self._began = self._clock()

    def __enter__(self) -> "Step":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        rejected = kind is not None and issubclass(kind, StatusError)
        self._metrics.plugin(
            ("", self._operation, self._kind), rejected, self._clock() - self._began
        )

    async def run(self, plugins: Sequence[Plugin]) -> None:
        """In their order. Raises the StatusError of the first that refuses."""
        last = self._clock()
        for plugin in plugins:
            last = await self._take(NAMES.get(plugin, ""), plugin, last)

    async def one(self, name: str, plugin: Plugin) -> None:
        """``name``: '' if it is not to be told. Raises StatusError."""
        await self._take(name, plugin, self._clock())

    async def _take(self, name: str, plugin: Plugin, began: float) -> float:
        """Returns when it ended."""
        try:
            await plugin(self._review)
        except StatusError:
            self._tell(name, True, self._clock() - began)
            raise
        now = self._clock()
        self._tell(name, False, now - began)
        return now

    def _tell(self, name: str, rejected: bool, seconds: float) -> None:
        if name:
            self._metrics.plugin((name, self._operation, self._kind), rejected, seconds)


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


async def _mutate(review: Review, plugins: tuple[Plugin, ...], step: "Step") -> bool:
    """What one of those that users have added has changed, the plugins see again, and then those
    that want to."""
    if review.call.inner:
        return False
    environment = review.environment
    policies, hooks = mutating.Rounds(), webhooks.Rounds()
    # Where there are none, nothing is told.
    rounds = (
        ("MutatingAdmissionPolicy" if environment.policies.mutating.bound else "", policies),
        ("MutatingAdmissionWebhook" if environment.hooks.mutating.hooks else "", hooks),
    )
    for name, part in rounds:
        await step.one(name, part.first)
    if not any(part.changed for _, part in rounds):
        return False
    await step.run(plugins)
    for name, part in rounds:
        await step.one(name, part.second)
    guards = review.call.guards
    guards[:] = dict.fromkeys(guards)
    return True
