"""The admission plugins in their order. Must not know: what each does.

Source: docs "Admission Controllers in Kubernetes" (the set that is on by default).
"""

from actors.apiserver.admission import (
    default_tolerations,
    limit_ranger,
    namespace_lifecycle,
    node_restriction,
    pod_security,
    priority,
    rbac_escalation,
    service_account,
)
from actors.apiserver.admission.plugin import Plugin, Review

PLUGINS: tuple[Plugin, ...] = (
    namespace_lifecycle.admit,
    node_restriction.admit,
    rbac_escalation.admit,
    limit_ranger.admit,
    service_account.admit,
    priority.admit,
    default_tolerations.admit,
    pod_security.admit,
)


async def admit(review: Review) -> None:
    """Run all plugins. Raises the StatusError of the first that refuses."""
    for plugin in PLUGINS:
        await plugin(review)
