"""What kube-apiserver fills in of webhook configurations and admission policies. Pure.

Source: API reference, admissionregistration.k8s.io/v1.
"""

from typing import Any

from cluster.api.types import Object


def mutating(obj: Object) -> None:
    """MutatingWebhookConfiguration."""
    _common(obj)
    for hook in obj.get("webhooks") or ():
        hook.setdefault("reinvocationPolicy", "Never")


def validating(obj: Object) -> None:
    """ValidatingWebhookConfiguration."""
    _common(obj)


def _common(obj: Object) -> None:
    for hook in obj.get("webhooks") or ():
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        hook.setdefault("timeoutSeconds", 10)
        for rule in hook.get("rules") or ():
            rule.setdefault("scope", "*")
        service = (hook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            service.setdefault("port", 443)


def policy(obj: Object) -> None:
    """MutatingAdmissionPolicy and ValidatingAdmissionPolicy."""
    spec = obj.get("spec")
    if isinstance(spec, dict):
        spec.setdefault("failurePolicy", "Fail")
        _constraints(spec.get("matchConstraints"))


def binding(obj: Object) -> None:
    """Of either."""
    spec = obj.get("spec")
    if isinstance(spec, dict):
        _constraints(spec.get("matchResources"))


def _constraints(given: Any) -> None:
    if not isinstance(given, dict):
        return
    given.setdefault("matchPolicy", "Equivalent")
    given.setdefault("namespaceSelector", {})
    given.setdefault("objectSelector", {})
    for name in ("resourceRules", "excludeResourceRules"):
        for rule in given.get(name) or ():
            rule.setdefault("scope", "*")
