"""Rules of MutatingWebhookConfiguration and ValidatingWebhookConfiguration.

Source: API reference, admissionregistration.k8s.io/v1. Must not know how webhooks are asked.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.expressions import check_match_conditions
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.webhook_clients import check_client_config

REVIEW_VERSIONS = ("v1", "v1beta1")
_OPERATIONS = frozenset(("*", "CREATE", "UPDATE", "DELETE", "CONNECT"))
_SCOPES = frozenset(("*", "Cluster", "Namespaced"))
_CHOICES = (
    ("failurePolicy", frozenset(("Fail", "Ignore"))),
    ("matchPolicy", frozenset(("Equivalent", "Exact"))),
    ("reinvocationPolicy", frozenset(("IfNeeded", "Never"))),
)
_HARMLESS = frozenset(("None", "NoneOnDryRun"))


def check_webhook_configuration(obj: Object, found: list[Cause]) -> None:
    """All webhooks of either kind."""
    seen: set[str] = set()
    for position, hook in enumerate(obj.get("webhooks") or ()):
        path = f"webhooks[{position}]"
        _webhook(path, hook, found)
        name = hook.get("name") or ""
        if name in seen:
            found.append(causes.duplicate(f"{path}.name", name))
        seen.add(name)


def _webhook(path: str, hook: Object, found: list[Cause]) -> None:
    _name(f"{path}.name", hook.get("name") or "", found)
    _versions(f"{path}.admissionReviewVersions", hook.get("admissionReviewVersions"), found)
    for position, rule in enumerate(hook.get("rules") or ()):
        check_rule(f"{path}.rules[{position}]", rule, found)
    for field, supported in _CHOICES:
        value = hook.get(field)
        if value is not None and value not in supported:
            found.append(causes.unsupported(f"{path}.{field}", value, supported))
    effects = hook.get("sideEffects")
    if effects is None:
        detail = "must specify one of None, NoneOnDryRun"
        found.append(causes.required(f"{path}.sideEffects", detail))
    elif effects not in _HARMLESS:
        found.append(causes.unsupported(f"{path}.sideEffects", effects, _HARMLESS))
    seconds = hook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= 30:
        detail = "the timeout value must be between 1 and 30 seconds"
        found.append(causes.invalid(f"{path}.timeoutSeconds", seconds, detail))
    for field in ("namespaceSelector", "objectSelector"):
        check_label_selector(f"{path}.{field}", hook.get(field), found)
    check_client_config(f"{path}.clientConfig", hook.get("clientConfig") or {}, found)
    check_match_conditions(f"{path}.matchConditions", hook.get("matchConditions"), found)


def _name(path: str, name: str, found: list[Cause]) -> None:
    if not name:
        found.append(causes.required(path))
        return
    errors = names.subdomain_errors(name)
    causes.each(path, name, errors, found)
    if not errors and name.count(".") < 2:
        detail = "should be a domain with at least three segments separated by dots"
        found.append(causes.invalid(path, name, detail))


def _versions(path: str, versions: list[str] | None, found: list[Cause]) -> None:
    if not versions:
        detail = f"must specify one of {', '.join(REVIEW_VERSIONS)}"
        found.append(causes.required(path, detail))
        return
    seen: set[str] = set()
    for position, version in enumerate(versions):
        if version in seen:
            found.append(causes.duplicate(f"{path}[{position}]", version))
        seen.add(version)
        causes.each(f"{path}[{position}]", version, names.dns_1035_errors(version), found)
    if not seen & set(REVIEW_VERSIONS):
        detail = f"must include at least one of {', '.join(REVIEW_VERSIONS)}"
        found.append(causes.invalid(path, versions, detail))


def check_rule(path: str, rule: Object, found: list[Cause]) -> None:
    """A RuleWithOperations."""
    operations = rule.get("operations") or []
    _listed(f"{path}.operations", operations, "operations", found)
    for position, operation in enumerate(operations):
        if operation not in _OPERATIONS:
            place = f"{path}.operations[{position}]"
            found.append(causes.unsupported(place, operation, _OPERATIONS))
    _listed(f"{path}.apiGroups", rule.get("apiGroups") or [], "API groups", found)
    versions = rule.get("apiVersions") or []
    _listed(f"{path}.apiVersions", versions, "API versions", found)
    for position, version in enumerate(versions):
        if not version:
            found.append(causes.required(f"{path}.apiVersions[{position}]"))
    _resources(f"{path}.resources", rule.get("resources") or [], found)
    scope = rule.get("scope")
    if scope is not None and scope not in _SCOPES:
        found.append(causes.unsupported(f"{path}.scope", scope, _SCOPES))


def _listed(path: str, values: list[str], what: str, found: list[Cause]) -> None:
    if not values:
        found.append(causes.required(path))
    elif "*" in values and len(values) > 1:
        detail = f"if '*' is present, must not specify other {what}"
        found.append(causes.invalid(path, values, detail))


def _resources(path: str, resources: list[str], found: list[Cause]) -> None:
    """Wildcards leave nothing to name beside them."""
    if not resources:
        found.append(causes.required(path))
    whole: set[str] = set()
    everywhere: set[str] = set()
    for position, text in enumerate(resources):
        place = f"{path}[{position}]"
        if not text:
            found.append(causes.required(place))
            continue
        resource, slash, part = text.partition("/")
        if resource == "*" and part == "*":
            if len(resources) > 1:
                detail = "if '*/*' is present, must not specify other resources"
                found.append(causes.invalid(path, resources, detail))
            continue
        if part in everywhere and resource != "*":
            detail = f"if '*/{part}' is present, must not specify {text}"
            found.append(causes.invalid(place, text, detail))
        if resource in whole and part != "*" and slash:
            detail = f"if '{resource}/*' is present, must not specify {text}"
            found.append(causes.invalid(place, text, detail))
        if part == "*":
            whole.add(resource)
        elif resource == "*" and slash:
            everywhere.add(part)
    plain = [text for text in resources if text and "/" not in text]
    if "*" in plain and len(plain) > 1:
        detail = "if '*' is present, must not specify other resources without subresources"
        found.append(causes.invalid(path, resources, detail))
