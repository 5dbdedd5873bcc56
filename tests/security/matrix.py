"""What each default role allows, in a notation of its own, and every question that may be asked.

``resource/part.group verbs``: verbs are letters (``r`` is get, list and watch; ``W`` is create,
update, patch, delete and deletecollection), ``=name`` limits to that object. What stands nowhere is
not allowed. Source: docs "Using RBAC Authorization", default roles, as a new cluster of Kubernetes
has them; roles of Steersman's own components are marked.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cluster.api.kinds import KINDS

LETTERS = {
    "g": "get", "l": "list", "w": "watch", "c": "create", "u": "update", "p": "patch",
    "d": "delete", "D": "deletecollection", "i": "impersonate", "a": "approve", "s": "sign",
    "e": "escalate", "b": "bind", "x": "proxy", "t": "attest", "f": "frobnicate",
}  # fmt: skip
VERBS = tuple(LETTERS.values())
READ, WRITE = "glw", "cupdD"
# Resources that rules speak of and no kind has.
VIRTUAL = (
    "users", "groups", "uids.authentication.k8s.io", "userextras/scopes.authentication.k8s.io",
    "signers.certificates.k8s.io", "things.example.com", "things/scale.example.com",
    "nodes/metrics", "nodes/stats", "nodes/log", "nodes/configz", "nodes/healthz", "nodes/pods",
    "endpoints/restricted", "deployments/rollback.apps", "leasecandidates.coordination.k8s.io",
    "certificatesigningrequests/nodeclient.certificates.k8s.io",
    "certificatesigningrequests/selfnodeclient.certificates.k8s.io",
    "resourceclaims/binding.resource.k8s.io", "pods.metrics.k8s.io", "x.custom.metrics.k8s.io",
    "deployments.extensions",
)  # fmt: skip


class Allowed(NamedTuple):
    """A line of the table. ``name`` '' is every object."""

    resource: str
    group: str
    verbs: frozenset[str]
    name: str

    def says(self, resource: str, group: str) -> bool:
        """Is the line about that resource (with its part)?"""
        if self.group not in ("*", group):
            return False
        part = resource.partition("/")[2]
        return self.resource in (resource, "*") or (bool(part) and self.resource == f"*/{part}")


def lines(text: str) -> list[Allowed]:
    """The table's lines for a role."""
    found = []
    for line in text.strip().splitlines():
        if not line.strip():
            continue
        *subjects, letters = line.split()
        letters = letters.replace("r", READ).replace("W", WRITE)
        verbs = frozenset(VERBS if letters == "*" else (LETTERS[letter] for letter in letters))
        for subject in subjects:
            where, _, name = subject.partition("=")
            resource, _, group = where.partition(".")
            found.append(Allowed(resource, group, verbs, name))
    return found


@cache
def universe() -> tuple[tuple[str, str], ...]:
    """(resource with its part, group) of everything that can be asked about."""
    return tuple(_universe())


def _universe() -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        parts = {"", "status", "scale", "finalizers", *kind.subresources}
        for part in sorted(parts):
            yield kind.plural + (f"/{part}" if part else ""), kind.group
    for name in VIRTUAL:
        resource, _, group = name.partition(".")
        yield resource, group


_APPS = (
    "daemonsets.apps deployments.apps deployments/scale.apps replicasets.apps "
    "replicasets/scale.apps statefulsets.apps statefulsets/scale.apps"
)
_OLD = (
    "daemonsets.extensions deployments.extensions deployments/scale.extensions "
    "ingresses.extensions networkpolicies.extensions replicasets.extensions "
    "replicasets/scale.extensions replicationcontrollers/scale.extensions"
)
VIEW = f"""
configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status r
pods pods/log pods/status r
replicationcontrollers replicationcontrollers/scale replicationcontrollers/status r
serviceaccounts services services/status bindings events limitranges r
namespaces namespaces/status resourcequotas resourcequotas/status r
{_APPS} controllerrevisions.apps r
daemonsets/status.apps deployments/status.apps replicasets/status.apps statefulsets/status.apps r
horizontalpodautoscalers.autoscaling horizontalpodautoscalers/status.autoscaling r
cronjobs.batch cronjobs/status.batch jobs.batch jobs/status.batch r
endpointslices.discovery.k8s.io r
ingresses.networking.k8s.io ingresses/status.networking.k8s.io networkpolicies.networking.k8s.io r
poddisruptionbudgets.policy poddisruptionbudgets/status.policy r
resourceclaims.resource.k8s.io resourceclaims/status.resource.k8s.io r
resourceclaimtemplates.resource.k8s.io r
{_OLD} r
daemonsets/status.extensions deployments/status.extensions ingresses/status.extensions r
replicasets/status.extensions r
"""
EDIT = f"""{VIEW}
pods/attach pods/exec pods/portforward pods/proxy services/proxy secrets rW
serviceaccounts i
configmaps events persistentvolumeclaims pods replicationcontrollers W
replicationcontrollers/scale serviceaccounts services W
pods/eviction serviceaccounts/token c
{_APPS} deployments/rollback.apps W
{_OLD} deployments/rollback.extensions W
horizontalpodautoscalers.autoscaling cronjobs.batch jobs.batch W
ingresses.networking.k8s.io networkpolicies.networking.k8s.io poddisruptionbudgets.policy W
resourceclaims.resource.k8s.io resourceclaimtemplates.resource.k8s.io W
leases.coordination.k8s.io rW
"""
ADMIN = f"""{EDIT}
localsubjectaccessreviews.authorization.k8s.io c
roles.rbac.authorization.k8s.io rolebindings.rbac.authorization.k8s.io rW
"""
_EVENTS = "events events.events.k8s.io cup"
_REVIEWS = "tokenreviews.authentication.k8s.io subjectaccessreviews.authorization.k8s.io c"
_CSR = "certificatesigningrequests"
_SIGNERS = "certificates.k8s.io"

ROLES: dict[str, str] = {
    "cluster-admin": "*.* *",
    "admin": ADMIN,
    "edit": EDIT,
    "view": VIEW,
    "system:aggregate-to-view": VIEW,
    "system:auth-delegator": _REVIEWS,
    "system:basic-user": """
        selfsubjectaccessreviews.authorization.k8s.io c
        selfsubjectrulesreviews.authorization.k8s.io c
        selfsubjectreviews.authentication.k8s.io c""",
    "system:discovery": "",
    "system:public-info-viewer": "",
    "system:monitoring": "",
    "steersman:ui": "",
    "steersman:ui-chaos": "",
    "system:service-account-issuer-discovery": "",
    "system:cluster-trust-bundle-discovery": f"clustertrustbundles.{_SIGNERS} r",
    f"system:{_SIGNERS}:{_CSR}:nodeclient": f"{_CSR}/nodeclient.{_SIGNERS} c",
    f"system:{_SIGNERS}:{_CSR}:selfnodeclient": f"{_CSR}/selfnodeclient.{_SIGNERS} c",
    **{
        f"system:{_SIGNERS}:{name}-approver": f"signers.{_SIGNERS}=kubernetes.io/{name} a"
        for name in (
            "kube-apiserver-client",
            "kube-apiserver-client-kubelet",
            "kubelet-serving",
            "legacy-unknown",
        )
    },
    "system:heapster": "events namespaces nodes pods deployments.extensions r",
    "system:kube-aggregator": "endpoints services r",
    "system:kube-dns": "endpoints services endpointslices.discovery.k8s.io lw",
    "system:kubelet-api-admin": """
        nodes rx
        nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats *""",
    "system:node-bootstrapper": f"{_CSR}.{_SIGNERS} rc",
    "system:node-problem-detector": f"nodes g\nnodes/status p\n{_EVENTS}",
    "system:persistent-volume-provisioner": f"""
        persistentvolumes rcd
        persistentvolumeclaims ru
        storageclasses.storage.k8s.io r
        events w
        {_EVENTS}""",
    "system:volume-scheduler": """
        persistentvolumeclaims persistentvolumes rup
        storageclasses.storage.k8s.io r""",
    "system:kube-scheduler": f"""
        {_EVENTS}
        leases.coordination.k8s.io c
        leases.coordination.k8s.io=kube-scheduler rup
        leasecandidates.coordination.k8s.io rW
        nodes namespaces replicationcontrollers services r
        pods rd
        bindings pods/binding c
        pods/status up
        pods/finalizers u
        persistentvolumeclaims persistentvolumes r
        replicasets.apps replicasets.extensions statefulsets.apps r
        poddisruptionbudgets.policy priorityclasses.scheduling.k8s.io r
        csidrivers.storage.k8s.io csinodes.storage.k8s.io csistoragecapacities.storage.k8s.io r
        storageclasses.storage.k8s.io volumeattachments.storage.k8s.io r
        deviceclasses.resource.k8s.io resourceslices.resource.k8s.io r
        resourceclaims.resource.k8s.io rup
        resourceclaims/binding.resource.k8s.io resourceclaims/status.resource.k8s.io up
        {_REVIEWS}
        localsubjectaccessreviews.authorization.k8s.io c""",
}
_OWN_PODS = "pods lwcdp"
_REVISIONS = "controllerrevisions.apps rcdup"
_SLICES = "endpointslices.discovery.k8s.io rcdu"
CONTROLLERS: dict[str, str] = {
    "attachdetach-controller": f"""
        persistentvolumeclaims persistentvolumes pods lw
        nodes r
        nodes/status up
        volumeattachments.storage.k8s.io rcd
        csidrivers.storage.k8s.io csinodes.storage.k8s.io r
        {_EVENTS}""",
    "certificate-controller": f"""
        {_CSR}.{_SIGNERS} rd
        {_CSR}/approval.{_SIGNERS} {_CSR}/status.{_SIGNERS} u
        signers.{_SIGNERS}=kubernetes.io/kube-apiserver-client-kubelet as
        signers.{_SIGNERS}=kubernetes.io/kube-apiserver-client s
        signers.{_SIGNERS}=kubernetes.io/kubelet-serving s
        signers.{_SIGNERS}=kubernetes.io/legacy-unknown s
        subjectaccessreviews.authorization.k8s.io c
        {_EVENTS}""",
    "clusterrole-aggregation-controller": "clusterroles.rbac.authorization.k8s.io rupe",
    "cronjob-controller": f"""
        cronjobs.batch ru
        jobs.batch rcdup
        cronjobs/status.batch cronjobs/finalizers.batch u
        pods lwd
        {_EVENTS}""",
    "daemon-set-controller": f"""
        daemonsets.apps daemonsets.extensions r
        daemonsets/status.apps daemonsets/finalizers.apps u
        daemonsets/status.extensions daemonsets/finalizers.extensions u
        nodes lw
        pods/binding c
        {_OWN_PODS}
        {_REVISIONS}
        {_EVENTS}""",
    "deployment-controller": f"""
        deployments.apps deployments.extensions ru
        deployments/status.apps deployments/finalizers.apps u
        deployments/status.extensions deployments/finalizers.extensions u
        replicasets.apps replicasets.extensions rcdup
        pods ru
        {_EVENTS}""",
    "device-taint-eviction-controller": f"""
        pods rd
        pods/status up
        deviceclasses.resource.k8s.io resourceclaims.resource.k8s.io r
        resourceslices.resource.k8s.io r
        {_EVENTS}""",
    "disruption-controller": f"""
        deployments.apps deployments.extensions replicasets.apps replicasets.extensions r
        statefulsets.apps replicationcontrollers poddisruptionbudgets.policy r
        poddisruptionbudgets/status.policy u
        pods/status up
        */scale.* g
        {_EVENTS}""",
    "endpoint-controller": f"""
        pods services r
        endpoints rcdu
        endpoints/restricted c
        {_EVENTS}""",
    "endpointslice-controller": f"""
        nodes pods services r
        services/finalizers u
        {_SLICES}
        {_EVENTS}""",
    "endpointslicemirroring-controller": f"""
        endpoints services r
        endpoints/finalizers services/finalizers u
        {_SLICES}
        {_EVENTS}""",
    "ephemeral-volume-controller": f"""
        pods r
        pods/finalizers u
        persistentvolumeclaims rc
        {_EVENTS}""",
    "expand-controller": f"""
        persistentvolumes rup
        persistentvolumeclaims r
        persistentvolumeclaims/status up
        {_EVENTS}""",
    "generic-garbage-collector": f"*.* rdup\n{_EVENTS}",
    "horizontal-pod-autoscaler": f"""
        horizontalpodautoscalers.autoscaling r
        horizontalpodautoscalers/status.autoscaling u
        */scale.* gu
        pods pods.metrics.k8s.io lw
        *.custom.metrics.k8s.io *.external.metrics.k8s.io r
        {_EVENTS}""",
    "job-controller": f"""
        jobs.batch rup
        jobs/status.batch jobs/finalizers.batch u
        {_OWN_PODS}
        {_EVENTS}""",
    "legacy-service-account-token-cleaner": """
        configmaps=kube-apiserver-legacy-service-account-token-tracking g
        secrets dp""",
    "namespace-controller": """
        *.* rdD
        namespaces/finalize namespaces/status u""",
    "node-controller": f"""
        nodes rdup
        nodes/status pods/status up
        pods rd
        {_EVENTS}""",
    "persistent-volume-binder": f"""
        persistentvolumes rcdu
        persistentvolumeclaims ru
        persistentvolumes/status persistentvolumeclaims/status u
        pods rcd
        storageclasses.storage.k8s.io r
        nodes lw
        events w
        {_EVENTS}""",
    "pod-garbage-collector": "pods lwd\nnodes r\npods/status p",
    "pv-protection-controller": f"persistentvolumes ru\n{_EVENTS}",
    "pvc-protection-controller": f"""
        persistentvolumeclaims ru
        persistentvolumeclaims/status u
        pods r
        {_EVENTS}""",
    "replicaset-controller": f"""
        replicasets.apps replicasets.extensions ru
        replicasets/status.apps replicasets/finalizers.apps u
        replicasets/status.extensions replicasets/finalizers.extensions u
        {_OWN_PODS}
        {_EVENTS}""",
    "replication-controller": f"""
        replicationcontrollers ru
        replicationcontrollers/status replicationcontrollers/finalizers u
        {_OWN_PODS}
        {_EVENTS}""",
    "resource-claim-controller": f"""
        pods r
        pods/finalizers u
        pods/status up
        resourceclaims.resource.k8s.io rcdup
        resourceclaims/status.resource.k8s.io resourceclaims/binding.resource.k8s.io up
        {_EVENTS}""",
    "resourcequota-controller": f"*.* lw\nresourcequotas/status u\n{_EVENTS}",
    "root-ca-cert-publisher": f"configmaps cu\n{_EVENTS}",
    "route-controller": f"nodes lw\nnodes/status p\n{_EVENTS}",
    "selinux-warning-controller": f"""
        persistentvolumeclaims persistentvolumes pods csidrivers.storage.k8s.io r
        {_EVENTS}""",
    "service-account-controller": f"serviceaccounts c\n{_EVENTS}",
    "service-cidrs-controller": f"""
        servicecidrs.networking.k8s.io rup
        servicecidrs/finalizers.networking.k8s.io servicecidrs/status.networking.k8s.io up
        ipaddresses.networking.k8s.io r
        {_EVENTS}""",
    "service-controller": f"services r\nservices/status up\nnodes lw\n{_EVENTS}",
    "statefulset-controller": f"""
        statefulsets.apps r
        statefulsets/status.apps statefulsets/finalizers.apps u
        pods rcdup
        pods/finalizers u
        persistentvolumeclaims rcdu
        {_REVISIONS}
        {_EVENTS}""",
    "ttl-after-finished-controller": f"jobs.batch rd\n{_EVENTS}",
    "ttl-controller": f"nodes lwup\n{_EVENTS}",
    "validatingadmissionpolicy-status-controller": f"""
        validatingadmissionpolicies.admissionregistration.k8s.io r
        validatingadmissionpolicies/status.admissionregistration.k8s.io gup
        {_EVENTS}""",
    "volumeattributesclass-protection-controller": f"""
        persistentvolumeclaims persistentvolumes r
        volumeattributesclasses.storage.k8s.io ru
        {_EVENTS}""",
}
# What the components of a node do in one process, each a part of what Kubernetes allows it (but
# for namespaces, accounts and slices, which its kubelet does not need).
NODE = f"""
services namespaces endpoints r
nodes rcup
nodes/status up
pods rcd
pods/status gup
pods/eviction serviceaccounts/token c
configmaps secrets r
serviceaccounts persistentvolumeclaims persistentvolumes g
leases.coordination.k8s.io rcdup
runtimeclasses.node.k8s.io r
{_CSR}.{_SIGNERS} rc
endpointslices.discovery.k8s.io rcdup
{_EVENTS}
{_REVIEWS}
localsubjectaccessreviews.authorization.k8s.io c
"""
_LOCKS = "leases.coordination.k8s.io leasecandidates.coordination.k8s.io rcu"
# (namespace, role, account or user that holds it) to what it allows there.
NAMESPACED: dict[tuple[str, str, str], str] = {
    ("kube-system", "extension-apiserver-authentication-reader", "system:kube-scheduler"):
        "configmaps=extension-apiserver-authentication r",
    ("kube-system", "system:controller:bootstrap-signer", "bootstrap-signer"): "secrets r",
    ("kube-system", "system:controller:cloud-provider", "cloud-provider"): "configmaps rc",
    ("kube-system", "system:controller:token-cleaner", "token-cleaner"): f"secrets rd\n{_EVENTS}",
    ("kube-system", "system::leader-locking-kube-controller-manager", "kube-controller-manager"):
        _LOCKS,
    ("kube-system", "system::leader-locking-kube-scheduler", "kube-scheduler"): _LOCKS,
    ("kube-public", "system:controller:bootstrap-signer", "bootstrap-signer"):
        f"configmaps r\nconfigmaps=cluster-info u\n{_EVENTS}",
}  # fmt: skip
# Paths that are no resources: role to what it may get (POSTS: post); other verbs are refused.
PROBES = "/healthz /livez /readyz"
PATHS: dict[str, str] = {
    "system:discovery":
        f"{PROBES} /version /version/ /api /api/v1 /apis /apis/apps/v1 /openapi /openapi/v2 "
        "/openapi/v3/apis/apps/v1",
    "system:public-info-viewer": f"{PROBES} /version /version/",
    "system:monitoring": f"{PROBES} /livez/ping /readyz/store /healthz/etcd /metrics /metrics/slis",
    "system:service-account-issuer-discovery":
        "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks "
        "/openid/v1/jwks/",
    "steersman:ui": "/ui /ui/live /ui/chain /ui/history /ui/api /ui/chaos",
}  # fmt: skip
POSTS = {"steersman:ui-chaos": "/ui/chaos"}
MORE_PATHS = (
    "/",
    "/metricsx",
    "/debug/store",
    "/debug/store/snapshot",
    "/logs",
    "/uix",
    "/apisx",
    "/VERSION",
)
