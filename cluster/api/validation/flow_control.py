"""Rules of FlowSchemas and PriorityLevelConfigurations. Must not know requests.

Source: docs "API Priority and Fairness"; API reference, flowcontrol.apiserver.k8s.io/v1.
"""

import math
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

PRECEDENCE_MAX = 10_000
QUEUES_MAX = 10_000_000
# Bits that choosing a hand out of the queues may take: the hash has 64.
ENTROPY_BITS_MAX = 60
EXEMPT = "exempt"
VERBS = frozenset(
    ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
)
_METHODS = frozenset(("ByNamespace", "ByUser"))
_SUBJECTS = {"User": "user", "Group": "group", "ServiceAccount": "serviceAccount"}
_TYPES = frozenset(("Exempt", "Limited"))
_RESPONSES = frozenset(("Queue", "Reject"))


def check_flow_schema(obj: Object, found: list[Cause]) -> None:
    """Which requests, in which order, at which priority level."""
    spec, name = obj.get("spec") or {}, (obj.get("metadata") or {}).get("name") or ""
    precedence, path = spec.get("matchingPrecedence", 0), "spec.matchingPrecedence"
    if precedence <= 0:
        found.append(causes.invalid(path, precedence, "must be a positive value"))
    if precedence > PRECEDENCE_MAX:
        detail = f"must not be greater than {PRECEDENCE_MAX}"
        found.append(causes.invalid(path, precedence, detail))
    if precedence == 1 and name != EXEMPT:
        detail = "only the schema named 'exempt' may have matchingPrecedence 1"
        found.append(causes.invalid(path, precedence, detail))
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in _METHODS:
        path = "spec.distinguisherMethod"
        found.append(causes.unsupported(path, method.get("type") or "", _METHODS))
    level = (spec.get("priorityLevelConfiguration") or {}).get("name") or ""
    path = "spec.priorityLevelConfiguration.name"
    if not level:
        found.append(causes.required(path, "must reference a priority level"))
    else:
        causes.each(path, level, names.subdomain_errors(level), found)
    for position, rule in enumerate(spec.get("rules") or ()):
        _rule(f"spec.rules[{position}]", rule, found)


def _rule(path: str, rule: Object, found: list[Cause]) -> None:
    subjects = rule.get("subjects") or ()
    if not subjects:
        detail = "subjects must contain at least one value"
        found.append(causes.required(f"{path}.subjects", detail))
    for position, subject in enumerate(subjects):
        _subject(f"{path}.subjects[{position}]", subject, found)
    resources, urls = rule.get("resourceRules") or (), rule.get("nonResourceRules") or ()
    if not resources and not urls:
        detail = "at least one of resourceRules and nonResourceRules has to be non-empty"
        found.append(causes.required(path, detail))
    for position, item in enumerate(resources):
        _resources(f"{path}.resourceRules[{position}]", item, found)
    for position, item in enumerate(urls):
        _urls(f"{path}.nonResourceRules[{position}]", item, found)


def _subject(path: str, subject: Object, found: list[Cause]) -> None:
    kind = subject.get("kind") or ""
    if kind not in _SUBJECTS:
        found.append(causes.unsupported(f"{path}.kind", kind, _SUBJECTS))
        return
    for other, field in _SUBJECTS.items():
        if other != kind and subject.get(field) is not None:
            detail = f"{field} is forbidden when subject kind is not '{other}'"
            found.append(causes.forbidden(f"{path}.{field}", detail))
    field = _SUBJECTS[kind]
    named = subject.get(field)
    if named is None:
        detail = f"{field} is required when subject kind is '{kind}'"
        found.append(causes.required(f"{path}.{field}", detail))
        return
    name, place = named.get("name") or "", f"{path}.{field}"
    if not name:
        found.append(causes.required(f"{place}.name"))
    if kind == "ServiceAccount":
        namespace = named.get("namespace") or ""
        if name and name != "*":
            causes.each(f"{place}.name", name, names.subdomain_errors(name), found)
        if not namespace:
            detail = "must specify namespace for service account"
            found.append(causes.required(f"{place}.namespace", detail))
        else:
            errors = names.dns_label_errors(namespace)
            causes.each(f"{place}.namespace", namespace, errors, found)


def _listed(path: str, values: list[str], none: str, what: str, found: list[Cause]) -> None:
    """At least one; if ``*``, then nothing else."""
    if not values:
        found.append(causes.required(path, none))
    elif "*" in values and len(values) > 1:
        detail = f"if '*' is present, must not specify other {what}"
        found.append(causes.invalid(path, values, detail))


def _verbs(path: str, rule: Object, found: list[Cause]) -> None:
    verbs = rule.get("verbs") or []
    _listed(f"{path}.verbs", verbs, "verbs must contain at least one value", "verbs", found)
    if "*" not in verbs and any(verb not in VERBS for verb in verbs):
        found.append(causes.unsupported(f"{path}.verbs", verbs, VERBS))


def _resources(path: str, rule: Object, found: list[Cause]) -> None:
    _verbs(path, rule, found)
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    spaces = rule.get("namespaces") or []
    none = "resource rules must supply at least one api group"
    _listed(f"{path}.apiGroups", groups, none, "api groups", found)
    none = "resource rules must supply at least one resource"
    _listed(f"{path}.resources", resources, none, "resources", found)
    if spaces or not rule.get("clusterScope"):
        none = "resource rules that are not cluster scoped must supply at least one namespace"
        _listed(f"{path}.namespaces", spaces, none, "namespaces", found)
    for position, space in enumerate(spaces):
        if space != "*":
            place = f"{path}.namespaces[{position}]"
            causes.each(place, space, names.dns_label_errors(space), found)


def _urls(path: str, rule: Object, found: list[Cause]) -> None:
    _verbs(path, rule, found)
    urls = rule.get("nonResourceURLs") or []
    none = "nonResourceURLs must contain at least one value"
    _listed(f"{path}.nonResourceURLs", urls, none, "non-resource URLs", found)
    for position, url in enumerate(urls):
        place = f"{path}.nonResourceURLs[{position}]"
        if url == "*":
            continue
        if not url:
            found.append(causes.invalid(place, url, "must not be empty"))
        elif " " in url:
            found.append(causes.invalid(place, url, "must not contain white-space"))
        elif not url.startswith("/"):
            found.append(causes.invalid(place, url, "must start with slash"))
        elif "//" in url:
            found.append(causes.invalid(place, url, "must not contain double slash"))
        elif "*" in url and (url.count("*") > 1 or not url.endswith("/*")):
            found.append(causes.invalid(place, url, "wildcard can only do suffix matching"))


def check_priority_level(obj: Object, found: list[Cause]) -> None:
    """How many requests at once, and what becomes of those beyond."""
    spec, name = obj.get("spec") or {}, (obj.get("metadata") or {}).get("name") or ""
    kind, limited, exempt = spec.get("type"), spec.get("limited"), spec.get("exempt")
    if (kind == "Exempt") != (name == EXEMPT):
        detail = "type must be 'Exempt' if and only if `name` is 'exempt'"
        found.append(causes.invalid("spec.type", kind or "", detail))
    if kind not in _TYPES:
        found.append(causes.unsupported("spec.type", kind or "", _TYPES))
    elif kind == "Exempt":
        if limited is not None:
            detail = "must be nil if the type is not Limited"
            found.append(causes.forbidden("spec.limited", detail))
        if exempt is not None:
            _shares("spec.exempt", exempt, found)
    else:
        if exempt is not None:
            detail = "must be nil if the type is Limited"
            found.append(causes.forbidden("spec.exempt", detail))
        if limited is None:
            detail = "must not be empty when type is Limited"
            found.append(causes.required("spec.limited", detail))
        else:
            _limited("spec.limited", limited, found)


def check_priority_level_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The last level is what it is; of the exempt one only the shares are anybody's to set."""
    name = (new.get("metadata") or {}).get("name")
    if name == "catch-all" and old.get("spec") != new.get("spec"):
        detail = f"spec of '{name}' must equal the fixed value"
        found.append(causes.invalid("spec", new.get("spec"), detail))


def check_flow_schema_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The first and the last schema are what they are."""
    name = (new.get("metadata") or {}).get("name")
    if name in (EXEMPT, "catch-all") and old.get("spec") != new.get("spec"):
        detail = f"spec of '{name}' must equal the fixed value"
        found.append(causes.invalid("spec", new.get("spec"), detail))


def check_flow_status(old: Object, new: Object, found: list[Cause]) -> None:
    """Conditions of either kind: each type once."""
    seen: set[str] = set()
    for position, item in enumerate((new.get("status") or {}).get("conditions") or ()):
        path, kind = f"status.conditions[{position}].type", item.get("type") or ""
        if not kind:
            found.append(causes.required(path, "must not be empty"))
        elif kind in seen:
            found.append(causes.duplicate(path, kind))
        seen.add(kind)


def _shares(path: str, part: Object, found: list[Cause]) -> None:
    shares, lent = part.get("nominalConcurrencyShares"), part.get("lendablePercent")
    if shares is not None and shares < 0:
        place = f"{path}.nominalConcurrencyShares"
        found.append(causes.invalid(place, shares, "must be a non-negative integer"))
    if lent is not None and not 0 <= lent <= 100:
        detail = "must be between 0 and 100, inclusive"
        found.append(causes.invalid(f"{path}.lendablePercent", lent, detail))


def _limited(path: str, limited: Object, found: list[Cause]) -> None:
    _shares(path, limited, found)
    borrowed = limited.get("borrowingLimitPercent")
    if borrowed is not None and borrowed < 0:
        detail = "if specified, must be a non-negative integer"
        found.append(causes.invalid(f"{path}.borrowingLimitPercent", borrowed, detail))
    response = limited.get("limitResponse") or {}
    kind, queuing, place = response.get("type"), response.get("queuing"), f"{path}.limitResponse"
    if kind not in _RESPONSES:
        found.append(causes.unsupported(f"{place}.type", kind or "", _RESPONSES))
    elif kind == "Reject" and queuing is not None:
        detail = "must be nil if limited.limitResponse.type is not Limited"
        found.append(causes.forbidden(f"{place}.queuing", detail))
    elif kind == "Queue" and queuing is None:
        detail = "must not be empty if limited.limitResponse.type is Limited"
        found.append(causes.required(f"{place}.queuing", detail))
    elif kind == "Queue":
        _queuing(f"{place}.queuing", queuing, found)


def _queuing(path: str, queuing: Any, found: list[Cause]) -> None:
    queues, hand = queuing.get("queues", 0), queuing.get("handSize", 0)
    length = queuing.get("queueLengthLimit", 0)
    for name, value in (("queueLengthLimit", length), ("queues", queues), ("handSize", hand)):
        if value <= 0:
            found.append(causes.invalid(f"{path}.{name}", value, "must be positive"))
    if queues > QUEUES_MAX:
        detail = f"must not be greater than {QUEUES_MAX}"
        found.append(causes.invalid(f"{path}.queues", queues, detail))
    elif hand > queues:
        detail = f"should not be greater than queues ({queues})"
        found.append(causes.invalid(f"{path}.handSize", hand, detail))
    elif hand > 0 and entropy_bits(queues, hand) > ENTROPY_BITS_MAX:
        detail = (
            f"required entropy bits of deckSize {queues} and handSize {hand} should not be "
            f"greater than {ENTROPY_BITS_MAX}"
        )
        found.append(causes.invalid(f"{path}.handSize", hand, detail))


def entropy_bits(deck: int, hand: int) -> int:
    """Bits that dealing ``hand`` of ``deck`` cards takes, rounded up; past the bound it stops."""
    bits = 0.0
    for dealt in range(hand):
        bits += math.log2(deck - dealt)
        if bits > 2 * ENTROPY_BITS_MAX:
            break
    return math.ceil(bits)
