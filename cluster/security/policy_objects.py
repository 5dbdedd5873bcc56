"""Makers of default roles and their bindings. Must not know which there are."""

from cluster.api.types import Object
from cluster.names import NAMESPACE_SYSTEM

GROUP = "rbac.authorization.k8s.io"
_METADATA = {
    "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
}


def rule(groups: str, resources: str, verbs: str, *resource_names: str) -> Object:
    """One rule; each argument lists words. Group ``core`` is written as '' in the object."""
    found: Object = {
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }
    return {**found, "resourceNames": list(resource_names)} if resource_names else found


def url_rule(verbs: str, *urls: str) -> Object:
    """A rule for paths that are no resources."""
    return {"nonResourceURLs": list(urls), "verbs": verbs.split()}


def cluster_role(
    name: str, *rules: Object, labels: dict[str, str] | None = None, collects: str = ""
) -> Object:
    """A default ClusterRole. ``collects``: label of the roles it is made of, instead of rules."""
    role = _object("ClusterRole", name)
    role["metadata"]["labels"].update(labels or {})
    if collects:
        selector = {"matchLabels": {collects: "true"}}
        role["aggregationRule"] = {"clusterRoleSelectors": [selector]}
    role["rules"] = list(rules)
    return role


def namespaced_role(namespace: str, name: str, *rules: Object) -> Object:
    """A default Role."""
    return {**_object("Role", name, namespace), "rules": list(rules)}


def user(name: str) -> Object:
    """A user as subject."""
    return {"apiGroup": GROUP, "kind": "User", "name": name}


def account(name: str) -> Object:
    """A ServiceAccount of kube-system as subject."""
    return {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE_SYSTEM}


def cluster_role_binding(name: str, subject_kind: str, *subjects: str) -> Object:
    """Binds the ClusterRole of the same name to users or groups."""
    found = [{"apiGroup": GROUP, "kind": subject_kind, "name": subject} for subject in subjects]
    return bound_cluster_role(name, *found)


def bound_cluster_role(name: str, *subjects: Object) -> Object:
    """Binds the ClusterRole of the same name."""
    return {
        **_object("ClusterRoleBinding", name),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": list(subjects),
    }


def role_binding(namespace: str, role: str, *subjects: Object, name: str = "") -> Object:
    """Binds a Role of the namespace; the binding is called as the role unless ``name`` is given."""
    return {
        **_object("RoleBinding", name or role, namespace),
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": role},
        "subjects": list(subjects),
    }


def _object(kind: str, name: str, namespace: str = "") -> Object:
    metadata: Object = {
        "name": name,
        "annotations": dict(_METADATA["annotations"]),
        "labels": dict(_METADATA["labels"]),
    }
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata}
