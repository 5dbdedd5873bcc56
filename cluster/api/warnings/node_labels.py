"""Labels of nodes that have newer names. Must not know who selects by them.

Source: docs "Well-Known Labels, Annotations and Taints".
"""

from cluster.api.types import Object

_DEPRECATED = {
    "beta.kubernetes.io/arch": ("1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("1.14", "kubernetes.io/os"),
    "failure-domain.beta.kubernetes.io/region": ("1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("1.17", "topology.kubernetes.io/zone"),
    "beta.kubernetes.io/instance-type": ("1.17", "node.kubernetes.io/instance-type"),
}
_OTHERS = {
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": (
        "deprecated since v1.22; use Taints and Tolerations instead"
    ),
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_TEXTS = {
    **{
        label: f'deprecated since v{since}; use "{newer}" instead'
        for label, (since, newer) in _DEPRECATED.items()
    },
    **_OTHERS,
}


def label_warning(label: str) -> str:
    """What is to be said of the label, '' if nothing."""
    return _TEXTS.get(label, "")


def term_warnings(path: str, term: Object) -> list[str]:
    """Of a node selector's term."""
    found = []
    for position, expression in enumerate(term.get("matchExpressions") or ()):
        text = label_warning(expression.get("key") or "")
        if text:
            here = f"{path}.matchExpressions[{position}].key"
            found.append(f"{here}: {expression['key']} is {text}")
    return found
