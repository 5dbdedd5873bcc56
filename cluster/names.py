"""Names that several components must agree on: addresses, labels, users, well-known objects."""

# Actor addresses are "<actor>@<process>"; children are "<actor>/<child>@<process>".
STORE = "store"
APISERVER = "apiserver"
CONTROLLERS = "controllers"
SCHEDULER = "scheduler"
CLOUD = "cloud"
KUBELET = "kubelet"
PROXY = "proxy"
DNS = "dns"
TRACER = "tracer"
ECHO = "echo"
STREAMS_CHILD = "streams"  # of the kubelet
KUBELET_STREAMS = f"{KUBELET}/{STREAMS_CHILD}"

LABEL_ZONE = "topology.kubernetes.io/zone"
LABEL_REGION = "topology.kubernetes.io/region"
LABEL_HOSTNAME = "kubernetes.io/hostname"
LABEL_INSTANCE_TYPE = "node.kubernetes.io/instance-type"
LABEL_OS = "kubernetes.io/os"
LABEL_ARCH = "kubernetes.io/arch"
LABEL_SERVICE_NAME = "kubernetes.io/service-name"
LABEL_POD_TEMPLATE_HASH = "pod-template-hash"

TAINT_NOT_READY = "node.kubernetes.io/not-ready"
TAINT_UNREACHABLE = "node.kubernetes.io/unreachable"
TAINT_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

USER_NODE_PREFIX = "system:node:"
GROUP_NODES = "system:nodes"
GROUP_MASTERS = "system:masters"
GROUP_AUTHENTICATED = "system:authenticated"
GROUP_UNAUTHENTICATED = "system:unauthenticated"
GROUP_REPLICAS = "system:replicas"  # peers: the certificates of control-plane replicas
USER_ANONYMOUS = "system:anonymous"

NAMESPACE_SYSTEM = "kube-system"
# Whom other API servers know the API server as when it asks on behalf of somebody.
FRONT_PROXY_USER = "front-proxy-client"
# The ConfigMap there that tells extension API servers whom to believe.
EXTENSION_AUTHENTICATION = "extension-apiserver-authentication"
NAMESPACE_DEFAULT = "default"
NAMESPACE_PUBLIC = "kube-public"
NAMESPACE_NODE_LEASE = "kube-node-lease"

CLUSTER_DOMAIN = "cluster.local"


def address(actor: str, process: str) -> str:
    """``("store", "replica-1")`` → ``"store@replica-1"``."""
    return f"{actor}@{process}"


def split_address(value: str) -> tuple[str, str]:
    """``"store@replica-1"`` → ``("store", "replica-1")``. Raises ValueError if it is no address."""
    actor, sep, process = value.partition("@")
    if not sep or not actor or not process:
        raise ValueError(f"not an actor address: {value!r}")
    return actor, process


def local_user(actor: str) -> str:
    """The Kubernetes user that a component inside a replica's process acts as."""
    component = actor.partition("/")[0]
    return {
        SCHEDULER: "system:kube-scheduler",
        CONTROLLERS: "system:kube-controller-manager",
        CLOUD: "system:cloud-controller-manager",
        APISERVER: "system:apiserver",
    }.get(component, f"system:{component}")
