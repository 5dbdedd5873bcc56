"""Rules of Ingresses and IngressClasses."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated

INGRESSES = ("networking.k8s.io", "ingresses")
CLASSES = ("networking.k8s.io", "ingressclasses")
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
INGRESS: dict[str, Any] = {
    "spec": {
        "ingressClassName": "web",
        "tls": [{"hosts": ["a.b", "*.a.b"], "secretName": "keys"}],
        "rules": [
            {
                "host": "*.a.b",
                "http": {
                    "paths": [
                        {"path": "/", "pathType": "Prefix", "backend": BACKEND},
                        {
                            "pathType": "ImplementationSpecific",
                            "backend": {"resource": {"kind": "K", "name": "n"}},
                        },
                    ]
                },
            }
        ],
    }
}
CLASS: dict[str, Any] = {
    "spec": {"controller": "a.b/c", "parameters": {"apiGroup": "a.b", "kind": "K", "name": "n"}}
}
PATHS = "spec.rules.0.http.paths"


def fields(found: list[str]) -> set[str]:
    return {item.split(": ")[0] for item in found}


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [("spec.rules", None, "either `defaultBackend` or `rules` must be specified"),
     ("spec.defaultBackend", {}, "spec.defaultBackend: Invalid value: \"\": resource or service"),
     ("spec.ingressClassName", "", "spec.ingressClassName: Invalid"),
     ("spec.tls.0.hosts", ["*"], "spec.tls[0].hosts[0]: Invalid"),
     ("spec.tls.0.hosts", [""], "spec.tls[0].hosts[0]: Invalid"),
     ("spec.tls.0.secretName", "A", "spec.tls[0].secretName: Invalid"),
     ("spec.rules.0.host", "10.0.0.1", "must be a DNS name, not an IP address"),
     ("spec.rules.0.host", "a.*.b", "a wildcard DNS-1123 subdomain must start with"),
     (f"{PATHS}.0", {}, "paths[0].pathType: Required value: pathType must be specified"),
     (f"{PATHS}.0.pathType", "", "paths[0].pathType: Unsupported value"),
     (f"{PATHS}.0.path", "x", "must be an absolute path"),
     (f"{PATHS}.0.path", "/a//b", "must not contain '//'"),
     (f"{PATHS}.0.path", "/a/..", "cannot end with '/..'"),
     (f"{PATHS}.0.backend", {"service": {"name": "a"}}, "port name or number is required"),
     (f"{PATHS}.0.backend.service.name", "A", "service.name: Invalid"),
     (f"{PATHS}.0.backend.service.port", {"number": -1}, "service.port.number: Invalid"),
     (f"{PATHS}.0.backend.service.port", {"name": "a_b"}, "service.port.name: Invalid"),
     (f"{PATHS}.0.backend.service.port", {"name": "a", "number": 1}, "cannot set both port name"),
     (f"{PATHS}.1.backend.resource", {"name": "n"}, "resource.kind: Required"),
     (f"{PATHS}.1.backend.resource.name", "a/b", "resource.name: Invalid"),
     (f"{PATHS}.1.backend.resource.apiGroup", "", "resource.apiGroup: Invalid"),
     (f"{PATHS}.1.backend.service", BACKEND["service"], "cannot set both resource and service")],
)  # fmt: skip
def test_wrong_ingresses(path: str, value: Any, text: str) -> None:
    (found,) = created(*INGRESSES, changed(INGRESS, path, value))
    assert text in found


def test_a_right_ingress() -> None:
    assert created(*INGRESSES, INGRESS) == []


def test_the_annotation_says_the_same_class_when_an_ingress_is_new() -> None:
    metadata = {"name": "a", "annotations": {"kubernetes.io/ingress.class": "other"}}
    new = {**INGRESS, "metadata": metadata}
    (found,) = created(*INGRESSES, new)
    assert "must match `ingressClassName`" in found
    assert updated(*INGRESSES, changed(new, "spec.ingressClassName", None), new) == []


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [("spec", None, "controller"), ("spec.controller", "", "controller"),
     ("spec.controller", "abc", "controller"), ("spec.controller", "A/b", "controller"),
     ("spec.controller", "a/" + "b" * 249, "controller"),
     ("spec.controller", "a/b c", "controller"),
     ("spec.parameters.apiGroup", "A", "parameters.apiGroup"),
     ("spec.parameters.kind", "", "parameters.kind"),
     ("spec.parameters.name", "../x", "parameters.name"),
     ("spec.parameters.scope", "X", "parameters.scope"),
     ("spec.parameters.scope", "Namespace", "parameters.namespace"),
     ("spec.parameters.namespace", "a", "parameters.namespace")],
)  # fmt: skip
def test_wrong_ingress_classes(path: str, value: Any, field: str) -> None:
    assert fields(created(*CLASSES, changed(CLASS, path, value))) == {f"spec.{field}"}


def test_a_class_keeps_its_controller() -> None:
    assert created(*CLASSES, CLASS) == []
    assert updated(*CLASSES, CLASS, changed(CLASS, "spec.controller", "a.b/d")) == [
        'spec.controller: Invalid value: "a.b/d": field is immutable'
    ]
