"""Field numbers of flow control, certificates and CSI drivers, in Kubernetes 1.37's schema.

The form of a line is told in ``fields_groups``. Must not know how they are decoded.
"""

FIELDS = """\
storage.v1.CSIDriver metadata:meta.ObjectMeta spec:CSIDriverSpec
storage.v1.CSIDriverSpec attachRequired:t? podInfoOnMount:t? volumeLifecycleModes:*s
  storageCapacity:t? fsGroupPolicy:s? tokenRequests:*TokenRequest requiresRepublish:t?
  seLinuxMount:t? nodeAllocatableUpdatePeriodSeconds:i? serviceAccountTokenInSecrets:t?
  preventPodSchedulingIfMissing:t?
storage.v1.CSINodeStatus storageHealth:*StorageHealth
storage.v1.StorageHealth name:s healthConditions:*StorageHealthCondition
storage.v1.StorageHealthCondition status:s reason:s message:s accessMode:s? volumeMode:s?
  lastTransitionTime:meta.Time
storage.v1.TokenRequest audience:s expirationSeconds:i?
storage.v1.VolumeAttributesClass metadata:meta.ObjectMeta driverName:s parameters:%s
apps.v1.ControllerRevision metadata:meta.ObjectMeta data:RawExtension revision:i
flowcontrol.v1.ExemptPriorityLevelConfiguration nominalConcurrencyShares:i? lendablePercent:i?
flowcontrol.v1.FlowDistinguisherMethod type:s
flowcontrol.v1.FlowSchema metadata:meta.ObjectMeta spec:FlowSchemaSpec status:FlowSchemaStatus
flowcontrol.v1.FlowSchemaCondition type:s status:s lastTransitionTime:meta.Time reason:s message:s
flowcontrol.v1.FlowSchemaSpec priorityLevelConfiguration:PriorityLevelConfigurationReference
  matchingPrecedence:i distinguisherMethod:FlowDistinguisherMethod rules:*PolicyRulesWithSubjects
flowcontrol.v1.FlowSchemaStatus conditions:*FlowSchemaCondition
flowcontrol.v1.GroupSubject name:s
flowcontrol.v1.LimitResponse type:s queuing:QueuingConfiguration
flowcontrol.v1.LimitedPriorityLevelConfiguration nominalConcurrencyShares:i?
  limitResponse:LimitResponse lendablePercent:i? borrowingLimitPercent:i?
flowcontrol.v1.NonResourcePolicyRule verbs:*s 6=nonResourceURLs:*s
flowcontrol.v1.PolicyRulesWithSubjects subjects:*Subject resourceRules:*ResourcePolicyRule
  nonResourceRules:*NonResourcePolicyRule
flowcontrol.v1.PriorityLevelConfiguration metadata:meta.ObjectMeta
  spec:PriorityLevelConfigurationSpec status:PriorityLevelConfigurationStatus
flowcontrol.v1.PriorityLevelConfigurationCondition type:s status:s lastTransitionTime:meta.Time
  reason:s message:s
flowcontrol.v1.PriorityLevelConfigurationReference name:s
flowcontrol.v1.PriorityLevelConfigurationSpec type:s limited:LimitedPriorityLevelConfiguration
  exempt:ExemptPriorityLevelConfiguration
flowcontrol.v1.PriorityLevelConfigurationStatus conditions:*PriorityLevelConfigurationCondition
flowcontrol.v1.QueuingConfiguration queues:i handSize:i queueLengthLimit:i
flowcontrol.v1.ResourcePolicyRule verbs:*s apiGroups:*s resources:*s clusterScope:t namespaces:*s
flowcontrol.v1.ServiceAccountSubject namespace:s name:s
flowcontrol.v1.Subject kind:s user:UserSubject group:GroupSubject
  serviceAccount:ServiceAccountSubject
flowcontrol.v1.UserSubject name:s
certificates.v1.ClusterTrustBundle metadata:meta.ObjectMeta spec:ClusterTrustBundleSpec
certificates.v1.ClusterTrustBundleSpec signerName:s trustBundle:s
certificates.v1.PodCertificateRequest metadata:meta.ObjectMeta spec:PodCertificateRequestSpec
  status:PodCertificateRequestStatus
certificates.v1.PodCertificateRequestSpec signerName:s podName:s podUID:s serviceAccountName:s
  serviceAccountUID:s nodeName:s nodeUID:s maxExpirationSeconds:i? 11=unverifiedUserAnnotations:%s
  stubPKCS10Request:b
certificates.v1.PodCertificateRequestStatus conditions:*meta.Condition certificateChain:s
  4=notBefore:meta.Time beginRefreshAt:meta.Time notAfter:meta.Time
"""
