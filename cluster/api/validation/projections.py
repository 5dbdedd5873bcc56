"""Rules of volumes that the node fills with files: ConfigMaps, Secrets, the pod's own fields,
tokens, certificates, and all of these in one.

Source: docs "Projected Volumes", "Downward API"; API reference, ProjectedVolumeSource. Must not
know whether what is named is there.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.environment import check_field_ref, check_resource_field
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.paths import check_file
from cluster.api.validation.pod_certificates import SECONDS_MAX, SECONDS_MAX_OWN, SECONDS_MIN
from cluster.api.validation.signing import check_signer_name

_MODE_MAX = 0o777
_TOKEN_SECONDS_MIN = 600
_TOKEN_SECONDS_MAX = 1 << 32
_KEY_TYPES = frozenset(("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"))
_PEM_PATHS = ("credentialBundlePath", "keyPath", "certificateChainPath")
_TWICE = "conflicting duplicate paths"


def check_mode(path: str, mode: Any, found: list[Cause]) -> None:
    """A file's permission bits."""
    if mode is not None and not 0 <= mode <= _MODE_MAX:
        detail = "must be a number between 0 and 0777 (octal), both inclusive"
        found.append(causes.invalid(path, mode, detail))


def check_files(path: str, value: Object, found: list[Cause]) -> None:
    """What configMap and secret volumes share: mode, and which key goes to which file."""
    check_mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    _items(path, value, found)


def check_downward(path: str, value: Object, found: list[Cause]) -> None:
    """A downwardAPI volume: the pod's fields and its containers' resources as files. Its items
    have no places of their own in what is told."""
    check_mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    for item in value.get("items") or ():
        _downward_file(path, item, found)


def check_projected(path: str, value: Object, found: list[Cause]) -> None:
    """Sources in one directory: each of one kind, no file from two of them."""
    check_mode(f"{path}.defaultMode", value.get("defaultMode"), found)
    taken: set[str] = set()
    for position, source in enumerate(value.get("sources") or ()):
        place = f"{path}.sources[{position}]"
        for name in ("secret", "configMap"):
            if name in source:
                _named_files(f"{place}.{name}", source[name], found)
                for item in source[name].get("items") or ():
                    label = source[name].get("name") or ""
                    _once(path, item.get("path") or "", label, taken, found)
        if "downwardAPI" in source:
            for item in source["downwardAPI"].get("items") or ():
                _downward_file(f"{place}.downwardAPI", item, found)
                target = item.get("path") or ""
                _once(path, target, target, taken, found)
        if "serviceAccountToken" in source:
            _token(path, f"{place}.serviceAccountToken", source["serviceAccountToken"], found)
        if "clusterTrustBundle" in source:
            bundle = source["clusterTrustBundle"]
            _trust_bundle(f"{place}.clusterTrustBundle", bundle, found)
            target = bundle.get("path") or ""
            _once(path, target, target, taken, found)
        if "podCertificate" in source:
            certificate = source["podCertificate"]
            _certificate(f"{place}.podCertificate", certificate, found)
            for name in _PEM_PATHS:
                target = certificate.get(name) or ""
                _once(path, target, target, taken, found)
        if len(source) > 1:
            detail = "may not specify more than 1 volume type per source"
            found.append(causes.forbidden(place, detail))


def _once(path: str, target: str, shown: str, taken: set[str], found: list[Cause]) -> None:
    """``shown``: what the message names instead of the file."""
    if target and target in taken:
        found.append(causes.invalid(path, shown, _TWICE))
    taken.add(target)


def _named_files(path: str, value: Object, found: list[Cause]) -> None:
    if not value.get("name"):
        found.append(causes.required(f"{path}.name"))
    _items(path, value, found)


def _items(path: str, value: Object, found: list[Cause]) -> None:
    for position, item in enumerate(value.get("items") or ()):
        place = f"{path}.items[{position}]"
        if not item.get("key"):
            found.append(causes.required(f"{place}.key"))
        _target(place, item, found)


def _target(path: str, item: Object, found: list[Cause]) -> None:
    target = item.get("path") or ""
    if not target:
        found.append(causes.required(f"{path}.path"))
    check_file(f"{path}.path", target, found)
    check_mode(f"{path}.mode", item.get("mode"), found)


def _downward_file(path: str, item: Object, found: list[Cause]) -> None:
    _target(path, item, found)
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is not None:
        check_field_ref(f"{path}.fieldRef", field, True, found)
        if resource is not None:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            found.append(causes.invalid(path, "resource", detail))
    elif resource is not None:
        check_resource_field(f"{path}.resourceFieldRef", resource, True, found)
    else:
        detail = "one of fieldRef and resourceFieldRef is required"
        found.append(causes.required(path, detail))


def _token(whole: str, path: str, value: Object, found: list[Cause]) -> None:
    """``whole``: the volume's place, where a token's path is told of."""
    seconds = value.get("expirationSeconds", 3600)
    if seconds < _TOKEN_SECONDS_MIN:
        detail = "may not specify a duration less than 10 minutes"
        found.append(causes.invalid(f"{path}.expirationSeconds", seconds, detail))
    if seconds > _TOKEN_SECONDS_MAX:
        detail = "may not specify a duration larger than 2^32 seconds"
        found.append(causes.invalid(f"{path}.expirationSeconds", seconds, detail))
    target = value.get("path") or ""
    if not target:
        found.append(causes.required(f"{whole}.path"))
    check_file(f"{whole}.path", target, found)


def _trust_bundle(path: str, value: Object, found: list[Cause]) -> None:
    """Either one bundle by its name, or those of a signer that labels select (KEP-3257)."""
    name, signer = value.get("name"), value.get("signerName")
    if name is not None and signer is not None:
        detail = "only one of name and signerName may be used"
        found.append(causes.invalid(path, value, detail))
    elif name is not None:
        if not name:
            found.append(causes.required(f"{path}.name", "must be a valid object name"))
        _bundle_name(f"{path}.name", name, found)
        if value.get("labelSelector") is not None:
            detail = "labelSelector must be unset if name is specified"
            place = f"{path}.labelSelector"
            found.append(causes.invalid(place, value["labelSelector"], detail))
    elif signer is not None:
        check_signer_name(f"{path}.signerName", signer, found)
        check_label_selector(f"{path}.labelSelector", value.get("labelSelector"), found)
    else:
        found.append(causes.required(path, "either name or signerName must be specified"))
    target = value.get("path") or ""
    if not target:
        found.append(causes.required(f"{path}.path"))
    check_file(f"{path}.path", target, found)


def _bundle_name(path: str, name: str, found: list[Cause]) -> None:
    """``signer:part:name``, or a plain name."""
    for error in names.subdomain_errors(name.rpartition(":")[2]):
        detail = f"not a valid clustertrustbundlename: {error}"
        found.append(causes.invalid(path, name, detail))


def _certificate(path: str, value: Object, found: list[Cause]) -> None:
    """A key that the node makes and a signer's certificate for it (KEP-4317)."""
    check_signer_name(f"{path}.signerName", value.get("signerName") or "", found)
    kind = value.get("keyType") or ""
    if kind not in _KEY_TYPES:
        found.append(causes.unsupported(f"{path}.keyType", kind, _KEY_TYPES))
    if not any(value.get(name) for name in _PEM_PATHS):
        detail = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        found.append(causes.required(path, detail))
    for name in _PEM_PATHS:
        if value.get(name):
            check_file(f"{path}.{name}", value[name], found)
    seconds = value.get("maxExpirationSeconds")
    if seconds is None:
        return
    own = (value.get("signerName") or "").startswith("kubernetes.io/")
    longest = SECONDS_MAX_OWN if own else SECONDS_MAX
    place = f"{path}.maxExpirationSeconds"
    if seconds < SECONDS_MIN:
        detail = f"if provided, maxExpirationSeconds must be >= {SECONDS_MIN}"
        found.append(causes.invalid(place, seconds, detail))
    if seconds > longest:
        detail = f"if provided, maxExpirationSeconds must be <= {longest}"
        found.append(causes.invalid(place, seconds, detail))
