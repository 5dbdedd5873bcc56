"""Rules of roles, bindings, and of the questions about access. Must not know who may do what."""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.selected import compiled

_GROUP = "rbac.authorization.k8s.io"
_SUBJECTS = frozenset(("ServiceAccount", "User", "Group"))


def check_role(obj: Object, found: list[Cause]) -> None:
    """A Role: its rules are about one namespace's objects."""
    _rules(obj, True, found)


def check_cluster_role(obj: Object, found: list[Cause]) -> None:
    """A ClusterRole: also paths, and rules gathered from other roles."""
    _rules(obj, False, found)
    gathered = obj.get("aggregationRule")
    if gathered is not None:
        selectors = gathered.get("clusterRoleSelectors") or ()
        path = "aggregationRule.clusterRoleSelectors"
        if not selectors:
            detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            found.append(causes.required(path, detail))
        for position, selector in enumerate(selectors):
            place = f"{path}[{position}]"
            check_label_selector(place, selector, found)
            if compiled(selector) is None:
                found.append(causes.invalid(place, selector, "invalid label selector."))


def check_role_binding(obj: Object, found: list[Cause]) -> None:
    """A RoleBinding may name either kind of role."""
    _binding(obj, frozenset(("Role", "ClusterRole")), found)


def check_cluster_role_binding(obj: Object, found: list[Cause]) -> None:
    """A ClusterRoleBinding names a ClusterRole."""
    _binding(obj, frozenset(("ClusterRole",)), found)


def check_binding_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A binding never changes what it grants, only to whom."""
    if old.get("roleRef") != new.get("roleRef"):
        found.append(causes.invalid("roleRef", new.get("roleRef"), "cannot change roleRef"))


def check_access_review(obj: Object, found: list[Cause]) -> None:
    """SubjectAccessReview and LocalSubjectAccessReview: about whom, and what."""
    spec = obj.get("spec") or {}
    _one_question(spec, found)
    if not spec.get("user") and not spec.get("groups"):
        detail = "at least one of user or group must be specified"
        found.append(causes.invalid("spec.user", spec.get("user", ""), detail))


def check_local_access_review(obj: Object, found: list[Cause]) -> None:
    """The same, within one namespace."""
    check_access_review(obj, found)
    spec = obj.get("spec") or {}
    namespace = (obj.get("metadata") or {}).get("namespace")
    asked = (spec.get("resourceAttributes") or {}).get("namespace")
    if spec.get("nonResourceAttributes") is not None:
        detail = "disallowed on this kind of request"
        found.append(causes.invalid("spec.nonResourceAttributes", {}, detail))
    elif asked != namespace:
        detail = "must match metadata.namespace"
        found.append(causes.invalid("spec.resourceAttributes.namespace", asked or "", detail))


def check_self_access_review(obj: Object, found: list[Cause]) -> None:
    """SelfSubjectAccessReview: about the asker."""
    _one_question(obj.get("spec") or {}, found)


def check_rules_review(obj: Object, found: list[Cause]) -> None:
    """SelfSubjectRulesReview: about one namespace."""
    if not (obj.get("spec") or {}).get("namespace"):
        found.append(causes.required("spec.namespace", "no namespace on request"))


def check_token_review(obj: Object, found: list[Cause]) -> None:
    """TokenReview: a token."""
    if not (obj.get("spec") or {}).get("token"):
        found.append(causes.required("spec.token"))


def check_token_request(obj: Object, found: list[Cause]) -> None:
    """TokenRequest: for how long."""
    seconds = (obj.get("spec") or {}).get("expirationSeconds", 3600)
    path = "spec.expirationSeconds"
    if seconds < 600:
        detail = "may not specify a duration less than 10 minutes"
        found.append(causes.invalid(path, seconds, detail))
    elif seconds > 1 << 32:
        detail = "may not specify a duration larger than 2^32 seconds"
        found.append(causes.invalid(path, seconds, detail))


def _one_question(spec: Object, found: list[Cause]) -> None:
    both = ("resourceAttributes", "nonResourceAttributes")
    if sum(spec.get(name) is not None for name in both) != 1:
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        found.append(causes.invalid("spec.resourceAttributes", None, detail))


def _rules(obj: Object, namespaced: bool, found: list[Cause]) -> None:
    for position, rule in enumerate(obj.get("rules") or ()):
        path = f"rules[{position}]"
        if not rule.get("verbs"):
            detail = "verbs must contain at least one value"
            found.append(causes.required(f"{path}.verbs", detail))
        if rule.get("nonResourceURLs"):
            _path_rule(path, rule, namespaced, found)
            continue
        if not rule.get("apiGroups"):
            detail = "resource rules must supply at least one api group"
            found.append(causes.required(f"{path}.apiGroups", detail))
        if not rule.get("resources"):
            detail = "resource rules must supply at least one resource"
            found.append(causes.required(f"{path}.resources", detail))


def _path_rule(path: str, rule: Object, namespaced: bool, found: list[Cause]) -> None:
    place, urls = f"{path}.nonResourceURLs", rule["nonResourceURLs"]
    if namespaced:
        detail = "namespaced rules cannot apply to non-resource URLs"
        found.append(causes.invalid(place, urls, detail))
    if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
        detail = "rules cannot apply to both regular resources and non-resource URLs"
        found.append(causes.invalid(place, urls, detail))


def _binding(obj: Object, kinds: frozenset[str], found: list[Cause]) -> None:
    reference = obj.get("roleRef") or {}
    if reference.get("apiGroup") != _GROUP:
        group = reference.get("apiGroup", "")
        found.append(causes.unsupported("roleRef.apiGroup", group, (_GROUP,)))
    if reference.get("kind") not in kinds:
        found.append(causes.unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    name = reference.get("name") or ""
    if not name:
        found.append(causes.required("roleRef.name"))
    else:
        causes.each("roleRef.name", name, names.path_segment_errors(name), found)
    namespaced = obj.get("kind") == "RoleBinding"
    for position, subject in enumerate(obj.get("subjects") or ()):
        _subject(f"subjects[{position}]", subject, namespaced, found)


def _subject(path: str, subject: Object, namespaced: bool, found: list[Cause]) -> None:
    name, kind, group = subject.get("name"), subject.get("kind"), subject.get("apiGroup") or ""
    if not name:
        found.append(causes.required(f"{path}.name"))
    elif kind == "ServiceAccount":
        causes.each(f"{path}.name", name, names.subdomain_errors(name), found)
    if kind not in _SUBJECTS:
        found.append(causes.unsupported(f"{path}.kind", kind or "", _SUBJECTS))
        return
    wanted: Any = "" if kind == "ServiceAccount" else _GROUP
    if group != wanted:
        found.append(causes.unsupported(f"{path}.apiGroup", group, (wanted,)))
    if kind == "ServiceAccount" and not subject.get("namespace") and not namespaced:
        found.append(causes.required(f"{path}.namespace"))
