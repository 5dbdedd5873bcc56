"""Who a request is for, as headers of a request to another API server. Pure.

Source: "Configure the Aggregation Layer", Kubernetes Apiserver Proxies the Request: the server
behind believes these headers because of the client certificate that comes with them. So the
client's own must never get there. Must not know: the rest of the request.
"""

from actors.apiserver.call import Caller
from actors.apiserver.streaming.proxy_headers import Pairs
from cluster import names
from cluster.api import status

PREFIX = "x-remote-"
# As which the API server asks for itself: may see everything, as it must.
MYSELF = Caller("system:kube-aggregator", (names.GROUP_MASTERS,))
# RFC 9110 section 5.6.2, tchar; without %, which marks what is encoded.
_TOKEN = frozenset(b"!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def is_claim(name: str) -> bool:
    """Whether a header says who somebody is. Some servers take _ for -."""
    return name.lower().replace("_", "-").startswith(PREFIX)


def headers_of(caller: Caller) -> Pairs:
    """Raises StatusError 400 for a name that a header cannot carry as it is."""
    pairs = [("X-Remote-User", caller.user)]
    if caller.uid:
        pairs.append(("X-Remote-Uid", caller.uid))
    pairs += [("X-Remote-Group", group) for group in caller.groups]
    for key, values in caller.extra.items():
        pairs += [(f"X-Remote-Extra-{escaped(key)}", value) for value in values]
    for name, value in pairs:
        if value != value.strip() or any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
            raise status.bad_request(f"the user's identity does not fit into the header {name}")
    return pairs


def escaped(key: str) -> str:
    """A key of extra as part of a header's name."""
    return "".join(chr(one) if one in _TOKEN else f"%{one:02X}" for one in key.encode())
