"""Who may do what with a signer's name: ask in their own name, approve, sign, attest.

Source: docs "Certificates and Certificate Signing Requests", Authorization; "Admission
Controllers": CertificateApproval, CertificateSigning, CertificateSubjectRestriction,
ClusterTrustBundleAttest.
"""

from cryptography.x509 import InvalidVersion
from cryptography.x509.oid import NameOID

from actors.apiserver.admission.plugin import Review
from cluster import names
from cluster.api import status
from cluster.api.status import quoted
from cluster.api.types import Object
from cluster.api.validation.signing import load_request
from cluster.errors import StatusError
from cluster.security.rbac import Attributes

GROUP = "certificates.k8s.io"
CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client"
_REQUESTS = (GROUP, "certificatesigningrequests")
_POD_REQUESTS = (GROUP, "podcertificaterequests")
_BUNDLES = (GROUP, "clustertrustbundles")


async def admit(review: Review) -> None:
    """Raises StatusError 403. Writes into a new request who asked."""
    if review.call.kind.group != GROUP or review.obj is None:
        return
    resource, part = review.call.resource, review.call.request.subresource
    signer = str((review.obj.get("spec") or {}).get("signerName") or "")
    if resource == _BUNDLES:
        if signer and _changed(review, "spec"):
            _require(review, "attest", signer, f"user not permitted to attest for signerName "
                     f"{quoted(signer)}")  # fmt: skip
    elif resource == _REQUESTS and review.operation == "CREATE":
        _identify(review, review.obj)
        if signer == CLIENT_SIGNER:
            _restrict(review, review.obj)
    elif part == "approval":
        _require(review, "approve", signer, f"user not permitted to approve requests with "
                 f"signerName {quoted(signer)}")  # fmt: skip
    elif resource in (_REQUESTS, _POD_REQUESTS) and part == "status" and _changed(review, "status"):
        _require(review, "sign", signer, f"user not permitted to sign requests with signerName "
                 f"{quoted(signer)}")  # fmt: skip


def _changed(review: Review, part: str) -> bool:
    return review.old is None or (review.obj or {}).get(part) != review.old.get(part)


def _identify(review: Review, request: Object) -> None:
    """Whatever the request says of its author is written over."""
    spec, caller = request.setdefault("spec", {}), review.call.caller
    for name in ("username", "uid", "groups", "extra"):
        spec.pop(name, None)
    spec["username"] = caller.user
    if caller.uid:
        spec["uid"] = caller.uid
    if caller.groups:
        spec["groups"] = list(caller.groups)
    if caller.extra:
        spec["extra"] = {key: list(values) for key, values in caller.extra.items()}


def _restrict(review: Review, request: Object) -> None:
    """Nobody gets a certificate that RBAC cannot bound: of an administrator, of a replica."""
    try:
        subject = load_request((request.get("spec") or {}).get("request") or "").subject
    except (ValueError, InvalidVersion):
        return  # told by validation, which comes next
    organizations = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    for group in (names.GROUP_MASTERS, names.GROUP_REPLICAS):
        if any(item.value == group for item in organizations):
            why = f"use of {CLIENT_SIGNER} signer with {group} group is not allowed"
            raise _refused(review, why)


def _require(review: Review, verb: str, signer: str, message: str) -> None:
    """The verb on the signer, or on all of its domain (``example.com/*``)."""
    caller, authorizer = review.call.caller, review.environment.policy.authorizer()
    for name in (signer, f"{signer.partition('/')[0]}/*"):
        wanted = Attributes(verb, GROUP, "signers", name=name)
        if authorizer.allowed(caller.user, caller.groups, wanted).allowed:
            return
    raise _refused(review, message)


def _refused(review: Review, message: str) -> StatusError:
    name = ((review.obj or {}).get("metadata") or {}).get("name") or ""
    return status.forbidden(review.call.kind, name, message)
