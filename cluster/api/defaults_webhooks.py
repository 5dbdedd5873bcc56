"""What kube-apiserver fills in of webhook configurations. Pure.

Source: API reference, admissionregistration.k8s.io/v1.
"""

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
