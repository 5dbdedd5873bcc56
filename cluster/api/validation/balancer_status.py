"""Rules of where a load balancer answers: the status of Services and Ingresses.

Source: API reference, LoadBalancerIngress and IngressLoadBalancerIngress; KEP-1860 (ipMode).
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import address_of, check_address

_PATH = "status.loadBalancer.ingress"
_MODES = frozenset(("Proxy", "VIP"))


def check_service_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Only of a load balancer; an address says who answers for it."""
    listed = _listed(new)
    if listed and (new.get("spec") or {}).get("type") != "LoadBalancer":
        detail = "may only be used when `spec.type` is 'LoadBalancer'"
        found.append(causes.forbidden(_PATH, detail))
        return
    _places(old, listed, found)
    for position, item in enumerate(listed):
        path, mode = f"{_PATH}[{position}].ipMode", item.get("ipMode")
        if mode is None and item.get("ip"):
            found.append(causes.required(path, "must be specified when `ip` is set"))
        elif mode is not None and not item.get("ip"):
            found.append(causes.forbidden(path, "may not be specified when `ip` is not set"))
        elif mode is not None and mode not in _MODES:
            found.append(causes.unsupported(path, mode, _MODES))


def check_ingress_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Addresses and names of whatever serves the Ingress."""
    _places(old, _listed(new), found)


def _listed(obj: Object) -> Any:
    return ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()


def _places(old: Object, listed: Any, found: list[Cause]) -> None:
    known = [item["ip"] for item in _listed(old) if item.get("ip")]
    for position, item in enumerate(listed):
        address, name = item.get("ip") or "", item.get("hostname") or ""
        if address:
            check_address(f"{_PATH}[{position}].ip", address, found, known)
        if name:
            path = f"{_PATH}[{position}].hostname"
            causes.each(path, name, names.subdomain_errors(name), found)
            if address_of(name) is not None:
                detail = "must be a DNS name, not an IP address"
                found.append(causes.invalid(path, name, detail))
