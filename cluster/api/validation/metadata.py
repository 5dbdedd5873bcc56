"""Rules of the metadata that every object has: names, labels, annotations, owners, finalizers.

Source: Kubernetes "Object Names and IDs", "Labels", "Annotations", "Finalizers", "Owners".
Must not know specs.
"""

from collections.abc import Callable, Mapping

from cluster.api import names
from cluster.api.kind import Kind
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import ip_name_errors

ANNOTATIONS_BYTES_MAX = 256 * 1024
_STANDARD_FINALIZERS = frozenset(("kubernetes", "orphan", "foregroundDeletion"))
# A finalizer without a domain may have any name there, as in custom resources.
_PLAIN_FINALIZERS = frozenset(
    ("apiextensions.k8s.io", "admissionregistration.k8s.io", "apiregistration.k8s.io")
)
_RBAC = "rbac.authorization.k8s.io"
# What each kind wants of a name; the rest are DNS subdomains.
_SIGNING = "certificates.k8s.io"
_NAMES: dict[tuple[str, str], Callable[[str], tuple[str, ...]]] = {
    # ``api_services`` says what it must be.
    ("apiregistration.k8s.io", "APIService"): names.path_segment_errors,
    # Any that a path can have.
    ("", "Event"): names.path_segment_errors,
    ("policy", "PodDisruptionBudget"): names.path_segment_errors,
    ("", "Namespace"): names.dns_label_errors,
    ("", "Service"): names.dns_label_errors,
    (_RBAC, "Role"): names.path_segment_errors,
    (_RBAC, "RoleBinding"): names.path_segment_errors,
    (_RBAC, "ClusterRole"): names.path_segment_errors,
    (_RBAC, "ClusterRoleBinding"): names.path_segment_errors,
    (_SIGNING, "CertificateSigningRequest"): names.path_segment_errors,
    # Which names it may have depends on its signer: ``signing`` looks at that.
    (_SIGNING, "ClusterTrustBundle"): names.path_segment_errors,
    ("networking.k8s.io", "IPAddress"): ip_name_errors,
}
_FIXED = ("name", "namespace", "uid", "creationTimestamp")


def check_metadata(kind: Kind, metadata: Object, found: list[Cause]) -> None:
    """Metadata of an object as it will be stored (its name is set, or will be generated)."""
    _name(kind, metadata, found)
    namespace = metadata.get("namespace")
    if kind.namespaced:
        if not namespace:
            found.append(causes.required("metadata.namespace"))
        else:
            errors = names.dns_label_errors(namespace)
            causes.each("metadata.namespace", namespace, errors, found)
    elif namespace:
        found.append(causes.forbidden("metadata.namespace", "not allowed on this type"))
    if metadata.get("labels"):
        check_labels("metadata.labels", metadata["labels"], found)
    if metadata.get("annotations"):
        check_annotations("metadata.annotations", metadata["annotations"], found)
    if metadata.get("finalizers"):
        plain = kind.custom is not None or kind.group in _PLAIN_FINALIZERS
        _finalizers("metadata.finalizers", metadata["finalizers"], plain, found)
    if metadata.get("ownerReferences"):
        _owners("metadata.ownerReferences", metadata["ownerReferences"], found)


def check_embedded(path: str, metadata: Object, found: list[Cause]) -> None:
    """Metadata of an object inside another: it may have any name, or none."""
    for field in ("generateName", "name"):
        given = metadata.get(field)
        if given:
            causes.each(f"{path}.{field}", given, names.path_segment_errors(given), found)
    namespace = metadata.get("namespace")
    if namespace:
        causes.each(f"{path}.namespace", namespace, names.dns_label_errors(namespace), found)
    check_labels(f"{path}.labels", metadata.get("labels") or {}, found)
    check_annotations(f"{path}.annotations", metadata.get("annotations") or {}, found)
    _owners(f"{path}.ownerReferences", metadata.get("ownerReferences") or [], found)
    _finalizers(f"{path}.finalizers", metadata.get("finalizers") or [], True, found)


def check_metadata_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What an update may not change, and what it may not add to an object that is going."""
    for name in _FIXED:
        if name in new and new.get(name) != old.get(name):
            found.append(causes.invalid(f"metadata.{name}", new.get(name), causes.IMMUTABLE))
    if old.get("deletionTimestamp"):
        before = old.get("finalizers") or ()
        added = [item for item in new.get("finalizers") or () if item not in before]
        if added:
            listed = ", ".join(f'"{item}"' for item in added)
            detail = (
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{listed}}}"
            )
            found.append(causes.forbidden("metadata.finalizers", detail))


def check_labels(path: str, labels: Mapping[str, str], found: list[Cause]) -> None:
    """Keys and values of labels."""
    for key, value in labels.items():
        for error in names.label_key_errors(key):
            found.append(causes.invalid(path, key, error))
        for error in names.label_value_errors(value):
            found.append(causes.invalid(path, value, error))


def check_annotations(path: str, annotations: Mapping[str, str], found: list[Cause]) -> None:
    """Keys of annotations, and the size of all."""
    size = 0
    for key, value in annotations.items():
        for error in names.label_key_errors(key.lower()):
            found.append(causes.invalid(path, key, error))
        size += len(key) + len(value)
    if size * 4 > ANNOTATIONS_BYTES_MAX:
        size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
        if size > ANNOTATIONS_BYTES_MAX:
            found.append(causes.too_long(path, ANNOTATIONS_BYTES_MAX))


def check_name(kind: Kind, name: str) -> tuple[str, ...]:
    """What is wrong with a name for the kind."""
    return _NAMES.get((kind.group, kind.kind), names.subdomain_errors)(name)


def _name(kind: Kind, metadata: Object, found: list[Cause]) -> None:
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if prefix:
        # The dash it may end with becomes right by what follows it.
        errors = check_name(kind, f"{prefix}x" if prefix.endswith("-") else prefix)
        causes.each("metadata.generateName", prefix, errors, found)
    if name:
        causes.each("metadata.name", name, check_name(kind, name), found)
    elif not prefix:
        found.append(causes.required("metadata.name", "name or generateName is required"))


def _finalizers(path: str, finalizers: list[str], plain: bool, found: list[Cause]) -> None:
    """``plain``: a name without a domain may be any."""
    for name in finalizers:
        causes.each(path, name, names.label_key_errors(name), found)
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        found.append(causes.invalid(path, finalizers, detail))
    for position, name in enumerate(() if plain else finalizers):
        here = f"{path}[{position}]"
        if "/" not in name and name not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            found.append(causes.invalid(here, name, detail))


def _owners(path: str, owners: list[Object], found: list[Cause]) -> None:
    controller = ""
    for position, owner in enumerate(owners):
        here = f"{path}[{position}]"
        given = owner.get("apiVersion") or ""
        if not given:
            found.append(causes.required(f"{here}.apiVersion", "must not be empty"))
        elif given.count("/") > 1 or given.endswith("/"):
            detail = "must be <group>/<version> or <version>"
            found.append(causes.invalid(f"{here}.apiVersion", given, detail))
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                found.append(causes.required(f"{here}.{name}", "must not be empty"))
        if (given, owner.get("kind")) == ("v1", "Event"):
            detail = "/v1, Kind=Event is disallowed from being an owner"
            found.append(causes.invalid(here, owner, detail))
        if owner.get("controller"):
            named = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                detail = (
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {named}'
                )
                found.append(causes.invalid(path, owners, detail))
            controller = controller or named
