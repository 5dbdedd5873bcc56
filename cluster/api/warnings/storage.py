"""Volumes, claims and storage classes that say something by an old name, or ask for what is gone.

Source: seen at kube-apiserver; docs "Persistent Volumes". Must not know pods.
"""

from cluster.api.types import Object
from cluster.api.warnings.node_labels import label_warning, term_warnings
from cluster.api.warnings.volumes import claim_spec_warnings, gone_warnings

_CLASS = "volume.beta.kubernetes.io/storage-class"
_CLASS_TEXT = 'deprecated since v1.8; use "storageClassName" attribute instead'
_RECYCLED = (
    "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic "
    "provisioning."
)
# Of pods' volumes more are told of.
_GONE = ("cephfs", "photonPersistentDisk", "scaleIO", "storageos", "glusterfs", "rbd")


def claim_warnings(obj: Object) -> list[str]:
    """Of a PersistentVolumeClaim."""
    return [*_annotated(obj), *claim_spec_warnings("spec", obj.get("spec") or {})]


def volume_warnings(obj: Object) -> list[str]:
    """Of a PersistentVolume."""
    spec, found = obj.get("spec") or {}, _annotated(obj)
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        found.append(f"spec.persistentVolumeReclaimPolicy: {_RECYCLED}")
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for position, term in enumerate(terms):
        here = f"spec.nodeAffinity.required.nodeSelectorTerms[{position}]"
        found += term_warnings(here, term)
    return [*found, *gone_warnings("spec", spec, _GONE)]


def class_warnings(obj: Object) -> list[str]:
    """Of a StorageClass."""
    found = []
    for position, term in enumerate(obj.get("allowedTopologies") or ()):
        for number, expression in enumerate(term.get("matchLabelExpressions") or ()):
            text = label_warning(expression.get("key") or "")
            if text:
                here = f"allowedTopologies[{position}].matchLabelExpressions[{number}].key"
                found.append(f"{here}: {text}")
    return found


def capacity_warnings(obj: Object) -> list[str]:
    """Of a CSIStorageCapacity."""
    topology = obj.get("nodeTopology") or {}
    found = term_warnings("nodeTopology", topology)
    for label in topology.get("matchLabels") or ():
        text = label_warning(label)
        if text:
            found.append(f"nodeTopology.matchLabels.{label}: {text}")
    return found


def _annotated(obj: Object) -> list[str]:
    if _CLASS in ((obj.get("metadata") or {}).get("annotations") or {}):
        return [f"metadata.annotations[{_CLASS}]: {_CLASS_TEXT}"]
    return []
