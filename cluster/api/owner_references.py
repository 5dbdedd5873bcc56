"""Owner references that say the same twice. Pure.

kube-apiserver stores one of those that are equal in every field, and warns: before admission for
creates and updates, after mutating admission for patches too. Must not know: which references are
right (``validation.metadata``).
"""

from cluster.api.types import Object

_WARNING = (
    ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner "
    "references in 1.20+, and may reject such requests as early as 1.24; please fix your "
    "requests; duplicate UID(s) observed: {uids}"
)
_ADMITTED = " after mutating admission happens"


def drop_duplicates(obj: Object, warnings: list[str], *, admitted: bool = False) -> None:
    """Keep one of equal owner references in ``obj``, and say so once in ``warnings``. ``admitted``:
    mutating admission has happened."""
    metadata = obj.get("metadata") or {}
    owners = metadata.get("ownerReferences")
    if not owners or len(owners) < 2:
        return
    kept: list[Object] = []
    twice: list[str] = []
    for owner in owners:
        if owner in kept:
            twice.append(str(owner.get("uid", "")))
        else:
            kept.append(owner)
    if not twice:
        return
    metadata["ownerReferences"] = kept
    text = _WARNING.format(when=_ADMITTED if admitted else "", uids=", ".join(twice))
    if text not in warnings:
        warnings.append(text)
