"""Rules of Ingresses and IngressClasses. Must not know Services, nor who reads an Ingress.

Source: docs "Ingress" (path types, host names, backends, TLS, parameters of a class).
"""

import ipaddress
import re

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_PATH_TYPES = frozenset(("Exact", "Prefix", "ImplementationSpecific"))
_PATH_PARTS = ("//", "/./", "/../", "%2f", "%2F")
_PATH_ENDS = ("/..", "/.")
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_SCOPES = frozenset(("Cluster", "Namespace"))
_CONTROLLER_MAX = 250
_CONTROLLER_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_WILDCARD_DETAIL = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
    "character"
)


def check_ingress(obj: Object, found: list[Cause]) -> None:
    """Rules with paths that lead to backends, or a default backend."""
    spec = obj.get("spec") or {}
    rules, default = spec.get("rules") or (), spec.get("defaultBackend")
    if not rules and default is None:
        detail = "either `defaultBackend` or `rules` must be specified"
        found.append(causes.invalid("spec", spec, detail))
    if default is not None:
        _backend("spec.defaultBackend", default, found)
    for position, rule in enumerate(rules):
        _rule(f"spec.rules[{position}]", rule or {}, found)
    for position, item in enumerate(spec.get("tls") or ()):
        _tls(f"spec.tls[{position}]", item or {}, found)
    name = spec.get("ingressClassName")
    if name is not None:
        causes.each("spec.ingressClassName", name, names.subdomain_errors(name), found)


def check_new_ingress(obj: Object, found: list[Cause]) -> None:
    """Beyond the rules of any: the elder annotation says the same class, if it says one."""
    check_ingress(obj, found)
    said = ((obj.get("metadata") or {}).get("annotations") or {}).get(_CLASS_ANNOTATION)
    name = (obj.get("spec") or {}).get("ingressClassName")
    if said is not None and name is not None and said != name:
        detail = "must match `ingressClassName` when both are specified"
        found.append(causes.invalid(f"annotations.{_CLASS_ANNOTATION}", said, detail))


def check_ingress_update(_: Object, new: Object, found: list[Cause]) -> None:
    """Of an Ingress that is there the annotation may say what it said."""
    check_ingress(new, found)


def check_ingress_class(obj: Object, found: list[Cause]) -> None:
    """A controller as ``example.com/name``, and where its parameters are."""
    spec = obj.get("spec") or {}
    controller = spec.get("controller") or ""
    if not controller:
        found.append(causes.required("spec.controller"))
    else:
        if len(controller) > _CONTROLLER_MAX:
            found.append(causes.too_long("spec.controller", _CONTROLLER_MAX))
        _prefixed_path("spec.controller", controller, found)
    if spec.get("parameters") is not None:
        _parameters("spec.parameters", spec["parameters"], found)


def check_ingress_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Ingresses were given to the controller: it cannot change behind them."""
    before = (old.get("spec") or {}).get("controller") or ""
    after = (new.get("spec") or {}).get("controller") or ""
    if before != after:
        found.append(causes.invalid("spec.controller", after, causes.IMMUTABLE))


def _rule(path: str, rule: Object, found: list[Cause]) -> None:
    host = rule.get("host") or ""
    if host:
        if _is_address(host):
            detail = "must be a DNS name, not an IP address"
            found.append(causes.invalid(f"{path}.host", host, detail))
        _host(f"{path}.host", host, found)
    http = rule.get("http")
    if http is None:
        return
    if not http.get("paths"):
        found.append(causes.required(f"{path}.http.paths"))
    for number, item in enumerate(http.get("paths") or ()):
        _path(f"{path}.http.paths[{number}]", item or {}, found)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(path: str, host: str, found: list[Cause]) -> None:
    if "*" not in host:
        causes.each(path, host, names.subdomain_errors(host), found)
    elif not host.startswith("*.") or names.subdomain_errors(host[2:]):
        found.append(causes.invalid(path, host, _WILDCARD_DETAIL))


def _path(path: str, item: Object, found: list[Cause]) -> None:
    kind, value = item.get("pathType"), item.get("path") or ""
    if kind is None:
        found.append(causes.required(f"{path}.pathType", "pathType must be specified"))
        return
    if kind not in _PATH_TYPES:
        found.append(causes.unsupported(f"{path}.pathType", kind, _PATH_TYPES))
    else:
        _path_text(f"{path}.path", kind, value, found)
    _backend(f"{path}.backend", item.get("backend") or {}, found)


def _path_text(path: str, kind: str, value: str, found: list[Cause]) -> None:
    own = kind == "ImplementationSpecific"
    if not value.startswith("/") and (value or not own):
        found.append(causes.invalid(path, value, "must be an absolute path"))
    if own:
        return
    for part in _PATH_PARTS:
        if part in value:
            found.append(causes.invalid(path, value, f"must not contain '{part}'"))
    for end in _PATH_ENDS:
        if value.endswith(end):
            found.append(causes.invalid(path, value, f"cannot end with '{end}'"))


def _tls(path: str, item: Object, found: list[Cause]) -> None:
    for number, host in enumerate(item.get("hosts") or ()):
        _host(f"{path}.hosts[{number}]", host or "", found)
    name = item.get("secretName") or ""
    if name:
        causes.each(f"{path}.secretName", name, names.subdomain_errors(name), found)


def _backend(path: str, backend: Object, found: list[Cause]) -> None:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        detail = "cannot set both resource and service backends"
        found.append(causes.invalid(path, "", detail))
    elif resource is not None:
        _reference(f"{path}.resource", resource, found)
    elif service is not None:
        _service(path, service, found)
    else:
        detail = "resource or service backend is required"
        found.append(causes.invalid(path, "", detail))


def _service(path: str, service: Object, found: list[Cause]) -> None:
    name, port = service.get("name") or "", service.get("port") or {}
    if not name:
        found.append(causes.required(f"{path}.service.name"))
    else:
        causes.each(f"{path}.service.name", name, names.dns_label_errors(name), found)
    place, called, number = f"{path}.service.port", port.get("name"), port.get("number")
    if called and number:
        found.append(causes.invalid(path, "", "cannot set both port name & port number"))
    elif called:
        causes.each(f"{place}.name", called, names.port_name_errors(called), found)
    elif number:
        causes.port_number(f"{place}.number", number, found)
    else:
        found.append(causes.required(path, "port name or number is required"))


def _reference(path: str, reference: Object, found: list[Cause]) -> None:
    group = reference.get("apiGroup")
    if group is not None:
        causes.each(f"{path}.apiGroup", group, names.subdomain_errors(group), found)
    for field in ("kind", "name"):
        value = reference.get(field) or ""
        if not value:
            found.append(causes.required(f"{path}.{field}"))
        else:
            causes.each(f"{path}.{field}", value, names.path_segment_errors(value), found)


def _parameters(path: str, parameters: Object, found: list[Cause]) -> None:
    _reference(path, parameters, found)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        found.append(causes.required(f"{path}.scope"))
    elif scope not in _SCOPES:
        found.append(causes.unsupported(f"{path}.scope", scope, _SCOPES))
    elif scope == "Cluster" and namespace is not None:
        detail = "`parameters.scope` is set to 'Cluster'"
        found.append(causes.forbidden(f"{path}.namespace", detail))
    elif scope == "Namespace":
        _namespace(f"{path}.namespace", namespace, found)


def _namespace(path: str, namespace: str | None, found: list[Cause]) -> None:
    if namespace is None:
        found.append(causes.required(path, "`parameters.scope` is set to 'Namespace'"))
    else:
        causes.each(path, namespace, names.dns_label_errors(namespace), found)


def _prefixed_path(path: str, value: str, found: list[Cause]) -> None:
    domain, _, rest = value.partition("/")
    if not domain or not rest:
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        found.append(causes.invalid(path, value, detail))
        return
    causes.each(path, domain, names.subdomain_errors(domain), found)
    if not _CONTROLLER_PATH.fullmatch(rest):
        found.append(causes.invalid(path, rest, "must be a path of a URL"))
