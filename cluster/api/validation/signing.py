"""Rules of certificate requests and trust bundles. Must not know who may sign.

Source: docs "Certificates and Certificate Signing Requests"; API reference, certificates.k8s.io/v1.
"""

import base64
import re

from cryptography import x509

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.conditions import STATUSES

USAGES = frozenset(
    (
        "signing", "digital signature", "content commitment", "key encipherment",
        "key agreement", "data encipherment", "cert sign", "crl sign", "encipher only",
        "decipher only", "any", "server auth", "client auth", "code signing",
        "email protection", "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user",
        "timestamping", "ocsp signing", "microsoft sgc", "netscape sgc",
    )
)  # fmt: skip
_DECISIONS = ("Approved", "Denied")
_ALWAYS_TRUE = ("Approved", "Denied", "Failed")
_SECONDS_MIN = 600
_SIGNER_PATH_MAX = 571
_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----[ \t]*(?:\r?\n|$)", re.DOTALL
)


def check_signer_name(path: str, name: str, found: list[Cause]) -> None:
    """``example.com/signer-name``."""
    if not name:
        found.append(causes.required(path))
        return
    domain, slash, rest = name.partition("/")
    if not slash or "/" in rest:
        detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        found.append(causes.invalid(path, name, detail))
        return
    labels = domain.split(".")
    for label in labels:
        for error in names.dns_label_errors(label):
            found.append(causes.invalid(path, domain, f'validating label "{label}": {error}'))
    if len(labels) < 2:
        detail = "should be a domain with at least two segments separated by dots"
        found.append(causes.invalid(path, domain, detail))
    for error in names.subdomain_errors(rest):
        detail = f'validating label "{rest}": {error}'
        found.append(causes.invalid(path, rest, detail))
    if len(name) > _SIGNER_PATH_MAX:
        found.append(causes.too_long(path, _SIGNER_PATH_MAX))


def load_request(encoded: str) -> x509.CertificateSigningRequest:
    """The PKCS #10 request of a CSR's ``spec.request``. Raises ValueError that says why not."""
    blocks = pem_blocks(_raw(encoded))
    if not blocks or blocks[0][0] != "CERTIFICATE REQUEST":
        raise ValueError("PEM block type must be CERTIFICATE REQUEST")
    return x509.load_der_x509_csr(blocks[0][1])


def pem_blocks(data: bytes) -> list[tuple[str, bytes]]:
    """(type, DER) of each PEM block. A block with headers has the type '' (RFC 7468 has none)."""
    found = []
    for match in _BLOCK.finditer(data):
        try:
            found.append((match[1].decode(), base64.b64decode(match[2], validate=False)))
        except ValueError:
            found.append(("", b""))
        if b":" in match[2]:
            found[-1] = ("", b"")
    return found


def check_request(obj: Object, found: list[Cause]) -> None:
    """A CertificateSigningRequest: PKCS #10, a signer, usages."""
    spec = obj.get("spec") or {}
    request = spec.get("request") or ""
    try:
        load_request(request)
    except (ValueError, x509.InvalidVersion) as error:
        found.append(causes.invalid("spec.request", request, str(error)))
    usages = spec.get("usages") or []
    if not usages:
        found.append(causes.required("spec.usages"))
    for position, usage in enumerate(usages):
        path = f"spec.usages[{position}]"
        if usage not in USAGES:
            found.append(causes.unsupported(path, usage, USAGES))
        elif usage in usages[:position]:
            found.append(causes.duplicate(path, usage))
    signer = spec.get("signerName") or ""
    if signer == "kubernetes.io/legacy-unknown":
        detail = "the legacy signerName is not allowed via this API version"
        found.append(causes.invalid("spec.signerName", signer, detail))
    else:
        check_signer_name("spec.signerName", signer, found)
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SECONDS_MIN:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        found.append(causes.invalid("spec.expirationSeconds", seconds, detail))
    _decisions((obj.get("status") or {}).get("conditions") or [], found)


def check_request_status(old: Object, new: Object, found: list[Cause]) -> None:
    """What a signer writes: decisions are not its own."""
    check_approval(old, new, found)
    before, after = old.get("status") or {}, new.get("status") or {}
    for kind in _DECISIONS:
        if _has(after, kind) and not _has(before, kind):
            detail = f'updates may not add a condition of type "{kind}"'
            found.append(causes.forbidden("status.conditions", detail))


def check_approval(old: Object, new: Object, found: list[Cause]) -> None:
    """What an approver writes: a decision is for ever, a certificate too."""
    before, after = old.get("status") or {}, new.get("status") or {}
    _decisions(after.get("conditions") or [], found)
    for kind in _ALWAYS_TRUE:
        had, has = _has(before, kind), _has(after, kind)
        if had and not has:
            detail = f'updates may not remove a condition of type "{kind}"'
            found.append(causes.forbidden("status.conditions", detail))
    issued = before.get("certificate")
    given = after.get("certificate")
    if issued and given != issued:
        detail = "updates may not change an issued certificate"
        found.append(causes.forbidden("status.certificate", detail))
    elif given and given != issued:
        _chain("status.certificate", _raw(given), found)


def check_trust_bundle(obj: Object, found: list[Cause]) -> None:
    """A ClusterTrustBundle: its name tells its signer; it holds certificates and nothing else."""
    spec, name = obj.get("spec") or {}, (obj.get("metadata") or {}).get("name") or ""
    signer = spec.get("signerName") or ""
    if not signer:
        if ":" in name:
            detail = 'ClusterTrustBundle without signer name must not have ":" in its name'
            found.append(causes.invalid("metadata.name", name, detail))
        else:
            causes.each("metadata.name", name, names.subdomain_errors(name), found)
    else:
        check_signer_name("spec.signerName", signer, found)
        prefix = signer.replace("/", ":") + ":"
        if not name.startswith(prefix):
            detail = f"ClusterTrustBundle for signerName {signer} must be named with prefix "
            found.append(causes.invalid("metadata.name", name, detail + prefix))
        else:
            rest = name.removeprefix(prefix)
            causes.each("metadata.name", name, names.subdomain_errors(rest), found)
    _anchors("spec.trustBundle", spec.get("trustBundle") or "", found)


def check_trust_bundle_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A bundle keeps its signer."""
    before = (old.get("spec") or {}).get("signerName") or ""
    after = (new.get("spec") or {}).get("signerName") or ""
    if before != after:
        found.append(causes.invalid("spec.signerName", after, causes.IMMUTABLE))


def _raw(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""


def _has(status: Object, kind: str) -> bool:
    return any(item.get("type") == kind for item in status.get("conditions") or ())


def _decisions(conditions: list[Object], found: list[Cause]) -> None:
    seen: set[str] = set()
    for position, item in enumerate(conditions):
        path, kind, value = f"status.conditions[{position}]", item.get("type"), item.get("status")
        if not kind:
            found.append(causes.required(f"{path}.type"))
            continue
        if kind in _ALWAYS_TRUE:
            if not value:
                found.append(causes.required(f"{path}.status"))
            elif value != "True":
                found.append(causes.unsupported(f"{path}.status", value, ("True",)))
        elif value not in STATUSES:
            causes.one_of(f"{path}.status", value, STATUSES, found)
        if kind in seen:
            found.append(causes.duplicate(f"{path}.type", kind))
        other = {"Approved": "Denied", "Denied": "Approved"}.get(kind)
        if other in seen:
            detail = "Approved and Denied conditions are mutually exclusive"
            found.append(causes.invalid(f"{path}.type", kind, detail))
        seen.add(kind)


def _chain(path: str, data: bytes, found: list[Cause]) -> None:
    blocks = pem_blocks(data)
    if not blocks:
        detail = "must contain at least one CERTIFICATE PEM block"
        found.append(causes.invalid(path, "<certificate data>", detail))
    for kind, der in blocks:
        if kind != "CERTIFICATE":
            detail = f'only CERTIFICATE PEM blocks are allowed, found "{kind or "headers"}"'
            found.append(causes.invalid(path, "<certificate data>", detail))
            continue
        try:
            x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion) as error:
            found.append(causes.invalid(path, "<certificate data>", str(error)))


def _anchors(path: str, text: str, found: list[Cause]) -> None:
    def wrong(detail: str) -> None:
        found.append(causes.invalid(path, "<value omitted>", detail))

    blocks = pem_blocks(text.encode())
    if not blocks:
        wrong("at least one trust anchor must be provided")
    seen: dict[bytes, int] = {}
    for position, (kind, der) in enumerate(blocks):
        if not kind:
            wrong(f"entry {position} has PEM block headers")
            continue
        if kind != "CERTIFICATE":
            wrong(f"entry {position} has bad block type: {kind}")
            continue
        try:
            x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion) as error:
            wrong(f"entry {position} does not parse as X.509: {error}")
            continue
        if der in seen:
            wrong(f"duplicate trust anchor (indices {seen[der]} and {position})")
        seen.setdefault(der, position)
