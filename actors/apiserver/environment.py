"""What the steps of the request chain share: settings, the store, time, policy.

Job: one record handed down instead of globals. Must not know: any step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from actors.apiserver.admission.hooks import Hooks
from actors.apiserver.admission.policies.known import Policies
from actors.apiserver.admission_metrics import AdmissionMetrics
from actors.apiserver.aggregation.service_cache import ServiceCache
from actors.apiserver.custom.kind_cache import KindCache
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.policy_cache import PolicyCache
from actors.apiserver.turns import Turns
from actors.kit.ref import Ref
from actors.kit.world.clock import Clock
from actors.kit.world.entropy import Entropy
from cluster import names
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.settings import ClusterSettings

_SECRETS = by_resource("", "v1", "secrets")


@dataclass
class Environment:
    """``ref``: to another actor by address (kubelets for logs). ``kinds``: what is served.
    ``hooks``: admission webhooks; ``policies``: admission policies. ``turns``: of writes that take
    from the same quota. ``services``: who answers for what is not served here.
    ``admission``: what it takes."""

    settings: ClusterSettings
    replica: str
    clock: Clock
    entropy: Entropy
    objects: ObjectStore
    policy: PolicyCache
    ref: Callable[[str], Ref]
    kinds: KindCache = field(default_factory=KindCache)
    hooks: Hooks = field(default_factory=Hooks)
    policies: Policies = field(default_factory=Policies)
    turns: Turns = field(default_factory=Turns)
    services: ServiceCache = field(default_factory=ServiceCache)
    admission: AdmissionMetrics = field(default_factory=AdmissionMetrics)

    async def system_secret(self, name: str) -> Object | None:
        """A Secret of kube-system, as this replica knows it."""
        assert _SECRETS is not None
        item = await self.objects.find(_SECRETS, names.NAMESPACE_SYSTEM, name, fresh=False)
        return None if item is None else decode(item.value)

    def timestamp(self) -> str:
        """Now, as metav1.Time."""
        return rfc3339(self.clock.now())
