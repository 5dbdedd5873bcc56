"""What clients are warned of who add a finalizer to a custom resource.

Source: "Finalizers", names with a domain. Must not know who tells them.
"""

from cluster.api import names
from cluster.api.types import Object

_PATH = "metadata.finalizers"
_STANDARD = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_PREFER = "prefer a domain-qualified finalizer name"
_WHY = "to avoid accidental conflicts with other finalizer writers"


def finalizer_warnings(obj: Object, old: Object | None) -> list[str]:
    """Of what ``old`` (None: of a new object) did not have."""
    before = _finalizers(old or {})
    found: list[str] = []
    for name in sorted(_finalizers(obj) - before):
        found += [f'{_PATH}: "{name}": {error}' for error in names.label_key_errors(name)]
        if "/" not in name and name not in _STANDARD:
            with_path = " including a path (/)" if "." in name else ""
            found.append(f'{_PATH}: "{name}": {_PREFER}{with_path} {_WHY}')
    return found


def _finalizers(obj: Object) -> set[str]:
    return set((obj.get("metadata") or {}).get("finalizers") or ())
