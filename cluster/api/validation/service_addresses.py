"""Rules of a Service's cluster IPs and their families. Must not know which addresses are free.

Source: docs "IPv4/IPv6 dual-stack" and "Service"; KEP-563. The cluster has addresses of one family,
IPv4: what asks for more is refused, but for a headless Service without a selector, which gets none.
"""

from collections.abc import Sequence
from typing import Any

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import address_of, check_address

HEADLESS = "None"
SINGLE = "SingleStack"
BOTH = "RequireDualStack"
FAMILY = "IPv4"
OTHER_FAMILY = "IPv6"
_FAMILIES = frozenset((FAMILY, OTHER_FAMILY))
_POLICIES = frozenset((SINGLE, "PreferDualStack", BOTH))
_IPS = "spec.clusterIPs"
_FIELD = "spec.ipFamilies"
_POLICY = "spec.ipFamilyPolicy"
_ONCE = "may not change once set"


def is_headless(spec: Object) -> bool:
    """True if it has a name, but no address."""
    return (spec.get("clusterIPs") or []) == [HEADLESS]


def is_unselective(spec: Object) -> bool:
    """True if it is headless, and someone else says what its endpoints are."""
    return is_headless(spec) and not spec.get("selector")


def family_of(value: str) -> str:
    """Of an address."""
    address = address_of(value)
    return OTHER_FAMILY if address is not None and address.version == 6 else FAMILY


def check_addresses(spec: Object, before: Object | None, found: list[Cause]) -> None:
    """What a Service that is no ExternalName asks for. ``before``: the spec it had."""
    count = len(found)
    _in_step(spec, found)
    families = spec.get("ipFamilies") or []
    for position, family in enumerate(families):
        if family not in _FAMILIES:
            found.append(causes.unsupported(f"{_FIELD}[{position}]", family, _FAMILIES))
        if family in families[:position]:
            found.append(causes.duplicate(f"{_FIELD}[{position}]", family))
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in _POLICIES:
        found.append(causes.unsupported(_POLICY, policy, _POLICIES))
    _addresses(spec.get("clusterIPs") or [], families, (before or {}).get("clusterIPs"), found)
    if len(found) == count:
        _counts(spec, before or {}, found)
    if len(found) == count and not is_unselective(spec):
        _offered(spec, found)


def check_addresses_update(before: Object, after: Object, found: list[Cause]) -> None:
    """The first address stays, and so does its family; the second may come and go. Not asked of
    what is or was an ExternalName."""
    headless = is_headless(before), is_headless(after)
    if all(headless):
        return
    old, new = before.get("clusterIPs") or [], after.get("clusterIPs") or []
    if old and not new:
        detail = "primary clusterIP can not be unset"
        found.append(causes.invalid(f"{_IPS}[0]", new, detail))
    _stays(_IPS, old, new, found)
    if not any(headless):
        _stays(_FIELD, before.get("ipFamilies") or [], after.get("ipFamilies") or [], found)


def _stays(path: str, old: Sequence[Any], new: Sequence[Any], found: list[Cause]) -> None:
    both = len(old) == len(new)
    for position, (was, now) in enumerate(zip(old, new, strict=False)):
        if was != now and (both or position == 0):
            found.append(causes.invalid(f"{path}[{position}]", list(new), _ONCE))


def _in_step(spec: Object, found: list[Cause]) -> None:
    """The elder field is the first of the list."""
    address, listed = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if address and not listed:
        found.append(causes.required(_IPS))
    elif address and listed[0] != address:
        found.append(causes.invalid(_IPS, listed, "first value must match `clusterIP`"))
    elif listed and not address:
        detail = "must be empty when `clusterIP` is not specified"
        found.append(causes.invalid(_IPS, listed, detail))


def _addresses(
    listed: list[str], families: list[str], known: list[str] | None, found: list[Cause]
) -> None:
    count = len(found)
    for position, value in enumerate(listed):
        if position == 0 and value == HEADLESS:
            if len(listed) > 1:
                detail = "'None' must be the first and only value"
                found.append(causes.invalid(_IPS, listed, detail))
            continue
        check_address(f"{_IPS}[{position}]", value or "", found, known or ())
    wrong = len(found) > count
    if len(listed) > len(_FAMILIES):
        found.append(causes.invalid(_IPS, listed, "may only hold up to 2 values"))
    if wrong or listed == [HEADLESS]:
        return
    own = [family_of(value) for value in listed]
    if len(own) > 1 and (len(own) > len(_FAMILIES) or len(set(own)) < len(own)):
        detail = "may specify no more than one IP for each IP family"
        found.append(causes.invalid(_IPS, listed, detail))
    for position, (family, wanted) in enumerate(zip(own, families, strict=False)):
        if wanted in _FAMILIES and family != wanted:
            detail = f"expected an {wanted} value as indicated by `ipFamilies[{position}]`"
            found.append(causes.invalid(f"{_IPS}[{position}]", listed[position], detail))


def _counts(spec: Object, before: Object, found: list[Cause]) -> None:
    """Two of a thing are asked for by the policy, and given up by it."""
    policy = spec.get("ipFamilyPolicy") or SINGLE
    listed, families = spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    for name, given, said, gone in (
        ("clusterIPs", listed, "cluster IPs", "cluster IP"),
        ("ipFamilies", families, "IP families", "IP family"),
    ):
        if policy == SINGLE and len(given) == len(_FAMILIES):
            detail = f"must be '{BOTH}' or 'PreferDualStack' when multiple {said} are specified"
            found.append(causes.invalid(_POLICY, policy, detail))
        elif policy != SINGLE and 0 < len(given) < len(before.get(name) or ()):
            detail = f"must be '{SINGLE}' to release the secondary {gone}"
            found.append(causes.invalid(_POLICY, policy, detail))
    for position, value in enumerate(listed[len(families) :], len(families)):
        if value != HEADLESS and family_of(value) != FAMILY:
            detail = f"{family_of(value)} is not configured on this cluster"
            found.append(causes.invalid(f"{_IPS}[{position}]", listed, detail))


def _offered(spec: Object, found: list[Cause]) -> None:
    """What the cluster has."""
    if spec.get("ipFamilyPolicy") == BOTH:
        detail = "this cluster is not configured for dual-stack services"
        found.append(causes.invalid(_POLICY, BOTH, detail))
    for position, family in enumerate(spec.get("ipFamilies") or ()):
        if family != FAMILY:
            detail = "not configured on this cluster"
            found.append(causes.invalid(f"{_FIELD}[{position}]", family, detail))
