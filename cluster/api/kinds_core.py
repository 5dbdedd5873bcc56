"""Rows of the core group and of the groups that workloads are made of.

Source: Kubernetes API reference 1.37. Must not know behaviour.
"""

from cluster.api.kind import ALL_VERBS, SCALE, STATUS, STATUS_VERBS, Kind, Subresource, row

ALL = ("all",)
GET = ("get",)
CREATE = ("create",)
CONNECT = ("create", "get")
PROXY = ("create", "delete", "get", "patch", "update")
NO_COLLECTION = tuple(verb for verb in ALL_VERBS if verb != "deletecollection")
_CORE = "io.k8s.api.core.v1."
_APPS = "io.k8s.api.apps.v1."
_BATCH = "io.k8s.api.batch.v1."


def _stream(name: str, kind: str, verbs: tuple[str, ...] = CONNECT) -> Subresource:
    """What becomes a stream: its options are fields of the query, not a body."""
    return Subresource(name, verbs, kind, "", "v1")


_BINDING = Subresource("binding", CREATE, "Binding", "", "v1", _CORE + "Binding")
_EVICTION = Subresource(
    "eviction", CREATE, "Eviction", "policy", "v1", "io.k8s.api.policy.v1.Eviction"
)
_TOKEN = Subresource(
    "token",
    CREATE,
    "TokenRequest",
    "authentication.k8s.io",
    "v1",
    "io.k8s.api.authentication.v1.TokenRequest",
)
_POD_PARTS = (
    _stream("attach", "PodAttachOptions"),
    _BINDING,
    Subresource("ephemeralcontainers", STATUS_VERBS),
    _EVICTION,
    _stream("exec", "PodExecOptions"),
    Subresource("log", GET),
    _stream("portforward", "PodPortForwardOptions"),
    _stream("proxy", "PodProxyOptions", PROXY),
    Subresource("resize", STATUS_VERBS),
    STATUS,
)


def _core(
    kind: str,
    plural: str,
    short: tuple[str, ...] = (),
    *,
    namespaced: bool = True,
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
    served: bool = True,
    subresources: tuple[Subresource, ...] = (),
    deprecated: str = "",
) -> Kind:
    return row(
        "",
        "v1",
        kind,
        plural,
        _CORE + kind,
        namespaced=namespaced,
        short=short,
        categories=categories,
        verbs=verbs,
        served=served,
        subresources=subresources,
        deprecated=deprecated,
    )


def _apps(kind: str, plural: str, short: str, scale: bool) -> Kind:
    parts = (SCALE, STATUS) if scale else (STATUS,)
    return row(
        "apps",
        "v1",
        kind,
        plural,
        _APPS + kind,
        short=(short,),
        categories=ALL,
        subresources=parts,
    )


CORE_KINDS: tuple[Kind, ...] = (
    _core("Binding", "bindings", verbs=CREATE),
    _core(
        "ComponentStatus",
        "componentstatuses",
        ("cs",),
        namespaced=False,
        verbs=("get", "list"),
        deprecated="v1 ComponentStatus is deprecated in v1.19+",
    ),
    _core("ConfigMap", "configmaps", ("cm",)),
    _core(
        "Endpoints",
        "endpoints",
        ("ep",),
        deprecated="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    _core("Event", "events", ("ev",)),
    _core("LimitRange", "limitranges", ("limits",)),
    _core(
        "Namespace",
        "namespaces",
        ("ns",),
        namespaced=False,
        verbs=NO_COLLECTION,
        subresources=(Subresource("finalize", ("update",)), STATUS),
    ),
    _core(
        "Node",
        "nodes",
        ("no",),
        namespaced=False,
        subresources=(_stream("proxy", "NodeProxyOptions", PROXY), STATUS),
    ),
    _core("PersistentVolumeClaim", "persistentvolumeclaims", ("pvc",), subresources=(STATUS,)),
    _core(
        "PersistentVolume",
        "persistentvolumes",
        ("pv",),
        namespaced=False,
        subresources=(STATUS,),
    ),
    _core("Pod", "pods", ("po",), categories=ALL, subresources=_POD_PARTS),
    _core("PodTemplate", "podtemplates"),
    _core(
        "ReplicationController",
        "replicationcontrollers",
        ("rc",),
        categories=ALL,
        subresources=(SCALE, STATUS),
    ),
    _core("ResourceQuota", "resourcequotas", ("quota",), subresources=(STATUS,)),
    _core("Secret", "secrets"),
    _core("ServiceAccount", "serviceaccounts", ("sa",), subresources=(_TOKEN,)),
    _core(
        "Service",
        "services",
        ("svc",),
        categories=ALL,
        subresources=(_stream("proxy", "ServiceProxyOptions", PROXY), STATUS),
    ),
    row(
        "apps",
        "v1",
        "ControllerRevision",
        "controllerrevisions",
        _APPS + "ControllerRevision",
    ),
    _apps("DaemonSet", "daemonsets", "ds", scale=False),
    _apps("Deployment", "deployments", "deploy", scale=True),
    _apps("ReplicaSet", "replicasets", "rs", scale=True),
    _apps("StatefulSet", "statefulsets", "sts", scale=True),
    row(
        "batch",
        "v1",
        "CronJob",
        "cronjobs",
        _BATCH + "CronJob",
        short=("cj",),
        categories=ALL,
        subresources=(STATUS,),
    ),
    row(
        "batch",
        "v1",
        "Job",
        "jobs",
        _BATCH + "Job",
        categories=ALL,
        subresources=(STATUS,),
    ),
)
