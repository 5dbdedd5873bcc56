"""Field numbers of the named groups and common metadata, in Kubernetes 1.37's protobuf schema.

One message a line (continued lines are indented): its name, then its fields in order of number,
each ``name:type``; ``7=name`` where numbers are left out. Types: s text, b bytes, i integer,
t truth, else a message (of the same package unless it names one); ``*`` a list, ``%`` a map by
text, ``?`` a pointer (zero is a value, not an absence), ``^`` a struct whose fields stand in its
parent's JSON. Must not know how they are decoded.
"""

FIELDS = """\
apps.v1.Deployment metadata:meta.ObjectMeta spec:DeploymentSpec status:DeploymentStatus
apps.v1.DeploymentCondition type:s status:s 4=reason:s message:s lastUpdateTime:meta.Time
  lastTransitionTime:meta.Time
apps.v1.DeploymentSpec replicas:i? selector:meta.LabelSelector template:core.v1.PodTemplateSpec
  strategy:DeploymentStrategy minReadySeconds:i revisionHistoryLimit:i? paused:t
  9=progressDeadlineSeconds:i?
apps.v1.DeploymentStatus observedGeneration:i replicas:i updatedReplicas:i availableReplicas:i
  unavailableReplicas:i conditions:*DeploymentCondition readyReplicas:i collisionCount:i?
  terminatingReplicas:i?
apps.v1.DeploymentStrategy type:s rollingUpdate:RollingUpdateDeployment
apps.v1.ReplicaSet metadata:meta.ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
apps.v1.ReplicaSetCondition type:s status:s lastTransitionTime:meta.Time reason:s message:s
apps.v1.ReplicaSetSpec replicas:i? selector:meta.LabelSelector template:core.v1.PodTemplateSpec
  minReadySeconds:i
apps.v1.ReplicaSetStatus replicas:i fullyLabeledReplicas:i observedGeneration:i readyReplicas:i
  availableReplicas:i conditions:*ReplicaSetCondition terminatingReplicas:i?
apps.v1.RollingUpdateDeployment maxUnavailable:IntOrString maxSurge:IntOrString
authentication.v1.AttestationValue items:*s
authentication.v1.BoundObjectReference kind:s apiVersion:s name:s uid:s
authentication.v1.ExtraValue items:*s
authentication.v1.SelfSubjectReview metadata:meta.ObjectMeta status:SelfSubjectReviewStatus
authentication.v1.SelfSubjectReviewStatus userInfo:UserInfo
authentication.v1.TokenRequest metadata:meta.ObjectMeta spec:TokenRequestSpec
  status:TokenRequestStatus
authentication.v1.TokenRequestSpec audiences:*s 3=boundObjectRef:BoundObjectReference
  expirationSeconds:i? attestations:%AttestationValue
authentication.v1.TokenRequestStatus token:s expirationTimestamp:meta.Time
authentication.v1.TokenReview metadata:meta.ObjectMeta spec:TokenReviewSpec
  status:TokenReviewStatus
authentication.v1.TokenReviewSpec token:s audiences:*s
authentication.v1.TokenReviewStatus authenticated:t user:UserInfo error:s audiences:*s
authentication.v1.UserInfo username:s uid:s groups:*s extra:%ExtraValue
authorization.v1.ExtraValue items:*s
authorization.v1.FieldSelectorAttributes rawSelector:s
  requirements:*meta.FieldSelectorRequirement
authorization.v1.LabelSelectorAttributes rawSelector:s
  requirements:*meta.LabelSelectorRequirement
authorization.v1.LocalSubjectAccessReview metadata:meta.ObjectMeta spec:SubjectAccessReviewSpec
  status:SubjectAccessReviewStatus
authorization.v1.NonResourceAttributes path:s verb:s
authorization.v1.NonResourceRule verbs:*s nonResourceURLs:*s
authorization.v1.ResourceAttributes namespace:s verb:s group:s version:s resource:s
  subresource:s name:s fieldSelector:FieldSelectorAttributes labelSelector:LabelSelectorAttributes
authorization.v1.ResourceRule verbs:*s apiGroups:*s resources:*s resourceNames:*s
authorization.v1.SelfSubjectAccessReview metadata:meta.ObjectMeta
  spec:SelfSubjectAccessReviewSpec status:SubjectAccessReviewStatus
authorization.v1.SelfSubjectAccessReviewSpec resourceAttributes:ResourceAttributes
  nonResourceAttributes:NonResourceAttributes
authorization.v1.SelfSubjectRulesReview metadata:meta.ObjectMeta spec:SelfSubjectRulesReviewSpec
  status:SubjectRulesReviewStatus
authorization.v1.SelfSubjectRulesReviewSpec namespace:s
authorization.v1.SubjectAccessReview metadata:meta.ObjectMeta spec:SubjectAccessReviewSpec
  status:SubjectAccessReviewStatus
authorization.v1.SubjectAccessReviewSpec resourceAttributes:ResourceAttributes
  nonResourceAttributes:NonResourceAttributes user:s groups:*s extra:%ExtraValue uid:s
authorization.v1.SubjectAccessReviewStatus allowed:t reason:s evaluationError:s denied:t
authorization.v1.SubjectRulesReviewStatus resourceRules:*ResourceRule
  nonResourceRules:*NonResourceRule incomplete:t evaluationError:s
autoscaling.v1.Scale metadata:meta.ObjectMeta spec:ScaleSpec status:ScaleStatus
autoscaling.v1.ScaleSpec replicas:i
autoscaling.v1.ScaleStatus replicas:i selector:s
coordination.v1.Lease metadata:meta.ObjectMeta spec:LeaseSpec
coordination.v1.LeaseSpec holderIdentity:s? leaseDurationSeconds:i? acquireTime:meta.MicroTime
  renewTime:meta.MicroTime leaseTransitions:i? strategy:s? preferredHolder:s?
discovery.v1.Endpoint addresses:*s conditions:EndpointConditions hostname:s?
  targetRef:core.v1.ObjectReference deprecatedTopology:%s nodeName:s? zone:s? hints:EndpointHints
discovery.v1.EndpointConditions ready:t? serving:t? terminating:t?
discovery.v1.EndpointHints forZones:*ForZone forNodes:*ForNode
discovery.v1.EndpointPort name:s? protocol:s? port:i? appProtocol:s?
discovery.v1.EndpointSlice metadata:meta.ObjectMeta endpoints:*Endpoint ports:*EndpointPort
  addressType:s
discovery.v1.ForNode name:s
discovery.v1.ForZone name:s
events.v1.Event metadata:meta.ObjectMeta eventTime:meta.MicroTime series:EventSeries
  reportingController:s reportingInstance:s action:s reason:s regarding:core.v1.ObjectReference
  related:core.v1.ObjectReference note:s type:s deprecatedSource:core.v1.EventSource
  deprecatedFirstTimestamp:meta.Time deprecatedLastTimestamp:meta.Time deprecatedCount:i
events.v1.EventSeries count:i lastObservedTime:meta.MicroTime
meta.Condition type:s status:s observedGeneration:i lastTransitionTime:meta.Time reason:s
  message:s
meta.DeleteOptions gracePeriodSeconds:i? preconditions:meta.Preconditions orphanDependents:t?
  propagationPolicy:s? dryRun:*s ignoreStoreReadErrorWithClusterBreakingPotential:t?
meta.FieldSelectorRequirement key:s operator:s values:*s
meta.LabelSelector matchLabels:%s matchExpressions:*meta.LabelSelectorRequirement
meta.LabelSelectorRequirement key:s operator:s values:*s
meta.ManagedFieldsEntry manager:s operation:s apiVersion:s time:meta.Time 6=fieldsType:s
  fieldsV1:meta.FieldsV1 subresource:s
meta.ObjectMeta name:s generateName:s namespace:s selfLink:s uid:s resourceVersion:s
  generation:i creationTimestamp:meta.Time deletionTimestamp:meta.Time
  deletionGracePeriodSeconds:i? labels:%s annotations:%s ownerReferences:*meta.OwnerReference
  finalizers:*s 17=managedFields:*meta.ManagedFieldsEntry
meta.OwnerReference kind:s 3=name:s uid:s apiVersion:s controller:t? blockOwnerDeletion:t?
meta.Preconditions uid:s? resourceVersion:s?
networking.v1.HTTPIngressPath path:s backend:IngressBackend pathType:s?
networking.v1.HTTPIngressRuleValue paths:*HTTPIngressPath
networking.v1.Ingress metadata:meta.ObjectMeta spec:IngressSpec status:IngressStatus
networking.v1.IngressBackend 3=resource:core.v1.TypedLocalObjectReference
  service:IngressServiceBackend
networking.v1.IngressClass metadata:meta.ObjectMeta spec:IngressClassSpec
networking.v1.IngressClassParametersReference apiGroup:s? kind:s name:s scope:s? namespace:s?
networking.v1.IngressClassSpec controller:s parameters:IngressClassParametersReference
networking.v1.IngressLoadBalancerIngress ip:s hostname:s 4=ports:*IngressPortStatus
networking.v1.IngressLoadBalancerStatus ingress:*IngressLoadBalancerIngress
networking.v1.IngressPortStatus port:i protocol:s error:s?
networking.v1.IngressRule host:s ^:IngressRuleValue
networking.v1.IngressRuleValue http:HTTPIngressRuleValue
networking.v1.IngressServiceBackend name:s port:ServiceBackendPort
networking.v1.IngressSpec defaultBackend:IngressBackend tls:*IngressTLS rules:*IngressRule
  ingressClassName:s?
networking.v1.IngressStatus loadBalancer:IngressLoadBalancerStatus
networking.v1.IngressTLS hosts:*s secretName:s
networking.v1.ServiceBackendPort name:s number:i
policy.v1.Eviction metadata:meta.ObjectMeta deleteOptions:meta.DeleteOptions
rbac.v1.AggregationRule clusterRoleSelectors:*meta.LabelSelector
rbac.v1.ClusterRole metadata:meta.ObjectMeta rules:*PolicyRule aggregationRule:AggregationRule
rbac.v1.ClusterRoleBinding metadata:meta.ObjectMeta subjects:*Subject roleRef:RoleRef
rbac.v1.PolicyRule verbs:*s apiGroups:*s resources:*s resourceNames:*s nonResourceURLs:*s
rbac.v1.Role metadata:meta.ObjectMeta rules:*PolicyRule
rbac.v1.RoleBinding metadata:meta.ObjectMeta subjects:*Subject roleRef:RoleRef
rbac.v1.RoleRef apiGroup:s kind:s name:s
rbac.v1.Subject kind:s apiGroup:s name:s namespace:s
scheduling.v1.PriorityClass metadata:meta.ObjectMeta value:i globalDefault:t description:s
  preemptionPolicy:s?
storage.v1.StorageClass metadata:meta.ObjectMeta provisioner:s parameters:%s reclaimPolicy:s?
  mountOptions:*s allowVolumeExpansion:t? volumeBindingMode:s?
  allowedTopologies:*core.v1.TopologySelectorTerm
"""
