"""The table of subresource handlers. Must not know: what each does."""

from actors.apiserver.subresources import (
    account_token,
    binding,
    ephemeral_containers,
    eviction,
    log,
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
    ("", "pods", "ephemeralcontainers"): ephemeral_containers.handle,
    ("", "pods", "eviction"): eviction.handle,
    ("", "pods", "exec"): streamed.handle,
    ("", "pods", "log"): log.handle,
    ("", "pods", "portforward"): streamed.handle,
    ("certificates.k8s.io", "certificatesigningrequests", "approval"): status_part.handle_part,
    ("", "serviceaccounts", "token"): account_token.handle,
}


def handler_of(kind: Kind, subresource: str) -> Handler | None:
    """None if this release does not serve it."""
    known = _OF_KIND.get((kind.group, kind.plural, subresource))
    return known or _COMMON.get(subresource)
