"""Field numbers of registration, certificate, network, node and storage kinds, in the form of
``fields_groups``.

Must not know how they are decoded.
"""

FIELDS = """\
apiregistration.v1.APIService metadata:meta.ObjectMeta spec:APIServiceSpec status:APIServiceStatus
apiregistration.v1.APIServiceCondition type:s status:s lastTransitionTime:meta.Time reason:s
  message:s
apiregistration.v1.APIServiceSpec service:ServiceReference group:s version:s
  insecureSkipTLSVerify:t caBundle:b 7=groupPriorityMinimum:i versionPriority:i
apiregistration.v1.APIServiceStatus conditions:*APIServiceCondition
apiregistration.v1.ServiceReference namespace:s name:s port:i?
certificates.v1.CertificateSigningRequest metadata:meta.ObjectMeta
  spec:CertificateSigningRequestSpec status:CertificateSigningRequestStatus
certificates.v1.CertificateSigningRequestCondition type:s reason:s message:s
  lastUpdateTime:meta.Time lastTransitionTime:meta.Time status:s
certificates.v1.CertificateSigningRequestSpec request:b username:s uid:s groups:*s usages:*s
  extra:%ExtraValue signerName:s expirationSeconds:i?
certificates.v1.CertificateSigningRequestStatus conditions:*CertificateSigningRequestCondition
  certificate:b
certificates.v1.ExtraValue items:*s
networking.v1.IPAddress metadata:meta.ObjectMeta spec:IPAddressSpec
networking.v1.IPAddressSpec parentRef:ParentReference
networking.v1.IPBlock cidr:s except:*s
networking.v1.NetworkPolicy metadata:meta.ObjectMeta spec:NetworkPolicySpec
networking.v1.NetworkPolicyEgressRule ports:*NetworkPolicyPort to:*NetworkPolicyPeer
networking.v1.NetworkPolicyIngressRule ports:*NetworkPolicyPort from:*NetworkPolicyPeer
networking.v1.NetworkPolicyPeer podSelector:meta.LabelSelector
  namespaceSelector:meta.LabelSelector ipBlock:IPBlock
networking.v1.NetworkPolicyPort protocol:s? port:IntOrString endPort:i?
networking.v1.NetworkPolicySpec podSelector:meta.LabelSelector ingress:*NetworkPolicyIngressRule
  egress:*NetworkPolicyEgressRule policyTypes:*s
networking.v1.ParentReference group:s resource:s namespace:s name:s
networking.v1.ServiceCIDR metadata:meta.ObjectMeta spec:ServiceCIDRSpec status:ServiceCIDRStatus
networking.v1.ServiceCIDRSpec cidrs:*s
networking.v1.ServiceCIDRStatus conditions:*meta.Condition
node.v1.Overhead podFixed:%Quantity
node.v1.RuntimeClass metadata:meta.ObjectMeta handler:s overhead:Overhead scheduling:Scheduling
node.v1.Scheduling nodeSelector:%s tolerations:*core.v1.Toleration
storage.v1.CSINode metadata:meta.ObjectMeta spec:CSINodeSpec status:CSINodeStatus
storage.v1.CSINodeDriver name:s nodeID:s topologyKeys:*s allocatable:VolumeNodeResources
storage.v1.CSINodeSpec drivers:*CSINodeDriver
storage.v1.CSIStorageCapacity metadata:meta.ObjectMeta nodeTopology:meta.LabelSelector
  storageClassName:s capacity:Quantity maximumVolumeSize:Quantity
storage.v1.VolumeAttachment metadata:meta.ObjectMeta spec:VolumeAttachmentSpec
  status:VolumeAttachmentStatus
storage.v1.VolumeAttachmentSource persistentVolumeName:s?
  inlineVolumeSpec:core.v1.PersistentVolumeSpec
storage.v1.VolumeAttachmentSpec attacher:s source:VolumeAttachmentSource nodeName:s
storage.v1.VolumeAttachmentStatus attached:t attachmentMetadata:%s attachError:VolumeError
  detachError:VolumeError
storage.v1.VolumeError time:meta.Time message:s errorCode:i?
storage.v1.VolumeNodeResources count:i?
"""
