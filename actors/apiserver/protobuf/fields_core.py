"""Field numbers of the core group, in Kubernetes 1.37's protobuf schema.

One message a line (continued lines are indented): its name, then its fields in order of number,
each ``name:type``; ``7=name`` where numbers are left out. Types: s text, b bytes, i integer,
t truth, else a message (of the same package unless it names one); ``*`` a list, ``%`` a map by
text, ``?`` a pointer (zero is a value, not an absence), ``^`` a struct whose fields stand in its
parent's JSON. Must not know how they are decoded.
"""

FIELDS = """\
core.v1.AWSElasticBlockStoreVolumeSource volumeID:s fsType:s partition:i readOnly:t
core.v1.Affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity
  podAntiAffinity:PodAntiAffinity
core.v1.AppArmorProfile type:s localhostProfile:s?
core.v1.AttachedVolume name:s devicePath:s
core.v1.AzureDiskVolumeSource diskName:s diskURI:s cachingMode:s? fsType:s? readOnly:t? kind:s?
core.v1.AzureFilePersistentVolumeSource secretName:s shareName:s readOnly:t secretNamespace:s?
core.v1.AzureFileVolumeSource secretName:s shareName:s readOnly:t
core.v1.Binding metadata:meta.ObjectMeta target:ObjectReference
core.v1.CSIPersistentVolumeSource driver:s volumeHandle:s readOnly:t fsType:s
  volumeAttributes:%s controllerPublishSecretRef:SecretReference
  nodeStageSecretRef:SecretReference nodePublishSecretRef:SecretReference
  controllerExpandSecretRef:SecretReference nodeExpandSecretRef:SecretReference
core.v1.CSIVolumeSource driver:s readOnly:t? fsType:s? volumeAttributes:%s
  nodePublishSecretRef:LocalObjectReference
core.v1.Capabilities add:*s drop:*s
core.v1.CephFSPersistentVolumeSource monitors:*s path:s user:s secretFile:s
  secretRef:SecretReference readOnly:t
core.v1.CephFSVolumeSource monitors:*s path:s user:s secretFile:s secretRef:LocalObjectReference
  readOnly:t
core.v1.CinderPersistentVolumeSource volumeID:s fsType:s readOnly:t secretRef:SecretReference
core.v1.CinderVolumeSource volumeID:s fsType:s readOnly:t secretRef:LocalObjectReference
core.v1.ClientIPConfig timeoutSeconds:i?
core.v1.ClusterTrustBundleProjection name:s? signerName:s? labelSelector:meta.LabelSelector
  path:s optional:t? user:i?
core.v1.ConfigMap metadata:meta.ObjectMeta data:%s binaryData:%b immutable:t?
core.v1.ConfigMapEnvSource ^:LocalObjectReference optional:t?
core.v1.ConfigMapKeySelector ^:LocalObjectReference key:s optional:t?
core.v1.ConfigMapNodeConfigSource namespace:s name:s uid:s resourceVersion:s kubeletConfigKey:s
core.v1.ConfigMapProjection ^:LocalObjectReference items:*KeyToPath 4=optional:t?
core.v1.ConfigMapVolumeSource ^:LocalObjectReference items:*KeyToPath defaultMode:i? optional:t?
  defaultUser:i?
core.v1.Container name:s image:s command:*s args:*s workingDir:s ports:*ContainerPort
  env:*EnvVar resources:ResourceRequirements volumeMounts:*VolumeMount livenessProbe:Probe
  readinessProbe:Probe lifecycle:Lifecycle terminationMessagePath:s imagePullPolicy:s
  securityContext:SecurityContext stdin:t stdinOnce:t tty:t envFrom:*EnvFromSource
  terminationMessagePolicy:s volumeDevices:*VolumeDevice startupProbe:Probe
  resizePolicy:*ContainerResizePolicy restartPolicy:s? restartPolicyRules:*ContainerRestartRule
core.v1.ContainerExtendedResourceRequest containerName:s resourceName:s requestName:s
core.v1.ContainerImage names:*s sizeBytes:i
core.v1.ContainerPort name:s hostPort:i containerPort:i protocol:s hostIP:s
core.v1.ContainerResizePolicy resourceName:s restartPolicy:s
core.v1.ContainerRestartRule action:s exitCodes:ContainerRestartRuleOnExitCodes
core.v1.ContainerRestartRuleOnExitCodes operator:s values:*i
core.v1.ContainerState waiting:ContainerStateWaiting running:ContainerStateRunning
  terminated:ContainerStateTerminated
core.v1.ContainerStateRunning startedAt:meta.Time
core.v1.ContainerStateTerminated exitCode:i signal:i reason:s message:s startedAt:meta.Time
  finishedAt:meta.Time containerID:s
core.v1.ContainerStateWaiting reason:s message:s
core.v1.ContainerStatus name:s state:ContainerState lastState:ContainerState ready:t
  restartCount:i image:s imageID:s containerID:s started:t? allocatedResources:%Quantity
  resources:ResourceRequirements volumeMounts:*VolumeMountStatus user:ContainerUser
  allocatedResourcesStatus:*ResourceStatus stopSignal:s?
core.v1.ContainerUser linux:LinuxContainerUser
core.v1.DaemonEndpoint Port:i
core.v1.DownwardAPIProjection items:*DownwardAPIVolumeFile
core.v1.DownwardAPIVolumeFile path:s fieldRef:ObjectFieldSelector
  resourceFieldRef:ResourceFieldSelector mode:i? user:i?
core.v1.DownwardAPIVolumeSource items:*DownwardAPIVolumeFile defaultMode:i? defaultUser:i?
core.v1.EmptyDirVolumeSource medium:s sizeLimit:Quantity mode:i?
core.v1.EndpointAddress ip:s targetRef:ObjectReference hostname:s nodeName:s?
core.v1.EndpointPort name:s port:i protocol:s appProtocol:s?
core.v1.EndpointSubset addresses:*EndpointAddress notReadyAddresses:*EndpointAddress
  ports:*EndpointPort
core.v1.Endpoints metadata:meta.ObjectMeta subsets:*EndpointSubset
core.v1.EnvFromSource prefix:s configMapRef:ConfigMapEnvSource secretRef:SecretEnvSource
core.v1.EnvVar name:s value:s valueFrom:EnvVarSource
core.v1.EnvVarSource fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector
  configMapKeyRef:ConfigMapKeySelector secretKeyRef:SecretKeySelector fileKeyRef:FileKeySelector
core.v1.EphemeralContainer ^:EphemeralContainerCommon targetContainerName:s
core.v1.EphemeralContainerCommon name:s image:s command:*s args:*s workingDir:s
  ports:*ContainerPort env:*EnvVar resources:ResourceRequirements volumeMounts:*VolumeMount
  livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle terminationMessagePath:s
  imagePullPolicy:s securityContext:SecurityContext stdin:t stdinOnce:t tty:t
  envFrom:*EnvFromSource terminationMessagePolicy:s volumeDevices:*VolumeDevice startupProbe:Probe
  resizePolicy:*ContainerResizePolicy restartPolicy:s? restartPolicyRules:*ContainerRestartRule
core.v1.EphemeralVolumeSource volumeClaimTemplate:PersistentVolumeClaimTemplate
core.v1.Event metadata:meta.ObjectMeta involvedObject:ObjectReference reason:s message:s
  source:EventSource firstTimestamp:meta.Time lastTimestamp:meta.Time count:i type:s
  eventTime:meta.MicroTime series:EventSeries action:s related:ObjectReference
  reportingComponent:s reportingInstance:s
core.v1.EventSeries count:i lastObservedTime:meta.MicroTime
core.v1.EventSource component:s host:s
core.v1.EvictionResponder name:s priority:i?
core.v1.ExecAction command:*s
core.v1.FCVolumeSource targetWWNs:*s lun:i? fsType:s readOnly:t wwids:*s
core.v1.FileKeySelector volumeName:s path:s key:s optional:t?
core.v1.FlexPersistentVolumeSource driver:s fsType:s secretRef:SecretReference readOnly:t
  options:%s
core.v1.FlexVolumeSource driver:s fsType:s secretRef:LocalObjectReference readOnly:t options:%s
core.v1.FlockerVolumeSource datasetName:s datasetUUID:s
core.v1.GCEPersistentDiskVolumeSource pdName:s fsType:s partition:i readOnly:t
core.v1.GRPCAction port:i service:s? mode:s?
core.v1.GitRepoVolumeSource repository:s revision:s directory:s
core.v1.GlusterfsPersistentVolumeSource endpoints:s path:s readOnly:t endpointsNamespace:s?
core.v1.GlusterfsVolumeSource endpoints:s path:s readOnly:t
core.v1.HTTPGetAction path:s port:IntOrString host:s scheme:s httpHeaders:*HTTPHeader
  protocol:s?
core.v1.HTTPHeader name:s value:s
core.v1.HostAlias ip:s hostnames:*s
core.v1.HostIP ip:s
core.v1.HostPathVolumeSource path:s type:s?
core.v1.ISCSIPersistentVolumeSource targetPortal:s iqn:s lun:i iscsiInterface:s fsType:s
  readOnly:t portals:*s chapAuthDiscovery:t 10=secretRef:SecretReference chapAuthSession:t
  initiatorName:s?
core.v1.ISCSIVolumeSource targetPortal:s iqn:s lun:i iscsiInterface:s fsType:s readOnly:t
  portals:*s chapAuthDiscovery:t 10=secretRef:LocalObjectReference chapAuthSession:t
  initiatorName:s?
core.v1.ImageVolumeSource reference:s pullPolicy:s
core.v1.ImageVolumeStatus imageRef:s
core.v1.KeyToPath key:s path:s mode:i? user:i?
core.v1.Lifecycle postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:s?
core.v1.LifecycleHandler exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction
  sleep:SleepAction
core.v1.LinuxContainerUser uid:i gid:i supplementalGroups:*i
core.v1.LoadBalancerIngress ip:s hostname:s ipMode:s? ports:*PortStatus
core.v1.LoadBalancerStatus ingress:*LoadBalancerIngress
core.v1.LocalObjectReference name:s
core.v1.LocalVolumeSource path:s fsType:s?
core.v1.ModifyVolumeStatus targetVolumeAttributesClassName:s status:s
core.v1.NFSVolumeSource server:s path:s readOnly:t
core.v1.Namespace metadata:meta.ObjectMeta spec:NamespaceSpec status:NamespaceStatus
core.v1.NamespaceCondition type:s status:s 4=lastTransitionTime:meta.Time reason:s message:s
core.v1.NamespaceSpec finalizers:*s
core.v1.NamespaceStatus phase:s conditions:*NamespaceCondition
core.v1.Node metadata:meta.ObjectMeta spec:NodeSpec status:NodeStatus
core.v1.NodeAddress type:s address:s
core.v1.NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution:*PreferredSchedulingTerm
core.v1.NodeAllocatableMappedResources name:s quantity:Quantity
core.v1.NodeAllocatableOverheadResources name:s perPod:Quantity perContainer:Quantity
core.v1.NodeAllocatableResourceClaimStatus resourceClaimName:s containers:*s
  4=mapping:*NodeAllocatableMappedResources overhead:*NodeAllocatableOverheadResources
core.v1.NodeCondition type:s status:s lastHeartbeatTime:meta.Time lastTransitionTime:meta.Time
  reason:s message:s
core.v1.NodeConfigSource 2=configMap:ConfigMapNodeConfigSource
core.v1.NodeConfigStatus assigned:NodeConfigSource active:NodeConfigSource
  lastKnownGood:NodeConfigSource error:s
core.v1.NodeDaemonEndpoints kubeletEndpoint:DaemonEndpoint
core.v1.NodeFeatures supplementalGroupsPolicy:t?
core.v1.NodePodPreemptionPolicy disableResizePreemption:*s
core.v1.NodeRuntimeHandler name:s features:NodeRuntimeHandlerFeatures
core.v1.NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:t? userNamespaces:t?
core.v1.NodeSelector nodeSelectorTerms:*NodeSelectorTerm
core.v1.NodeSelectorRequirement key:s operator:s values:*s
core.v1.NodeSelectorTerm matchExpressions:*NodeSelectorRequirement
  matchFields:*NodeSelectorRequirement
core.v1.NodeSpec podCIDR:s externalID:s providerID:s unschedulable:t taints:*Taint
  configSource:NodeConfigSource podCIDRs:*s podPreemptionPolicy:NodePodPreemptionPolicy
core.v1.NodeStatus capacity:%Quantity allocatable:%Quantity phase:s conditions:*NodeCondition
  addresses:*NodeAddress daemonEndpoints:NodeDaemonEndpoints nodeInfo:NodeSystemInfo
  images:*ContainerImage volumesInUse:*s volumesAttached:*AttachedVolume config:NodeConfigStatus
  runtimeHandlers:*NodeRuntimeHandler features:NodeFeatures declaredFeatures:*s
core.v1.NodeSwapStatus capacity:i?
core.v1.NodeSystemInfo machineID:s systemUUID:s bootID:s kernelVersion:s osImage:s
  containerRuntimeVersion:s kubeletVersion:s kubeProxyVersion:s operatingSystem:s architecture:s
  swap:NodeSwapStatus
core.v1.ObjectFieldSelector apiVersion:s fieldPath:s
core.v1.ObjectReference kind:s namespace:s name:s uid:s apiVersion:s resourceVersion:s
  fieldPath:s
core.v1.PersistentVolume metadata:meta.ObjectMeta spec:PersistentVolumeSpec
  status:PersistentVolumeStatus
core.v1.PersistentVolumeClaim metadata:meta.ObjectMeta spec:PersistentVolumeClaimSpec
  status:PersistentVolumeClaimStatus
core.v1.PersistentVolumeClaimCondition type:s status:s lastProbeTime:meta.Time
  lastTransitionTime:meta.Time reason:s message:s
core.v1.PersistentVolumeClaimSpec accessModes:*s resources:VolumeResourceRequirements
  volumeName:s selector:meta.LabelSelector storageClassName:s? volumeMode:s?
  dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference
  volumeAttributesClassName:s?
core.v1.PersistentVolumeClaimStatus phase:s accessModes:*s capacity:%Quantity
  conditions:*PersistentVolumeClaimCondition allocatedResources:%Quantity
  7=allocatedResourceStatuses:%s currentVolumeAttributesClassName:s?
  modifyVolumeStatus:ModifyVolumeStatus healthStatus:VolumeHealthStatus
core.v1.PersistentVolumeClaimTemplate metadata:meta.ObjectMeta spec:PersistentVolumeClaimSpec
core.v1.PersistentVolumeClaimVolumeSource claimName:s readOnly:t
core.v1.PersistentVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource
  awsElasticBlockStore:AWSElasticBlockStoreVolumeSource hostPath:HostPathVolumeSource
  glusterfs:GlusterfsPersistentVolumeSource nfs:NFSVolumeSource rbd:RBDPersistentVolumeSource
  iscsi:ISCSIPersistentVolumeSource cinder:CinderPersistentVolumeSource
  cephfs:CephFSPersistentVolumeSource fc:FCVolumeSource flocker:FlockerVolumeSource
  flexVolume:FlexPersistentVolumeSource azureFile:AzureFilePersistentVolumeSource
  vsphereVolume:VsphereVirtualDiskVolumeSource quobyte:QuobyteVolumeSource
  azureDisk:AzureDiskVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource
  portworxVolume:PortworxVolumeSource scaleIO:ScaleIOPersistentVolumeSource
  local:LocalVolumeSource storageos:StorageOSPersistentVolumeSource csi:CSIPersistentVolumeSource
core.v1.PersistentVolumeSpec capacity:%Quantity ^:PersistentVolumeSource accessModes:*s
  claimRef:ObjectReference persistentVolumeReclaimPolicy:s storageClassName:s mountOptions:*s
  volumeMode:s? nodeAffinity:VolumeNodeAffinity volumeAttributesClassName:s?
core.v1.PersistentVolumeStatus phase:s message:s reason:s lastPhaseTransitionTime:meta.Time
core.v1.PhotonPersistentDiskVolumeSource pdID:s fsType:s
core.v1.Pod metadata:meta.ObjectMeta spec:PodSpec status:PodStatus
core.v1.PodAffinity requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
core.v1.PodAffinityTerm labelSelector:meta.LabelSelector namespaces:*s topologyKey:s
  namespaceSelector:meta.LabelSelector matchLabelKeys:*s mismatchLabelKeys:*s
core.v1.PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
core.v1.PodCertificateProjection signerName:s keyType:s maxExpirationSeconds:i?
  credentialBundlePath:s keyPath:s certificateChainPath:s userAnnotations:%s user:i?
core.v1.PodCondition type:s status:s lastProbeTime:meta.Time lastTransitionTime:meta.Time
  reason:s message:s observedGeneration:i
core.v1.PodDNSConfig nameservers:*s searches:*s options:*PodDNSConfigOption
core.v1.PodDNSConfigOption name:s value:s?
core.v1.PodExtendedResourceClaimStatus requestMappings:*ContainerExtendedResourceRequest
  resourceClaimName:s
core.v1.PodIP ip:s
core.v1.PodOS name:s
core.v1.PodReadinessGate conditionType:s
core.v1.PodResourceClaim name:s 3=resourceClaimName:s? resourceClaimTemplateName:s?
core.v1.PodResourceClaimStatus name:s resourceClaimName:s?
core.v1.PodSchedulingGate name:s
core.v1.PodSchedulingGroup podGroupName:s?
core.v1.PodSecurityContext seLinuxOptions:SELinuxOptions runAsUser:i? runAsNonRoot:t?
  supplementalGroups:*i fsGroup:i? runAsGroup:i? sysctls:*Sysctl
  windowsOptions:WindowsSecurityContextOptions fsGroupChangePolicy:s?
  seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile supplementalGroupsPolicy:s?
  seLinuxChangePolicy:s?
core.v1.PodSpec volumes:*Volume containers:*Container restartPolicy:s
  terminationGracePeriodSeconds:i? activeDeadlineSeconds:i? dnsPolicy:s nodeSelector:%s
  serviceAccountName:s serviceAccount:s nodeName:s hostNetwork:t hostPID:t hostIPC:t
  securityContext:PodSecurityContext imagePullSecrets:*LocalObjectReference hostname:s subdomain:s
  affinity:Affinity schedulerName:s initContainers:*Container automountServiceAccountToken:t?
  tolerations:*Toleration hostAliases:*HostAlias priorityClassName:s priority:i?
  dnsConfig:PodDNSConfig shareProcessNamespace:t? readinessGates:*PodReadinessGate
  runtimeClassName:s? enableServiceLinks:t? preemptionPolicy:s? overhead:%Quantity
  topologySpreadConstraints:*TopologySpreadConstraint ephemeralContainers:*EphemeralContainer
  setHostnameAsFQDN:t? os:PodOS hostUsers:t? schedulingGates:*PodSchedulingGate
  resourceClaims:*PodResourceClaim resources:ResourceRequirements hostnameOverride:s?
  43=schedulingGroup:PodSchedulingGroup evictionResponders:*EvictionResponder
core.v1.PodStatus phase:s conditions:*PodCondition message:s reason:s hostIP:s podIP:s
  startTime:meta.Time containerStatuses:*ContainerStatus qosClass:s
  initContainerStatuses:*ContainerStatus nominatedNodeName:s podIPs:*PodIP
  ephemeralContainerStatuses:*ContainerStatus resize:s
  resourceClaimStatuses:*PodResourceClaimStatus hostIPs:*HostIP observedGeneration:i
  extendedResourceClaimStatus:PodExtendedResourceClaimStatus allocatedResources:%Quantity
  resources:ResourceRequirements
  nodeAllocatableResourceClaimStatuses:*NodeAllocatableResourceClaimStatus
  volumeHealth:*PodVolumeHealth
core.v1.PodTemplate metadata:meta.ObjectMeta template:PodTemplateSpec
core.v1.PodTemplateSpec metadata:meta.ObjectMeta spec:PodSpec
core.v1.PodVolumeHealth name:s healthConditions:*VolumeHealthCondition
  lastTransitionTime:meta.Time
core.v1.PortStatus port:i protocol:s error:s?
core.v1.PortworxVolumeSource volumeID:s fsType:s readOnly:t
core.v1.PreferredSchedulingTerm weight:i preference:NodeSelectorTerm
core.v1.Probe ^:ProbeHandler initialDelaySeconds:i timeoutSeconds:i periodSeconds:i
  successThreshold:i failureThreshold:i terminationGracePeriodSeconds:i?
core.v1.ProbeHandler exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction
  grpc:GRPCAction
core.v1.ProjectedVolumeSource sources:*VolumeProjection defaultMode:i? defaultUser:i?
core.v1.QuobyteVolumeSource registry:s volume:s readOnly:t user:s group:s tenant:s
core.v1.RBDPersistentVolumeSource monitors:*s image:s fsType:s pool:s user:s keyring:s
  secretRef:SecretReference readOnly:t
core.v1.RBDVolumeSource monitors:*s image:s fsType:s pool:s user:s keyring:s
  secretRef:LocalObjectReference readOnly:t
core.v1.ResourceClaim name:s request:s
core.v1.ResourceFieldSelector containerName:s resource:s divisor:Quantity
core.v1.ResourceHealth resourceID:s health:s 6=message:s?
core.v1.ResourceRequirements limits:%Quantity requests:%Quantity claims:*ResourceClaim
core.v1.ResourceStatus name:s resources:*ResourceHealth
core.v1.SELinuxOptions user:s role:s type:s level:s
core.v1.ScaleIOPersistentVolumeSource gateway:s system:s secretRef:SecretReference sslEnabled:t
  protectionDomain:s storagePool:s storageMode:s volumeName:s fsType:s readOnly:t
core.v1.ScaleIOVolumeSource gateway:s system:s secretRef:LocalObjectReference sslEnabled:t
  protectionDomain:s storagePool:s storageMode:s volumeName:s fsType:s readOnly:t
core.v1.SeccompProfile type:s localhostProfile:s?
core.v1.Secret metadata:meta.ObjectMeta data:%b type:s stringData:%s immutable:t?
core.v1.SecretEnvSource ^:LocalObjectReference optional:t?
core.v1.SecretKeySelector ^:LocalObjectReference key:s optional:t?
core.v1.SecretProjection ^:LocalObjectReference items:*KeyToPath 4=optional:t?
core.v1.SecretReference name:s namespace:s
core.v1.SecretVolumeSource secretName:s items:*KeyToPath defaultMode:i? optional:t?
  defaultUser:i?
core.v1.SecurityContext capabilities:Capabilities privileged:t? seLinuxOptions:SELinuxOptions
  runAsUser:i? runAsNonRoot:t? readOnlyRootFilesystem:t? allowPrivilegeEscalation:t? runAsGroup:i?
  procMount:s? windowsOptions:WindowsSecurityContextOptions seccompProfile:SeccompProfile
  appArmorProfile:AppArmorProfile
core.v1.Service metadata:meta.ObjectMeta spec:ServiceSpec status:ServiceStatus
core.v1.ServiceAccount metadata:meta.ObjectMeta secrets:*ObjectReference
  imagePullSecrets:*LocalObjectReference automountServiceAccountToken:t?
core.v1.ServiceAccountTokenProjection audience:s expirationSeconds:i? path:s user:i?
core.v1.ServicePort name:s protocol:s port:i targetPort:IntOrString nodePort:i appProtocol:s?
core.v1.ServiceSpec ports:*ServicePort selector:%s clusterIP:s type:s externalIPs:*s
  7=sessionAffinity:s loadBalancerIP:s loadBalancerSourceRanges:*s externalName:s
  externalTrafficPolicy:s healthCheckNodePort:i publishNotReadyAddresses:t
  sessionAffinityConfig:SessionAffinityConfig 17=ipFamilyPolicy:s? clusterIPs:*s ipFamilies:*s
  allocateLoadBalancerNodePorts:t? loadBalancerClass:s? internalTrafficPolicy:s?
  trafficDistribution:s?
core.v1.ServiceStatus loadBalancer:LoadBalancerStatus conditions:*meta.Condition
core.v1.SessionAffinityConfig clientIP:ClientIPConfig
core.v1.SleepAction seconds:i
core.v1.StorageOSPersistentVolumeSource volumeName:s volumeNamespace:s fsType:s readOnly:t
  secretRef:ObjectReference
core.v1.StorageOSVolumeSource volumeName:s volumeNamespace:s fsType:s readOnly:t
  secretRef:LocalObjectReference
core.v1.Sysctl name:s value:s
core.v1.TCPSocketAction port:IntOrString host:s
core.v1.Taint key:s value:s effect:s timeAdded:meta.Time
core.v1.Toleration key:s operator:s value:s effect:s tolerationSeconds:i?
core.v1.TopologySelectorLabelRequirement key:s values:*s
core.v1.TopologySelectorTerm matchLabelExpressions:*TopologySelectorLabelRequirement
core.v1.TopologySpreadConstraint maxSkew:i topologyKey:s whenUnsatisfiable:s
  labelSelector:meta.LabelSelector minDomains:i? nodeAffinityPolicy:s? nodeTaintsPolicy:s?
  matchLabelKeys:*s
core.v1.TypedLocalObjectReference apiGroup:s? kind:s name:s
core.v1.TypedObjectReference apiGroup:s? kind:s name:s namespace:s?
core.v1.Volume name:s ^:VolumeSource
core.v1.VolumeDevice name:s devicePath:s
core.v1.VolumeHealthCondition status:s reason:s message:s
core.v1.VolumeHealthStatus healthConditions:*VolumeHealthCondition lastTransitionTime:meta.Time
core.v1.VolumeMount name:s readOnly:t mountPath:s subPath:s mountPropagation:s? subPathExpr:s
  recursiveReadOnly:s? bindMountOptions:*s
core.v1.VolumeMountStatus name:s mountPath:s readOnly:t recursiveReadOnly:s?
  volumeStatus:VolumeStatus
core.v1.VolumeNodeAffinity required:NodeSelector
core.v1.VolumeProjection secret:SecretProjection downwardAPI:DownwardAPIProjection
  configMap:ConfigMapProjection serviceAccountToken:ServiceAccountTokenProjection
  clusterTrustBundle:ClusterTrustBundleProjection podCertificate:PodCertificateProjection
core.v1.VolumeResourceRequirements limits:%Quantity requests:%Quantity
core.v1.VolumeSource hostPath:HostPathVolumeSource emptyDir:EmptyDirVolumeSource
  gcePersistentDisk:GCEPersistentDiskVolumeSource
  awsElasticBlockStore:AWSElasticBlockStoreVolumeSource gitRepo:GitRepoVolumeSource
  secret:SecretVolumeSource nfs:NFSVolumeSource iscsi:ISCSIVolumeSource
  glusterfs:GlusterfsVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource
  rbd:RBDVolumeSource flexVolume:FlexVolumeSource cinder:CinderVolumeSource
  cephfs:CephFSVolumeSource flocker:FlockerVolumeSource downwardAPI:DownwardAPIVolumeSource
  fc:FCVolumeSource azureFile:AzureFileVolumeSource configMap:ConfigMapVolumeSource
  vsphereVolume:VsphereVirtualDiskVolumeSource quobyte:QuobyteVolumeSource
  azureDisk:AzureDiskVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource
  portworxVolume:PortworxVolumeSource scaleIO:ScaleIOVolumeSource projected:ProjectedVolumeSource
  storageos:StorageOSVolumeSource csi:CSIVolumeSource ephemeral:EphemeralVolumeSource
  image:ImageVolumeSource
core.v1.VolumeStatus image:ImageVolumeStatus
core.v1.VsphereVirtualDiskVolumeSource volumePath:s fsType:s storagePolicyName:s
  storagePolicyID:s
core.v1.WeightedPodAffinityTerm weight:i podAffinityTerm:PodAffinityTerm
core.v1.WindowsSecurityContextOptions gmsaCredentialSpecName:s? gmsaCredentialSpec:s?
  runAsUserName:s? hostProcess:t?
"""
