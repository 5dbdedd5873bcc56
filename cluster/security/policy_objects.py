"""Makers of ClusterRoles and their bindings. Must not know which there are."""

from cluster.api.types import Object

GROUP = "rbac.authorization.k8s.io"
_METADATA = {
    "annotations": {f"{GROUP}/autoupdate": "true"},
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
    role: Object = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {
            "name": name,
            "annotations": dict(_METADATA["annotations"]),
            "labels": {**_METADATA["labels"], **(labels or {})},
        },
    }
    if collects:
        selector = {"matchLabels": {collects: "true"}}
        role["aggregationRule"] = {"clusterRoleSelectors": [selector]}
    role["rules"] = list(rules)
    return role


def cluster_role_binding(name: str, subject_kind: str, *subjects: str) -> Object:
    """Binds the ClusterRole of the same name to users or groups."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {
            "name": name,
            "annotations": dict(_METADATA["annotations"]),
            "labels": dict(_METADATA["labels"]),
        },
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
        "subjects": [
            {"apiGroup": GROUP, "kind": subject_kind, "name": subject} for subject in subjects
        ],
    }
