"""Rules of a pod's names: its own host name, those it looks up, those its hosts file has.

Source: docs "DNS for Services and Pods", "Adding entries to Pod /etc/hosts"; KEP-4427 (searches),
KEP-4762 (hostnameOverride). Must not know who answers.
"""

import re

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_address

_POLICIES = frozenset(("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))
_SERVERS_MAX = 3
_SEARCHES_MAX = 32
_SEARCH_TEXT_MAX = 2048
_HOSTNAME_MAX = 64
_PART = "[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?"
_SEARCH = re.compile(rf"{_PART}(\.{_PART})*")
_SEARCH_DETAIL = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' "
    "or '.', and must start and end with an alphanumeric character or '_'"
)


def check_dns(path: str, spec: Object, found: list[Cause]) -> None:
    """dnsPolicy and dnsConfig of the spec at ``path``."""
    policy, config = spec.get("dnsPolicy"), spec.get("dnsConfig") or {}
    if policy not in _POLICIES:
        causes.one_of(f"{path}.dnsPolicy", policy, _POLICIES, found)
    place = f"{path}.dnsConfig"
    if policy == "None" and spec.get("dnsConfig") is None:
        detail = "must provide `dnsConfig` when `dnsPolicy` is None"
        found.append(causes.required(place, detail))
    elif policy == "None" and not config.get("nameservers"):
        detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        found.append(causes.required(f"{place}.nameservers", detail))
    elif config:
        _servers(f"{place}.nameservers", config.get("nameservers") or [], found)
        _searches(f"{place}.searches", config.get("searches") or [], found)
        for position, option in enumerate(config.get("options") or ()):
            if not option.get("name"):
                found.append(causes.required(f"{place}.options[{position}]", "must not be empty"))


def check_host_aliases(path: str, aliases: list[Object], found: list[Cause]) -> None:
    """Lines of the hosts file."""
    for position, alias in enumerate(aliases):
        check_address(f"{path}[{position}].ip", alias.get("ip") or "", found)
        for number, name in enumerate(alias.get("hostnames") or ()):
            place = f"{path}[{position}].hostnames[{number}]"
            causes.each(place, name, names.subdomain_errors(name), found)


def check_hostname(path: str, spec: Object, found: list[Cause]) -> None:
    """What the pod calls itself."""
    for name in ("hostname", "subdomain"):
        value = spec.get(name)
        if value:
            errors = names.dns_label_errors(value)
            if errors:
                causes.each(f"{path}.{name}", value, errors, found)
    override = spec.get("hostnameOverride")
    if override is None:
        return
    place = f"{path}.hostnameOverride"
    causes.each(place, override, names.subdomain_errors(override), found)
    if len(override) > _HOSTNAME_MAX:
        found.append(causes.too_long(place, _HOSTNAME_MAX))
    for name in ("setHostnameAsFQDN", "hostNetwork"):
        if spec.get(name):
            detail = f"may not be set together with `{name}`"
            found.append(causes.forbidden(place, detail))


def _servers(path: str, servers: list[str], found: list[Cause]) -> None:
    if len(servers) > _SERVERS_MAX:
        detail = f"must not have more than {_SERVERS_MAX} nameservers"
        found.append(causes.invalid(path, servers, detail))
    for position, server in enumerate(servers):
        check_address(f"{path}[{position}]", server, found)


def _searches(path: str, searches: list[str], found: list[Cause]) -> None:
    if len(searches) > _SEARCHES_MAX:
        detail = f"must not have more than {_SEARCHES_MAX} search paths"
        found.append(causes.invalid(path, searches, detail))
    if len(" ".join(searches)) > _SEARCH_TEXT_MAX:
        detail = f"must not have more than {_SEARCH_TEXT_MAX} characters (including spaces) in the "
        found.append(causes.invalid(path, searches, f"{detail}search list"))
    for position, search in enumerate(searches):
        name = search.removesuffix(".")
        if search == ".":
            continue
        place = f"{path}[{position}]"
        if len(name) > names.SUBDOMAIN_MAX:
            detail = f"must be no more than {names.SUBDOMAIN_MAX} bytes"
            found.append(causes.invalid(place, name, detail))
        elif not _SEARCH.fullmatch(name):
            found.append(causes.invalid(place, name, _SEARCH_DETAIL))
