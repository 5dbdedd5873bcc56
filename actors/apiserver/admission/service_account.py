"""A pod runs as a ServiceAccount, the default one if it names none, and gets a token of it.

Source: Kubernetes docs "Service Accounts", "Managing Service Accounts".
"""

from actors.apiserver.admission.plugin import Review
from cluster.api import status, token_volume
from cluster.api.encoding import decode_shared
from cluster.api.kinds import by_resource
from cluster.api.names import random_suffix
from cluster.api.patches import copy_json

DEFAULT = "default"
MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_ACCOUNTS = by_resource("", "v1", "serviceaccounts")


async def admit(review: Review) -> None:
    """Raises StatusError 403 if a pod names an account that does not exist.

    The default account may be missing: its controller makes it a moment after the namespace. The
    kubelet waits for its token then.
    """
    if review.call.resource != ("", "pods") or review.operation != "CREATE":
        return
    assert review.obj is not None and _ACCOUNTS is not None
    metadata, spec = review.obj["metadata"], review.obj["spec"]
    if MIRROR_ANNOTATION in (metadata.get("annotations") or {}):
        return
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or DEFAULT
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    objects = review.environment.objects
    found = await objects.find(_ACCOUNTS, review.call.namespace, name, review.fresh)
    if found is None and name != DEFAULT:
        found = await objects.find(_ACCOUNTS, review.call.namespace, name, True)
    if found is None and name != DEFAULT:
        raise status.forbidden(
            review.call.kind,
            metadata.get("name") or "",
            f"error looking up service account {review.call.namespace}/{name}: "
            f'serviceaccount "{name}" not found',
        )
    account = {} if found is None else decode_shared(found.value)
    if token_volume.wanted(spec, account):
        token_volume.mount(spec, random_suffix(review.environment.entropy.choice))
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = copy_json(account["imagePullSecrets"])
