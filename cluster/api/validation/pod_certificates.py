"""Rules of PodCertificateRequests. Must not know pods, nor who may sign.

Source: KEP-4317; API reference, PodCertificateRequest v1.
"""

import base64

from cryptography import x509

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.conditions import check_conditions
from cluster.api.validation.signing import check_signer_name, pem_blocks

SECONDS_MIN = 3600
SECONDS_MAX = 7_862_400
SECONDS_MAX_OWN = 86_400
_UID_MAX = 128
_OUTCOMES = frozenset(("Issued", "Denied", "Failed"))
_NAMES = {
    "podName": names.subdomain_errors,
    "serviceAccountName": names.subdomain_errors,
    "nodeName": names.subdomain_errors,
}


def check_pod_certificate(obj: Object, found: list[Cause]) -> None:
    """Which pod on which node asks which signer, with which key, for how long."""
    spec = obj.get("spec") or {}
    signer = spec.get("signerName") or ""
    check_signer_name("spec.signerName", signer, found)
    for name, check in _NAMES.items():
        value = spec.get(name) or ""
        causes.each(f"spec.{name}", value, check(value), found)
    for name in ("podUID", "serviceAccountUID", "nodeUID"):
        value = spec.get(name) or ""
        if not value:
            found.append(causes.required(f"spec.{name}", "must not be empty"))
        elif len(value) > _UID_MAX:
            found.append(causes.too_long(f"spec.{name}", _UID_MAX))
    seconds = spec.get("maxExpirationSeconds")
    longest = SECONDS_MAX_OWN if signer.startswith("kubernetes.io/") else SECONDS_MAX
    if seconds is None:
        found.append(causes.required("spec.maxExpirationSeconds", "must be set"))
    elif not SECONDS_MIN <= seconds <= longest:
        detail = f"must be in the range [{SECONDS_MIN}, {longest}]"
        found.append(causes.invalid("spec.maxExpirationSeconds", seconds, detail))
    for key in spec.get("unverifiedUserAnnotations") or {}:
        path = "spec.unverifiedUserAnnotations"
        causes.each(path, key, names.label_key_errors(key.lower()), found)
    _stub("spec.stubPKCS10Request", spec.get("stubPKCS10Request") or "", found)


def check_pod_certificate_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A request is never changed."""
    if old.get("spec") != new.get("spec"):
        found.append(causes.invalid("spec", new.get("spec"), causes.IMMUTABLE))


def check_pod_certificate_status(old: Object, new: Object, found: list[Cause]) -> None:
    """One outcome, once: with a certificate and its times if issued, without them if not."""
    before, after = old.get("status") or {}, new.get("status") or {}
    conditions = after.get("conditions") or []
    check_conditions("status.conditions", conditions, found)
    outcomes = [item.get("type") for item in conditions if item.get("type") in _OUTCOMES]
    for position, item in enumerate(conditions):
        path = f"status.conditions[{position}]"
        if item.get("type") not in _OUTCOMES:
            found.append(causes.unsupported(f"{path}.type", item.get("type", ""), _OUTCOMES))
        elif item.get("status") != "True":
            found.append(causes.unsupported(f"{path}.status", item.get("status", ""), ("True",)))
    if len(outcomes) > 1:
        detail = "There may be at most one condition with type Issued, Denied, or Failed"
        found.append(causes.invalid("status.conditions", conditions, detail))
    decided = [item.get("type") for item in before.get("conditions") or ()]
    if decided and before != after:
        detail = "immutable after Issued, Denied, or Failed conditions have been set"
        found.append(causes.invalid("status", after, detail))
        return
    fields = ("certificateChain", "notBefore", "notAfter", "beginRefreshAt")
    for name in fields:
        if "Issued" in outcomes and not after.get(name):
            found.append(causes.required(f"status.{name}", "must be set when issued"))
        elif "Issued" not in outcomes and after.get(name):
            detail = "may only be set if the Issued condition is present"
            found.append(causes.forbidden(f"status.{name}", detail))
    chain = after.get("certificateChain")
    if chain:
        _chain("status.certificateChain", chain, found)


def _stub(path: str, encoded: str, found: list[Cause]) -> None:
    try:
        request = x509.load_der_x509_csr(base64.b64decode(encoded, validate=True))
        valid = request.is_signature_valid
    except (ValueError, x509.InvalidVersion) as error:
        found.append(causes.invalid(path, "<value omitted>", f"must be a PKCS#10 request: {error}"))
        return
    if not valid:
        found.append(causes.invalid(path, "<value omitted>", "signature does not verify"))


def _chain(path: str, text: str, found: list[Cause]) -> None:
    blocks = pem_blocks(text.encode())
    try:
        right = blocks and all(kind == "CERTIFICATE" for kind, _ in blocks)
        for _, der in blocks if right else ():
            x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        right = []
    if not right:
        detail = "must be PEM blocks of type CERTIFICATE that parse as X.509"
        found.append(causes.invalid(path, text, detail))
