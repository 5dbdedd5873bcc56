"""Rules of NetworkPolicies. Must not know pods.

Source: docs "Network Policies"; API reference, NetworkPolicy v1.
"""

from collections.abc import Collection
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_range, within
from cluster.api.validation.containers import PROTOCOLS
from cluster.api.validation.label_selectors import check_label_selector

_RULES = (("ingress", "from"), ("egress", "to"))
_TYPES = frozenset(("Egress", "Ingress"))


def check_network_policy(obj: Object, found: list[Cause]) -> None:
    """Whom it is about, and what may come in and go out."""
    _policy(obj, found, ())


def check_network_policy_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Ranges that were there may stay as they are written."""
    known: set[str] = set()
    for name, peers in _RULES:
        for rule in (old.get("spec") or {}).get(name) or ():
            for peer in rule.get(peers) or ():
                block = peer.get("ipBlock") or {}
                known.update((block.get("cidr") or "", *(block.get("except") or ())))
    _policy(new, found, known)


def _policy(obj: Object, found: list[Cause], known: Collection[str]) -> None:
    spec = obj.get("spec") or {}
    check_label_selector("spec.podSelector", spec.get("podSelector"), found)
    for name, peers in _RULES:
        for position, rule in enumerate(spec.get(name) or ()):
            path = f"spec.{name}[{position}]"
            for number, port in enumerate(rule.get("ports") or ()):
                _port(f"{path}.ports[{number}]", port, found)
            for number, peer in enumerate(rule.get(peers) or ()):
                _peer(f"{path}.{peers}[{number}]", peer, found, known)
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        detail = "may not specify more than two policyTypes"
        found.append(causes.invalid("spec.policyTypes", types, detail))
        return
    for position, kind in enumerate(types):
        if kind not in _TYPES:
            found.append(causes.unsupported(f"spec.policyTypes[{position}]", kind, _TYPES))


def _port(path: str, item: Object, found: list[Cause]) -> None:
    protocol = item.get("protocol")
    if protocol is not None and protocol not in PROTOCOLS:
        found.append(causes.unsupported(f"{path}.protocol", protocol, PROTOCOLS))
    port, end = item.get("port"), item.get("endPort")
    if isinstance(port, str):
        causes.each(f"{path}.port", port, names.port_name_errors(port), found)
        if end is not None:
            detail = "may not be specified when `port` is non-numeric"
            found.append(causes.invalid(f"{path}.endPort", end, detail))
    elif port is not None:
        causes.port_number(f"{path}.port", port, found)
        if end is not None and end < port:
            detail = "must be greater than or equal to `port`"
            found.append(causes.invalid(f"{path}.endPort", end, detail))
        if end is not None:
            causes.port_number(f"{path}.endPort", end, found)
    elif end is not None:
        detail = "may not be specified when `port` is not specified"
        found.append(causes.invalid(f"{path}.endPort", end, detail))


def _peer(path: str, peer: Object, found: list[Cause], known: Collection[str]) -> None:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if _set(peer, name)]
    for name in given:
        if name != "ipBlock":
            check_label_selector(f"{path}.{name}", peer[name], found)
    if not given:
        found.append(causes.required(path, "must specify a peer"))
    elif "ipBlock" in given:
        if len(given) > 1:
            detail = "may not specify both ipBlock and another peer"
            found.append(causes.forbidden(path, detail))
        _block(f"{path}.ipBlock", peer["ipBlock"], found, known)


def _set(peer: Object, name: str) -> bool:
    return peer.get(name) is not None


def _block(path: str, block: Any, found: list[Cause], known: Collection[str]) -> None:
    whole = block.get("cidr") or ""
    if not whole:
        found.append(causes.required(f"{path}.cidr"))
        return
    outer = check_range(f"{path}.cidr", whole, found, canonical=False, known=known)
    if outer is None:
        return
    for position, value in enumerate(block.get("except") or ()):
        place = f"{path}.except[{position}]"
        inner = check_range(place, value or "", found, canonical=False, known=known)
        if inner is not None and not within(inner, outer):
            found.append(causes.invalid(place, value, "must be a strict subset of `cidr`"))
