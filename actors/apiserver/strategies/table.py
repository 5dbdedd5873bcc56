"""The table of strategies by (group, plural). Must not know: the store."""

from dataclasses import replace

from actors.apiserver.strategies import (
    api_services,
    batch,
    certificate_requests,
    definitions,
    groups,
    namespaces,
    nodes,
    pods,
    service_ranges,
    services,
    volumes,
    workloads,
)
from actors.apiserver.strategies.strategy import MARKS, Strategy
from cluster.api.kinds import Kind

_COUNTED = Strategy(generation=True)
_CUSTOM = Strategy(generation=True, unconditional=False)
_PLAIN = Strategy()

_GENERATION = (
    ("apps", "deployments"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "ingressclasses"),
    ("networking.k8s.io", "networkpolicies"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("resource.k8s.io", "deviceclasses"),
)

TABLE: dict[tuple[str, str], Strategy] = {
    **dict.fromkeys(_GENERATION, _COUNTED),
    ("", "pods"): pods.STRATEGY,
    ("", "services"): services.STRATEGY,
    ("", "namespaces"): namespaces.STRATEGY,
    ("", "limitranges"): Strategy(nameless=True),
    ("", "nodes"): nodes.STRATEGY,
    ("", "serviceaccounts"): Strategy(returns_deleted=True),
    ("", "persistentvolumeclaims"): volumes.CLAIMS,
    ("", "persistentvolumes"): volumes.VOLUMES,
    ("", "podtemplates"): Strategy(returns_deleted=True),
    ("", "replicationcontrollers"): workloads.REPLICATION_CONTROLLERS,
    ("", "resourcequotas"): workloads.RESOURCE_QUOTAS,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): groups.COUNTED,
    ("apiextensions.k8s.io", "customresourcedefinitions"): definitions.STRATEGY,
    ("apiregistration.k8s.io", "apiservices"): api_services.STRATEGY,
    ("apps", "daemonsets"): workloads.DAEMON_SETS,
    ("apps", "statefulsets"): workloads.STATEFUL_SETS,
    ("apps", "replicasets"): workloads.REPLICA_SETS,
    ("autoscaling", "horizontalpodautoscalers"): workloads.AUTOSCALERS,
    ("networking.k8s.io", "ingresses"): groups.INGRESSES,
    ("batch", "jobs"): batch.JOBS,
    ("batch", "cronjobs"): batch.CRON_JOBS,
    ("policy", "poddisruptionbudgets"): workloads.DISRUPTION_BUDGETS,
    ("certificates.k8s.io", "certificatesigningrequests"): certificate_requests.STRATEGY,
    ("certificates.k8s.io", "podcertificaterequests"): groups.WITH_STATUS,
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): groups.COUNTED,
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): groups.COUNTED,
    ("networking.k8s.io", "servicecidrs"): service_ranges.STRATEGY,
    ("resource.k8s.io", "resourceslices"): groups.SLICES,
    ("resource.k8s.io", "devicetaintrules"): groups.TAINT_RULES,
    ("resource.k8s.io", "resourceclaims"): groups.WITH_STATUS,
    ("storage.k8s.io", "csidrivers"): groups.CSI_DRIVERS,
    ("storage.k8s.io", "csinodes"): groups.CSI_NODES,
    ("storage.k8s.io", "storageclasses"): groups.STORAGE_CLASSES,
    ("storage.k8s.io", "volumeattachments"): groups.ATTACHMENTS,
    ("storage.k8s.io", "volumeattributesclasses"): groups.STORAGE_CLASSES,
    ("storagemigration.k8s.io", "storageversionmigrations"): groups.WITH_STATUS,
}

# Their updates say which version they are of.
_CONDITIONAL = (
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("apiregistration.k8s.io", "apiservices"),
    ("certificates.k8s.io", "clustertrustbundles"),
    ("certificates.k8s.io", "podcertificaterequests"),
    ("coordination.k8s.io", "leases"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "csistoragecapacities"),
    ("storage.k8s.io", "volumeattachments"),
    ("storagemigration.k8s.io", "storageversionmigrations"),
)
for _kind in _CONDITIONAL:
    TABLE[_kind] = replace(TABLE.get(_kind, _PLAIN), unconditional=False)

# Whose /status takes metadata too. That of younger kinds takes none.
_WITH_METADATA = (
    ("", "replicationcontrollers"),
    ("", "resourcequotas"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
    ("policy", "poddisruptionbudgets"),
)
for _kind in _WITH_METADATA:
    TABLE[_kind] = replace(TABLE[_kind], status_metadata=MARKS)
TABLE["apps", "deployments"] = replace(_COUNTED, status_metadata=("annotations",))


def strategy_of(kind: Kind) -> Strategy:
    """A kind without an entry has no rules beyond those of all kinds."""
    if kind.custom is not None:
        return _CUSTOM
    return TABLE.get((kind.group, kind.plural), _PLAIN)
