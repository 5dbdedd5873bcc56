"""Default roles and bindings within kube-system and kube-public.

Source: docs "Using RBAC Authorization", other component roles; "Authenticating with Bootstrap
Tokens". Must not know how policy is evaluated.
"""

from cluster import names
from cluster.api.types import Object
from cluster.security.policy_objects import account, namespaced_role, role_binding, rule, user

READ = "get list watch"
_EVENTS = rule("core events.k8s.io", "events", "create patch update")
_READER = "extension-apiserver-authentication-reader"
_SIGNER = "system:controller:bootstrap-signer"
_CLEANER = "system:controller:token-cleaner"
_CLOUD = "system:controller:cloud-provider"
_LOCKS = "system::leader-locking-"
_CONTROLLERS = names.local_user(names.CONTROLLERS)
_SCHEDULER = names.local_user(names.SCHEDULER)
_LOCK_RULES = (
    rule("coordination.k8s.io", "leases leasecandidates", f"create {READ} update"),
)  # fmt: skip

ROLES: tuple[Object, ...] = (
    namespaced_role(
        names.NAMESPACE_SYSTEM,
        _READER,
        rule("core", "configmaps", READ, names.EXTENSION_AUTHENTICATION),
    ),
    namespaced_role(names.NAMESPACE_SYSTEM, _SIGNER, rule("core", "secrets", READ)),
    namespaced_role(names.NAMESPACE_SYSTEM, _CLOUD, rule("core", "configmaps", f"create {READ}")),
    namespaced_role(
        names.NAMESPACE_SYSTEM, _CLEANER, rule("core", "secrets", f"delete {READ}"), _EVENTS
    ),
    namespaced_role(names.NAMESPACE_SYSTEM, f"{_LOCKS}kube-controller-manager", *_LOCK_RULES),
    namespaced_role(names.NAMESPACE_SYSTEM, f"{_LOCKS}kube-scheduler", *_LOCK_RULES),
    namespaced_role(
        names.NAMESPACE_PUBLIC,
        _SIGNER,
        rule("core", "configmaps", READ),
        rule("core", "configmaps", "update", "cluster-info"),
        _EVENTS,
    ),
)

ROLE_BINDINGS: tuple[Object, ...] = (
    role_binding(
        names.NAMESPACE_SYSTEM,
        _READER,
        user(_CONTROLLERS),
        user(_SCHEDULER),
        name=f"system::{_READER}",
    ),
    role_binding(
        names.NAMESPACE_SYSTEM,
        f"{_LOCKS}kube-controller-manager",
        user(_CONTROLLERS),
        account("kube-controller-manager"),
    ),
    role_binding(
        names.NAMESPACE_SYSTEM,
        f"{_LOCKS}kube-scheduler",
        user(_SCHEDULER),
        account("kube-scheduler"),
    ),
    role_binding(names.NAMESPACE_SYSTEM, _SIGNER, account("bootstrap-signer")),
    role_binding(names.NAMESPACE_SYSTEM, _CLOUD, account("cloud-provider")),
    role_binding(names.NAMESPACE_SYSTEM, _CLEANER, account("token-cleaner")),
    role_binding(names.NAMESPACE_PUBLIC, _SIGNER, account("bootstrap-signer")),
)
