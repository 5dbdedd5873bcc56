"""Default roles around certificates: who may approve for the built-in signers, and ask them.

Source: docs "Certificates and Certificate Signing Requests"; "Using RBAC Authorization", other
component roles. Must not know bindings.
"""

from cluster.api.types import Object
from cluster.security.policy_objects import cluster_role, rule

GROUP = "certificates.k8s.io"
BUNDLE_READERS = "system:cluster-trust-bundle-discovery"
_REQUESTS = f"system:{GROUP}:certificatesigningrequests"
_SIGNERS = {
    "kube-apiserver-client-approver": "kubernetes.io/kube-apiserver-client",
    "kube-apiserver-client-kubelet-approver": "kubernetes.io/kube-apiserver-client-kubelet",
    "kubelet-serving-approver": "kubernetes.io/kubelet-serving",
    "legacy-unknown-approver": "kubernetes.io/legacy-unknown",
}

SIGNER_ROLES: tuple[Object, ...] = (
    *(
        cluster_role(f"system:{GROUP}:{name}", rule(GROUP, "signers", "approve", signer))
        for name, signer in _SIGNERS.items()
    ),
    *(
        cluster_role(
            f"{_REQUESTS}:{part}", rule(GROUP, f"certificatesigningrequests/{part}", "create")
        )
        for part in ("nodeclient", "selfnodeclient")
    ),
    cluster_role(BUNDLE_READERS, rule(GROUP, "clustertrustbundles", "get list watch")),
)
