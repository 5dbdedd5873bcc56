"""The list of controllers, in the order in which they start. Must not know how they run."""

from actors.controllers import (
    account_secrets,
    cluster_role_aggregation,
    deployment,
    disruption,
    endpoints,
    endpointslice,
    flow_schemas,
    garbage_collector,
    legacy_tokens,
    namespace,
    node_lifecycle,
    pod_gc,
    replicaset,
    resource_quota,
    root_ca,
    service_account,
    statefulset,
    storage_protection,
    taint_eviction,
)
from actors.controllers.plan import Controller
from cluster.settings import ClusterSettings


def make_controllers(
    settings: ClusterSettings, root_ca_pem: str, token_key: bytes = b""
) -> tuple[Controller, ...]:
    """All controllers. Without ``root_ca_pem`` nothing publishes a CA, without ``token_key`` (PEM)
    no Secret gets a token."""
    found = [
        service_account.CONTROLLER,
        deployment.CONTROLLER,
        replicaset.CONTROLLER,
        statefulset.CONTROLLER,
        endpointslice.CONTROLLER,
        endpoints.CONTROLLER,
        node_lifecycle.make_controller(settings.timing.node_grace),
        taint_eviction.CONTROLLER,
        pod_gc.CONTROLLER,
        namespace.CONTROLLER,
        garbage_collector.CONTROLLER,
        cluster_role_aggregation.CONTROLLER,
        resource_quota.CONTROLLER,
        disruption.CONTROLLER,
        flow_schemas.CONTROLLER,
        storage_protection.CLAIMS,
        storage_protection.VOLUMES,
        storage_protection.CLASSES,
    ]
    if root_ca_pem:
        found.insert(1, root_ca.make_controller(root_ca_pem))
    if token_key:
        found += [
            account_secrets.make_controller(token_key, root_ca_pem),
            legacy_tokens.TRACKING_CONTROLLER,
            legacy_tokens.make_cleaner(),
        ]
    return tuple(found)
