"""The table of subresource handlers. Must not know: what each does."""

from actors.apiserver.subresources import (
    account_token,
    binding,
    eviction,
    log,
    pod_part,
    scale,
    status_part,
    streamed,
)
from actors.apiserver.subresources.handler import Handler
from cluster.api.kinds import Kind

# The same wherever a kind has it.
_COMMON: dict[str, Handler] = {
    "proxy": streamed.handle,
    "status": status_part.handle_part,
    "scale": scale.handle,
}
_OF_KIND: dict[tuple[str, str, str], Handler] = {
    ("", "namespaces", "finalize"): status_part.handle_finalize,
    ("", "pods", "attach"): streamed.handle,
    ("", "pods", "binding"): binding.handle,
    ("", "pods", "ephemeralcontainers"): pod_part.handle,
    ("", "pods", "eviction"): eviction.handle,
    ("", "pods", "exec"): streamed.handle,
    ("", "pods", "log"): log.handle,
    ("", "pods", "portforward"): streamed.handle,
    ("", "pods", "resize"): pod_part.handle,
    ("certificates.k8s.io", "certificatesigningrequests", "approval"): status_part.handle_part,
    ("", "serviceaccounts", "token"): account_token.handle,
}


def handler_of(kind: Kind, subresource: str) -> Handler | None:
    """None if this release does not serve it."""
    known = _OF_KIND.get((kind.group, kind.plural, subresource))
    return known or _COMMON.get(subresource)
