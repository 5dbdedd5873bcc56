"""What a CustomResourceDefinition must be, beyond its schema, in Kubernetes' words.

Source: the API reference of CustomResourceDefinition. Must not know other definitions: conflicts of
names are ``naming.py``'s.
"""

from typing import Any

from cluster.api import names
from cluster.api.custom.approval import check_approval
from cluster.api.custom.definition import ESTABLISHED, is_true
from cluster.api.custom.version_rules import check_versions
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_SCOPES = frozenset(("Cluster", "Namespaced"))
_STRATEGIES = frozenset(("None", "Webhook"))


def check_definition(obj: Object, found: list[Cause]) -> None:
    """A new definition that has its defaults."""
    spec = obj.get("spec") or {}
    given = spec.get("names") or {}
    wanted = f"{given.get('plural', '')}.{spec.get('group', '')}"
    name = (obj.get("metadata") or {}).get("name")
    if name and name != wanted:
        detail = 'must be spec.names.plural+"."+spec.group'
        found.append(causes.invalid("metadata.name", name, detail))
    check_approval(obj, None, found)
    _check_rest(obj, spec, found)


def _check_rest(obj: Object, spec: Object, found: list[Cause]) -> None:
    _check_group(spec, found)
    causes.one_of("spec.scope", spec.get("scope"), _SCOPES, found)
    _check_names(spec.get("names") or {}, "spec.names", found)
    if spec.get("preserveUnknownFields"):
        detail = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        found.append(causes.invalid("spec.preserveUnknownFields", True, detail))
    check_versions(spec.get("versions") or [], found)
    _check_conversion(spec.get("conversion") or {}, found)
    _check_stored(obj, spec, found)


def check_definition_update(old: Object, new: Object, found: list[Cause]) -> None:
    """A changed definition, and what an update may not change."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    check_approval(new, old, found)
    if before == after:
        return
    _check_rest(new, after, found)
    names_before, names_after = before.get("names") or {}, after.get("names") or {}
    fixed: list[tuple[str, Any, Any]] = [
        ("spec.group", before.get("group"), after.get("group")),
        ("spec.names.plural", names_before.get("plural"), names_after.get("plural")),
    ]
    if is_true(old, ESTABLISHED):
        fixed.append(("spec.scope", before.get("scope"), after.get("scope")))
        fixed.append(("spec.names.kind", names_before.get("kind"), names_after.get("kind")))
    for path, was, now in fixed:
        if was != now:
            found.append(causes.invalid(path, now, causes.IMMUTABLE))


def _check_group(spec: Object, found: list[Cause]) -> None:
    group = spec.get("group") or ""
    if not group:
        found.append(causes.required("spec.group"))
        return
    errors = names.subdomain_errors(group)
    causes.each("spec.group", group, errors, found)
    if not errors and "." not in group:
        detail = "should be a domain with at least one dot"
        found.append(causes.invalid("spec.group", group, detail))


def _check_names(given: Object, path: str, found: list[Cause]) -> None:
    for name in ("plural", "singular", "kind", "listKind"):
        value = given.get(name) or ""
        if not value:
            found.append(causes.required(f"{path}.{name}"))
        else:
            mixed = name in ("kind", "listKind")
            for error in names.dns_1035_errors(value.lower() if mixed else value):
                told = f"may have mixed case, but should otherwise match: {error}"
                found.append(causes.invalid(f"{path}.{name}", value, told if mixed else error))
    if given.get("kind") and given.get("kind") == given.get("listKind"):
        detail = "kind and listKind may not be the same"
        found.append(causes.invalid(f"{path}.listKind", given["listKind"], detail))
    for position, value in enumerate(given.get("shortNames") or ()):
        causes.each(f"{path}.shortNames[{position}]", value, names.dns_1035_errors(value), found)
    for position, value in enumerate(given.get("categories") or ()):
        causes.each(f"{path}.categories[{position}]", value, names.dns_1035_errors(value), found)


def _check_conversion(conversion: Object, found: list[Cause]) -> None:
    strategy, webhook = conversion.get("strategy"), conversion.get("webhook") or {}
    causes.one_of("spec.conversion.strategy", strategy, _STRATEGIES, found)
    # Places are told as in Kubernetes' own form of a definition, where a webhook has none.
    path, reviews_path = (
        "spec.conversion.webhookClientConfig",
        "spec.conversion.conversionReviewVersions",
    )
    client, reviews = webhook.get("clientConfig"), webhook.get("conversionReviewVersions") or []
    if strategy != "Webhook":
        detail = "should not be set when strategy is not set to Webhook"
        for place, value in ((path, client), (reviews_path, reviews)):
            if value:
                found.append(causes.forbidden(place, detail))
        return
    if not client:
        detail = "required when strategy is set to Webhook"
        found.append(causes.required(path, detail))
    elif bool(client.get("url")) == bool(client.get("service")):
        found.append(causes.required(path, "exactly one of url or service is required"))
    elif client.get("url") and not client["url"].startswith("https://"):
        detail = "'https' is the only allowed URL scheme"
        found.append(causes.invalid(f"{path}.url", client["url"], detail))
    _check_reviews(reviews, reviews_path, found)


def _check_reviews(reviews: list[str], path: str, found: list[Cause]) -> None:
    if not reviews:
        found.append(causes.required(path))
        return
    for position, name in enumerate(reviews):
        place = f"{path}[{position}]"
        if name in reviews[:position]:
            found.append(causes.invalid(place, name, "duplicate version"))
        else:
            causes.each(place, name, names.dns_1035_errors(name), found)
    if "v1" not in reviews and "v1beta1" not in reviews:
        detail = "must include at least one of v1, v1beta1"
        found.append(causes.invalid(path, reviews, detail))


def _check_stored(obj: Object, spec: Object, found: list[Cause]) -> None:
    """What is stored in a version must stay readable."""
    path, stored = "status.storedVersions", (obj.get("status") or {}).get("storedVersions") or []
    if not stored:
        found.append(causes.invalid(path, None, "must have at least one stored version"))
        return
    left = {name: position for position, name in enumerate(stored)}
    for item in spec.get("versions") or ():
        name = item.get("name") or ""
        if left.pop(name, None) is None and item.get("storage"):
            found.append(causes.invalid(path, stored, f"must have the storage version {name}"))
    for name, position in left.items():
        found.append(
            causes.invalid(
                f"{path}[{position}]",
                name,
                "missing from spec.versions; "
                f"{name} was previously a storage version, and must remain in "
                "spec.versions until a storage migration ensures no data remains "
                f"persisted in {name} and removes {name} from status.storedVersions",
            )
        )
