"""Field numbers of devices and the claims to them, in Kubernetes 1.37's protobuf schema.

The form of a line is told in ``fields_groups``. Must not know how they are decoded.
"""

FIELDS = """\
resource.v1.AllocatedDeviceStatus driver:s pool:s device:s conditions:*meta.Condition
  data:RawExtension networkData:NetworkDeviceData shareID:s?
resource.v1.AllocationResult devices:DeviceAllocationResult 3=nodeSelector:core.v1.NodeSelector
  5=allocationTimestamp:meta.Time
resource.v1.CELDeviceSelector expression:s
resource.v1.CapacityRequestPolicy default:Quantity 3=validValues:*Quantity
  validRange:CapacityRequestPolicyRange
resource.v1.CapacityRequestPolicyRange min:Quantity max:Quantity step:Quantity
resource.v1.CapacityRequirements requests:%Quantity
resource.v1.Counter value:Quantity
resource.v1.CounterSet name:s counters:%Counter
resource.v1.Device name:s attributes:%DeviceAttribute capacity:%DeviceCapacity
  consumesCounters:*DeviceCounterConsumption nodeName:s? nodeSelector:core.v1.NodeSelector
  allNodes:t? taints:*DeviceTaint bindsToNode:t? bindingConditions:*s bindingFailureConditions:*s
  allowMultipleAllocations:t? 14=nodeAllocatableResources:%NodeAllocatableResource
resource.v1.DeviceAllocationConfiguration source:s requests:*s
  ^:DeviceConfiguration
resource.v1.DeviceAllocationResult results:*DeviceRequestAllocationResult
  config:*DeviceAllocationConfiguration
resource.v1.DeviceAttribute 2=int:i? bool:t? string:s? version:s? ints:*i bools:*t strings:*s
  versions:*s
resource.v1.DeviceCapacity value:Quantity requestPolicy:CapacityRequestPolicy
resource.v1.DeviceClaim requests:*DeviceRequest constraints:*DeviceConstraint
  config:*DeviceClaimConfiguration
resource.v1.DeviceClaimConfiguration requests:*s ^:DeviceConfiguration
resource.v1.DeviceClass metadata:meta.ObjectMeta spec:DeviceClassSpec
resource.v1.DeviceClassConfiguration ^:DeviceConfiguration
resource.v1.DeviceClassSpec selectors:*DeviceSelector config:*DeviceClassConfiguration
  4=extendedResourceName:s?
resource.v1.DeviceConfiguration opaque:OpaqueDeviceConfiguration
resource.v1.DeviceConstraint requests:*s matchAttribute:s? distinctAttribute:s?
resource.v1.DeviceCounterConsumption counterSet:s counters:%Counter
resource.v1.DeviceRequest name:s exactly:ExactDeviceRequest firstAvailable:*DeviceSubRequest
resource.v1.DeviceRequestAllocationResult request:s driver:s pool:s device:s adminAccess:t?
  tolerations:*DeviceToleration bindingConditions:*s bindingFailureConditions:*s shareID:s?
  consumedCapacity:%Quantity skipNodeOperations:*s
resource.v1.DeviceSelector cel:CELDeviceSelector
resource.v1.DeviceSubRequest name:s deviceClassName:s selectors:*DeviceSelector allocationMode:s
  count:i tolerations:*DeviceToleration capacity:CapacityRequirements
resource.v1.DeviceTaint key:s value:s effect:s timeAdded:meta.Time
resource.v1.DeviceTaintRule metadata:meta.ObjectMeta spec:DeviceTaintRuleSpec
  status:DeviceTaintRuleStatus
resource.v1.DeviceTaintRuleSpec deviceSelector:DeviceTaintSelector taint:DeviceTaint
resource.v1.DeviceTaintRuleStatus conditions:*meta.Condition
resource.v1.DeviceTaintSelector 2=driver:s? pool:s? device:s?
resource.v1.DeviceToleration key:s operator:s value:s effect:s tolerationSeconds:i?
resource.v1.ExactDeviceRequest deviceClassName:s selectors:*DeviceSelector allocationMode:s count:i
  adminAccess:t? tolerations:*DeviceToleration capacity:CapacityRequirements
resource.v1.NetworkDeviceData interfaceName:s ips:*s hardwareAddress:s
resource.v1.NodeAllocatableMapping capacityKey:s? capacityMultiplier:Quantity
  deviceMultiplier:Quantity
resource.v1.NodeAllocatableOverhead perPod:Quantity perContainer:Quantity
resource.v1.NodeAllocatableResource 3=mapping:NodeAllocatableMapping
  overhead:NodeAllocatableOverhead
resource.v1.OpaqueDeviceConfiguration driver:s parameters:RawExtension
resource.v1.ResourceClaim metadata:meta.ObjectMeta spec:ResourceClaimSpec status:ResourceClaimStatus
resource.v1.ResourceClaimConsumerReference apiGroup:s 3=resource:s name:s uid:s
resource.v1.ResourceClaimSpec devices:DeviceClaim
resource.v1.ResourceClaimStatus allocation:AllocationResult
  reservedFor:*ResourceClaimConsumerReference 4=devices:*AllocatedDeviceStatus
resource.v1.ResourceClaimTemplate metadata:meta.ObjectMeta spec:ResourceClaimTemplateSpec
resource.v1.ResourceClaimTemplateSpec metadata:meta.ObjectMeta spec:ResourceClaimSpec
resource.v1.ResourcePool name:s generation:i resourceSliceCount:i
resource.v1.ResourceSlice metadata:meta.ObjectMeta spec:ResourceSliceSpec
resource.v1.ResourceSliceSpec driver:s pool:ResourcePool nodeName:s?
  nodeSelector:core.v1.NodeSelector allNodes:t? devices:*Device perDeviceNodeSelection:t?
  sharedCounters:*CounterSet partitionTypeAttribute:s? skipNodeOperations:*s
"""
