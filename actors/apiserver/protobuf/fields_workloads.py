"""Field numbers of workloads, quotas, budgets and autoscaling, in Kubernetes 1.37's schema.

In the notation of ``fields_core``. Must not know how they are decoded.
"""

FIELDS = """\
apps.v1.DaemonSet metadata:meta.ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus
apps.v1.DaemonSetCondition type:s status:s lastTransitionTime:meta.Time reason:s message:s
apps.v1.DaemonSetSpec selector:meta.LabelSelector template:core.v1.PodTemplateSpec
  updateStrategy:DaemonSetUpdateStrategy minReadySeconds:i 6=revisionHistoryLimit:i?
apps.v1.DaemonSetStatus currentNumberScheduled:i numberMisscheduled:i desiredNumberScheduled:i
  numberReady:i observedGeneration:i updatedNumberScheduled:i numberAvailable:i
  numberUnavailable:i collisionCount:i? conditions:*DaemonSetCondition
apps.v1.DaemonSetUpdateStrategy type:s rollingUpdate:RollingUpdateDaemonSet
apps.v1.RollingUpdateDaemonSet maxUnavailable:IntOrString maxSurge:IntOrString
apps.v1.RollingUpdateStatefulSetStrategy partition:i? maxUnavailable:IntOrString
apps.v1.StatefulSet metadata:meta.ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
apps.v1.StatefulSetCondition type:s status:s lastTransitionTime:meta.Time reason:s message:s
apps.v1.StatefulSetOrdinals start:i
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:s whenScaled:s
apps.v1.StatefulSetSpec replicas:i? selector:meta.LabelSelector template:core.v1.PodTemplateSpec
  volumeClaimTemplates:*core.v1.PersistentVolumeClaim serviceName:s podManagementPolicy:s
  updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit:i? minReadySeconds:i
  persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals:StatefulSetOrdinals
apps.v1.StatefulSetStatus observedGeneration:i replicas:i readyReplicas:i currentReplicas:i
  updatedReplicas:i currentRevision:s updateRevision:s 9=collisionCount:i?
  conditions:*StatefulSetCondition availableReplicas:i
apps.v1.StatefulSetUpdateStrategy type:s rollingUpdate:RollingUpdateStatefulSetStrategy
autoscaling.v1.CrossVersionObjectReference kind:s name:s apiVersion:s
autoscaling.v1.HorizontalPodAutoscaler metadata:meta.ObjectMeta spec:HorizontalPodAutoscalerSpec
  status:HorizontalPodAutoscalerStatus
autoscaling.v1.HorizontalPodAutoscalerSpec scaleTargetRef:CrossVersionObjectReference
  minReplicas:i? maxReplicas:i targetCPUUtilizationPercentage:i?
autoscaling.v1.HorizontalPodAutoscalerStatus observedGeneration:i? lastScaleTime:meta.Time
  currentReplicas:i desiredReplicas:i currentCPUUtilizationPercentage:i?
autoscaling.v2.ContainerResourceMetricSource name:s target:MetricTarget container:s
autoscaling.v2.ContainerResourceMetricStatus name:s current:MetricValueStatus container:s
autoscaling.v2.CrossVersionObjectReference kind:s name:s apiVersion:s
autoscaling.v2.ExternalMetricSource metric:MetricIdentifier target:MetricTarget
autoscaling.v2.ExternalMetricStatus metric:MetricIdentifier current:MetricValueStatus
autoscaling.v2.HPAScalingPolicy type:s value:i periodSeconds:i
autoscaling.v2.HPAScalingRules selectPolicy:s? policies:*HPAScalingPolicy
  stabilizationWindowSeconds:i? tolerance:Quantity
autoscaling.v2.HorizontalPodAutoscaler metadata:meta.ObjectMeta spec:HorizontalPodAutoscalerSpec
  status:HorizontalPodAutoscalerStatus
autoscaling.v2.HorizontalPodAutoscalerBehavior scaleUp:HPAScalingRules scaleDown:HPAScalingRules
autoscaling.v2.HorizontalPodAutoscalerCondition type:s status:s lastTransitionTime:meta.Time
  reason:s message:s
autoscaling.v2.HorizontalPodAutoscalerSpec scaleTargetRef:CrossVersionObjectReference
  minReplicas:i? maxReplicas:i metrics:*MetricSpec behavior:HorizontalPodAutoscalerBehavior
autoscaling.v2.HorizontalPodAutoscalerStatus observedGeneration:i? lastScaleTime:meta.Time
  currentReplicas:i desiredReplicas:i currentMetrics:*MetricStatus
  conditions:*HorizontalPodAutoscalerCondition
autoscaling.v2.MetricIdentifier name:s selector:meta.LabelSelector
autoscaling.v2.MetricSpec type:s object:ObjectMetricSource pods:PodsMetricSource
  resource:ResourceMetricSource external:ExternalMetricSource
  7=containerResource:ContainerResourceMetricSource
autoscaling.v2.MetricStatus type:s object:ObjectMetricStatus pods:PodsMetricStatus
  resource:ResourceMetricStatus external:ExternalMetricStatus
  7=containerResource:ContainerResourceMetricStatus
autoscaling.v2.MetricTarget type:s value:Quantity averageValue:Quantity averageUtilization:i?
autoscaling.v2.MetricValueStatus value:Quantity averageValue:Quantity averageUtilization:i?
autoscaling.v2.ObjectMetricSource describedObject:CrossVersionObjectReference target:MetricTarget
  metric:MetricIdentifier
autoscaling.v2.ObjectMetricStatus metric:MetricIdentifier current:MetricValueStatus
  describedObject:CrossVersionObjectReference
autoscaling.v2.PodsMetricSource metric:MetricIdentifier target:MetricTarget
autoscaling.v2.PodsMetricStatus metric:MetricIdentifier current:MetricValueStatus
autoscaling.v2.ResourceMetricSource name:s target:MetricTarget
autoscaling.v2.ResourceMetricStatus name:s current:MetricValueStatus
batch.v1.CronJob metadata:meta.ObjectMeta spec:CronJobSpec status:CronJobStatus
batch.v1.CronJobSpec schedule:s startingDeadlineSeconds:i? concurrencyPolicy:s suspend:t?
  jobTemplate:JobTemplateSpec successfulJobsHistoryLimit:i? failedJobsHistoryLimit:i? timeZone:s?
batch.v1.CronJobStatus active:*core.v1.ObjectReference 4=lastScheduleTime:meta.Time
  lastSuccessfulTime:meta.Time
batch.v1.Job metadata:meta.ObjectMeta spec:JobSpec status:JobStatus
batch.v1.JobCondition type:s status:s lastProbeTime:meta.Time lastTransitionTime:meta.Time reason:s
  message:s
batch.v1.JobSpec parallelism:i? completions:i? activeDeadlineSeconds:i?
  selector:meta.LabelSelector manualSelector:t? template:core.v1.PodTemplateSpec backoffLimit:i?
  ttlSecondsAfterFinished:i? completionMode:s? suspend:t? podFailurePolicy:PodFailurePolicy
  backoffLimitPerIndex:i? maxFailedIndexes:i? podReplacementPolicy:s? managedBy:s?
  successPolicy:SuccessPolicy
batch.v1.JobStatus conditions:*JobCondition startTime:meta.Time completionTime:meta.Time active:i
  succeeded:i failed:i completedIndexes:s uncountedTerminatedPods:UncountedTerminatedPods ready:i?
  failedIndexes:s? terminating:i?
batch.v1.JobTemplateSpec metadata:meta.ObjectMeta spec:JobSpec
batch.v1.PodFailurePolicy rules:*PodFailurePolicyRule
batch.v1.PodFailurePolicyOnExitCodesRequirement containerName:s? operator:s values:*i
batch.v1.PodFailurePolicyOnPodConditionsPattern type:s status:s
batch.v1.PodFailurePolicyRule action:s onExitCodes:PodFailurePolicyOnExitCodesRequirement
  onPodConditions:*PodFailurePolicyOnPodConditionsPattern
batch.v1.SuccessPolicy rules:*SuccessPolicyRule
batch.v1.SuccessPolicyRule succeededIndexes:s? succeededCount:i?
batch.v1.UncountedTerminatedPods succeeded:*s failed:*s
core.v1.LimitRange metadata:meta.ObjectMeta spec:LimitRangeSpec
core.v1.LimitRangeItem type:s max:%Quantity min:%Quantity default:%Quantity
  defaultRequest:%Quantity maxLimitRequestRatio:%Quantity
core.v1.LimitRangeSpec limits:*LimitRangeItem
core.v1.ReplicationController metadata:meta.ObjectMeta spec:ReplicationControllerSpec
  status:ReplicationControllerStatus
core.v1.ReplicationControllerCondition type:s status:s lastTransitionTime:meta.Time reason:s
  message:s
core.v1.ReplicationControllerSpec replicas:i? selector:%s template:PodTemplateSpec
  minReadySeconds:i
core.v1.ReplicationControllerStatus replicas:i fullyLabeledReplicas:i observedGeneration:i
  readyReplicas:i availableReplicas:i conditions:*ReplicationControllerCondition
core.v1.ResourceQuota metadata:meta.ObjectMeta spec:ResourceQuotaSpec status:ResourceQuotaStatus
core.v1.ResourceQuotaSpec hard:%Quantity scopes:*s scopeSelector:ScopeSelector
core.v1.ResourceQuotaStatus hard:%Quantity used:%Quantity
core.v1.ScopeSelector matchExpressions:*ScopedResourceSelectorRequirement
core.v1.ScopedResourceSelectorRequirement scopeName:s operator:s values:*s
policy.v1.PodDisruptionBudget metadata:meta.ObjectMeta spec:PodDisruptionBudgetSpec
  status:PodDisruptionBudgetStatus
policy.v1.PodDisruptionBudgetSpec minAvailable:IntOrString selector:meta.LabelSelector
  maxUnavailable:IntOrString unhealthyPodEvictionPolicy:s?
policy.v1.PodDisruptionBudgetStatus observedGeneration:i disruptedPods:%meta.Time
  disruptionsAllowed:i currentHealthy:i desiredHealthy:i expectedPods:i conditions:*meta.Condition
"""
