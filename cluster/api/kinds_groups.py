"""Rows of the named groups beside apps and batch.

Source: Kubernetes API reference 1.37. Must not know behaviour.
"""

from cluster.api.kind import ALL_VERBS, STATUS, STATUS_VERBS, Kind, Subresource, row

CREATE = ("create",)


class _Group:
    """Rows of one group and version, in short."""

    def __init__(self, group: str, package: str, version: str = "v1") -> None:
        self.group = group
        self.version = version
        self.package = package

    def __call__(
        self,
        kind: str,
        plural: str,
        *short: str,
        namespaced: bool = True,
        categories: tuple[str, ...] = (),
        verbs: tuple[str, ...] = ALL_VERBS,
        served: bool = True,
        subresources: tuple[Subresource, ...] = (),
    ) -> Kind:
        return row(
            self.group,
            self.version,
            kind,
            plural,
            f"{self.package}.{self.version}.{kind}",
            namespaced=namespaced,
            short=short,
            categories=categories,
            verbs=verbs,
            served=served,
            subresources=subresources,
        )


_admission = _Group("admissionregistration.k8s.io", "io.k8s.api.admissionregistration")
_extensions = _Group(
    "apiextensions.k8s.io", "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"
)
_registration = _Group("apiregistration.k8s.io", "io.k8s.kube-aggregator.pkg.apis.apiregistration")
_authentication = _Group("authentication.k8s.io", "io.k8s.api.authentication")
_authorization = _Group("authorization.k8s.io", "io.k8s.api.authorization")
_scaling2 = _Group("autoscaling", "io.k8s.api.autoscaling", "v2")
_scaling1 = _Group("autoscaling", "io.k8s.api.autoscaling", "v1")
_certificates = _Group("certificates.k8s.io", "io.k8s.api.certificates")
_coordination = _Group("coordination.k8s.io", "io.k8s.api.coordination")
_discovery = _Group("discovery.k8s.io", "io.k8s.api.discovery")
_events = _Group("events.k8s.io", "io.k8s.api.events")
_flow = _Group("flowcontrol.apiserver.k8s.io", "io.k8s.api.flowcontrol")
_networking = _Group("networking.k8s.io", "io.k8s.api.networking")
_node = _Group("node.k8s.io", "io.k8s.api.node")
_policy = _Group("policy", "io.k8s.api.policy")
_rbac = _Group("rbac.authorization.k8s.io", "io.k8s.api.rbac")
_resource = _Group("resource.k8s.io", "io.k8s.api.resource")
_scheduling = _Group("scheduling.k8s.io", "io.k8s.api.scheduling")
_storage = _Group("storage.k8s.io", "io.k8s.api.storage")
_migration = _Group("storagemigration.k8s.io", "io.k8s.api.storagemigration")

_ADMISSION = (
    ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", ()),
    ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", ()),
    ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", ()),
    ("ValidatingAdmissionPolicy", "validatingadmissionpolicies", (STATUS,)),
    ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", ()),
    ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", ()),
)

GROUP_KINDS: tuple[Kind, ...] = (
    *(
        _admission(
            kind,
            plural,
            namespaced=False,
            categories=("api-extensions",),
            subresources=parts,
        )
        for kind, plural, parts in _ADMISSION
    ),
    _extensions(
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd",
        "crds",
        namespaced=False,
        categories=("api-extensions",),
        subresources=(STATUS,),
    ),
    _registration(
        "APIService",
        "apiservices",
        namespaced=False,
        categories=("api-extensions",),
        subresources=(STATUS,),
    ),
    _authentication("SelfSubjectReview", "selfsubjectreviews", namespaced=False, verbs=CREATE),
    _authentication("TokenReview", "tokenreviews", namespaced=False, verbs=CREATE),
    _authorization("LocalSubjectAccessReview", "localsubjectaccessreviews", verbs=CREATE),
    _authorization(
        "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False, verbs=CREATE
    ),
    _authorization(
        "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False, verbs=CREATE
    ),
    _authorization("SubjectAccessReview", "subjectaccessreviews", namespaced=False, verbs=CREATE),
    *(
        group(
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            "hpa",
            categories=("all",),
            subresources=(STATUS,),
        )
        for group in (_scaling2, _scaling1)
    ),
    _certificates(
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "csr",
        namespaced=False,
        subresources=(Subresource("approval", STATUS_VERBS), STATUS),
    ),
    _certificates("ClusterTrustBundle", "clustertrustbundles", namespaced=False),
    _certificates("PodCertificateRequest", "podcertificaterequests", subresources=(STATUS,)),
    _coordination("Lease", "leases"),
    _discovery("EndpointSlice", "endpointslices"),
    _events("Event", "events", "ev"),
    _flow("FlowSchema", "flowschemas", namespaced=False, subresources=(STATUS,)),
    _flow(
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        namespaced=False,
        subresources=(STATUS,),
    ),
    _networking("IngressClass", "ingressclasses", namespaced=False),
    _networking("Ingress", "ingresses", "ing", subresources=(STATUS,)),
    _networking("IPAddress", "ipaddresses", "ip", namespaced=False),
    _networking("NetworkPolicy", "networkpolicies", "netpol"),
    _networking("ServiceCIDR", "servicecidrs", namespaced=False, subresources=(STATUS,)),
    _node("RuntimeClass", "runtimeclasses", namespaced=False),
    _policy(
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        "pdb",
        subresources=(STATUS,),
    ),
    _rbac("ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    _rbac("ClusterRole", "clusterroles", namespaced=False),
    _rbac("RoleBinding", "rolebindings"),
    _rbac("Role", "roles"),
    _resource("DeviceClass", "deviceclasses", namespaced=False),
    _resource(
        "DeviceTaintRule",
        "devicetaintrules",
        namespaced=False,
        subresources=(STATUS,),
    ),
    _resource("ResourceClaim", "resourceclaims", subresources=(STATUS,)),
    _resource("ResourceClaimTemplate", "resourceclaimtemplates"),
    _resource("ResourceSlice", "resourceslices", namespaced=False),
    _scheduling("PriorityClass", "priorityclasses", "pc", namespaced=False),
    _storage("CSIDriver", "csidrivers", namespaced=False),
    _storage("CSINode", "csinodes", namespaced=False, subresources=(STATUS,)),
    _storage("CSIStorageCapacity", "csistoragecapacities"),
    _storage("StorageClass", "storageclasses", "sc", namespaced=False),
    _storage(
        "VolumeAttachment",
        "volumeattachments",
        namespaced=False,
        subresources=(STATUS,),
    ),
    _storage(
        "VolumeAttributesClass",
        "volumeattributesclasses",
        "vac",
        namespaced=False,
    ),
    _migration(
        "StorageVersionMigration",
        "storageversionmigrations",
        namespaced=False,
        subresources=(STATUS,),
    ),
)
