"""Definitions whose required fields are checked by the rules of this package.

A leaf, so that the schema can ask without knowing the rules; a test holds it to ``table.CREATE``.
"""

_CORE = "io.k8s.api.core.v1."
_RBAC = "io.k8s.api.rbac.v1."
_ASK = "io.k8s.api.authorization.v1."

RULED = frozenset(
    (
        *(
            _CORE + kind
            for kind in (
                "Binding",
                "ConfigMap",
                "Endpoints",
                "Event",
                "LimitRange",
                "Namespace",
                "Node",
                "PersistentVolume",
                "PersistentVolumeClaim",
                "Pod",
                "PodTemplate",
                "ReplicationController",
                "ResourceQuota",
                "Secret",
                "Service",
            )
        ),
        *(_RBAC + kind for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")),
        *(
            _ASK + kind
            for kind in (
                "LocalSubjectAccessReview",
                "SelfSubjectAccessReview",
                "SelfSubjectRulesReview",
                "SubjectAccessReview",
            )
        ),
        "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy",
        "io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding",
        "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
        "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
        "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
        "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
        "io.k8s.api.apps.v1.ControllerRevision",
        "io.k8s.api.apps.v1.DaemonSet",
        "io.k8s.api.apps.v1.Deployment",
        "io.k8s.api.apps.v1.ReplicaSet",
        "io.k8s.api.apps.v1.StatefulSet",
        "io.k8s.api.authentication.v1.TokenRequest",
        "io.k8s.api.authentication.v1.TokenReview",
        "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
        "io.k8s.api.autoscaling.v1.Scale",
        "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
        "io.k8s.api.batch.v1.CronJob",
        "io.k8s.api.batch.v1.Job",
        "io.k8s.api.coordination.v1.Lease",
        "io.k8s.api.discovery.v1.EndpointSlice",
        "io.k8s.api.events.v1.Event",
        "io.k8s.api.networking.v1.Ingress",
        "io.k8s.api.networking.v1.IngressClass",
        "io.k8s.api.policy.v1.PodDisruptionBudget",
        "io.k8s.api.scheduling.v1.PriorityClass",
        "io.k8s.api.storage.v1.StorageClass",
        "io.k8s.api.certificates.v1.CertificateSigningRequest",
        "io.k8s.api.certificates.v1.ClusterTrustBundle",
        "io.k8s.api.certificates.v1.PodCertificateRequest",
        "io.k8s.api.flowcontrol.v1.FlowSchema",
        "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration",
        "io.k8s.api.networking.v1.IPAddress",
        "io.k8s.api.networking.v1.NetworkPolicy",
        "io.k8s.api.networking.v1.ServiceCIDR",
        "io.k8s.api.node.v1.RuntimeClass",
        "io.k8s.api.resource.v1.DeviceClass",
        "io.k8s.api.resource.v1.DeviceTaintRule",
        "io.k8s.api.resource.v1.ResourceClaim",
        "io.k8s.api.resource.v1.ResourceClaimTemplate",
        "io.k8s.api.resource.v1.ResourceSlice",
        "io.k8s.api.storage.v1.CSIDriver",
        "io.k8s.api.storage.v1.CSINode",
        "io.k8s.api.storage.v1.CSIStorageCapacity",
        "io.k8s.api.storage.v1.VolumeAttachment",
        "io.k8s.api.storage.v1.VolumeAttributesClass",
        "io.k8s.api.storagemigration.v1.StorageVersionMigration",
        "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
    )
)
