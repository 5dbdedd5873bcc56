"""The finalizers that keep storage objects which are in use. Must not know who uses them."""

CLAIM_FINALIZER = "kubernetes.io/pvc-protection"
VOLUME_FINALIZER = "kubernetes.io/pv-protection"
CLASS_FINALIZER = "kubernetes.io/vac-protection"

# By (group, plural): what each new object gets.
FINALIZERS = {
    ("", "persistentvolumeclaims"): CLAIM_FINALIZER,
    ("", "persistentvolumes"): VOLUME_FINALIZER,
    ("storage.k8s.io", "volumeattributesclasses"): CLASS_FINALIZER,
}
