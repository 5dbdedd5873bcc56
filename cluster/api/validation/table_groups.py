"""Which rules hold for volumes and for the kinds of the newer groups: rows of ``table.py``, and
all status rules.

Must not know how a rule is told to the client.
"""

from collections.abc import Callable

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import (
    api_services,
    attachments,
    balancer_status,
    claim_status,
    claims,
    cluster_objects,
    device_slices,
    devices,
    flow_control,
    job_status,
    limits,
    network_policies,
    nodes,
    persistent_update,
    persistent_volumes,
    pod_certificates,
    policies,
    runtime_classes,
    service_ranges,
    signing,
    storage_claims,
    storage_classes,
    storage_objects,
    workload_status,
)

Check = Callable[[Object, list[Cause]], None]
CheckUpdate = Callable[[Object, Object, list[Cause]], None]

_REGISTRATION = "apiregistration.k8s.io"
_SIGNING = "certificates.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_NETWORK = "networking.k8s.io"
_NODE = "node.k8s.io"
_DEVICES = "resource.k8s.io"
_STORAGE = "storage.k8s.io"
_MIGRATION = "storagemigration.k8s.io"

GROUPS_CREATE: dict[tuple[str, str], Check] = {
    ("", "PersistentVolume"): persistent_volumes.check_volume,
    ("", "PersistentVolumeClaim"): claims.check_claim,
    (_REGISTRATION, "APIService"): api_services.check_api_service,
    (_SIGNING, "CertificateSigningRequest"): signing.check_request,
    (_SIGNING, "ClusterTrustBundle"): signing.check_trust_bundle,
    (_SIGNING, "PodCertificateRequest"): pod_certificates.check_pod_certificate,
    (_FLOW, "FlowSchema"): flow_control.check_flow_schema,
    (_FLOW, "PriorityLevelConfiguration"): flow_control.check_priority_level,
    (_NETWORK, "IPAddress"): service_ranges.check_ip_address,
    (_NETWORK, "NetworkPolicy"): network_policies.check_network_policy,
    (_NETWORK, "ServiceCIDR"): service_ranges.check_service_range,
    (_NODE, "RuntimeClass"): runtime_classes.check_runtime_class,
    (_DEVICES, "DeviceClass"): devices.check_device_class,
    (_DEVICES, "DeviceTaintRule"): devices.check_taint_rule,
    (_DEVICES, "ResourceClaim"): devices.check_claim,
    (_DEVICES, "ResourceClaimTemplate"): devices.check_claim_template,
    (_DEVICES, "ResourceSlice"): device_slices.check_slice,
    (_STORAGE, "CSIDriver"): storage_objects.check_csi_driver,
    (_STORAGE, "CSINode"): storage_objects.check_csi_node,
    (_STORAGE, "CSIStorageCapacity"): storage_objects.check_capacity,
    (_STORAGE, "StorageClass"): storage_classes.check_storage_class,
    (_STORAGE, "VolumeAttachment"): attachments.check_attachment,
    (_STORAGE, "VolumeAttributesClass"): storage_classes.check_attributes_class,
    (_MIGRATION, "StorageVersionMigration"): storage_objects.check_migration,
}

GROUPS_UPDATE: dict[tuple[str, str], CheckUpdate] = {
    ("", "PersistentVolume"): persistent_update.check_volume_update,
    ("", "PersistentVolumeClaim"): storage_claims.check_claim_update,
    (_SIGNING, "ClusterTrustBundle"): signing.check_trust_bundle_update,
    (_SIGNING, "PodCertificateRequest"): pod_certificates.check_pod_certificate_update,
    (_FLOW, "FlowSchema"): flow_control.check_flow_schema_update,
    (_FLOW, "PriorityLevelConfiguration"): flow_control.check_priority_level_update,
    (_NETWORK, "IPAddress"): service_ranges.check_ip_address_update,
    (_NETWORK, "NetworkPolicy"): network_policies.check_network_policy_update,
    (_NETWORK, "ServiceCIDR"): service_ranges.check_service_range_update,
    (_NODE, "RuntimeClass"): runtime_classes.check_runtime_class_update,
    (_DEVICES, "DeviceTaintRule"): devices.check_taint_rule_update,
    (_DEVICES, "ResourceClaim"): devices.check_claim_update,
    (_DEVICES, "ResourceClaimTemplate"): devices.check_claim_update,
    (_DEVICES, "ResourceSlice"): device_slices.check_slice_update,
    (_STORAGE, "CSIDriver"): storage_objects.check_csi_driver_update,
    (_STORAGE, "CSINode"): storage_objects.check_csi_node_update,
    (_STORAGE, "CSIStorageCapacity"): storage_objects.check_capacity_update,
    (_STORAGE, "StorageClass"): storage_classes.check_storage_class_update,
    (_STORAGE, "VolumeAttachment"): attachments.check_attachment_update,
    (_STORAGE, "VolumeAttributesClass"): storage_classes.check_attributes_class_update,
    (_MIGRATION, "StorageVersionMigration"): storage_objects.check_migration_update,
}

# What a write of a subresource must keep to: of any, unless the row names one.
STATUS: dict[tuple[str, ...], CheckUpdate] = {
    ("", "Namespace", "status"): cluster_objects.check_namespace_status,
    ("", "ResourceQuota", "status"): limits.check_quota_status,
    ("", "ReplicationController", "status"): workload_status.check_replica_set_status,
    ("apps", "DaemonSet", "status"): workload_status.check_daemon_set_status,
    ("apps", "Deployment", "status"): workload_status.check_deployment_status,
    ("apps", "ReplicaSet", "status"): workload_status.check_replica_set_status,
    ("apps", "StatefulSet", "status"): workload_status.check_stateful_set_status,
    ("autoscaling", "HorizontalPodAutoscaler", "status"): workload_status.check_autoscaler_status,
    ("batch", "Job", "status"): job_status.check_job_status,
    ("policy", "PodDisruptionBudget", "status"): workload_status.check_budget_status,
    ("", "PersistentVolumeClaim"): claim_status.check_claim_status,
    ("", "Node"): nodes.check_node_status,
    ("", "Service"): balancer_status.check_service_status,
    (_NETWORK, "Ingress"): balancer_status.check_ingress_status,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): policies.check_policy_status,
    (_REGISTRATION, "APIService"): api_services.check_status,
    (_SIGNING, "CertificateSigningRequest", "approval"): signing.check_approval,
    (_SIGNING, "CertificateSigningRequest", "status"): signing.check_request_status,
    (_SIGNING, "PodCertificateRequest"): pod_certificates.check_pod_certificate_status,
    (_FLOW, "FlowSchema"): flow_control.check_flow_status,
    (_FLOW, "PriorityLevelConfiguration"): flow_control.check_flow_status,
    (_DEVICES, "DeviceTaintRule"): devices.check_taint_rule_status,
    (_DEVICES, "ResourceClaim"): devices.check_claim_status,
    (_STORAGE, "VolumeAttachment"): attachments.check_attachment_status,
    (_MIGRATION, "StorageVersionMigration"): storage_objects.check_migration_status,
}
