"""Rules that volumes and claims share: access modes, sizes, names of classes.

Source: API reference, PersistentVolumeSpec, PersistentVolumeClaimSpec. Must not know either.
"""

from typing import Any

from cluster.api import names
from cluster.api.quantity import QuantityError, parse
from cluster.api.status import Cause
from cluster.api.validation import causes

_ALONE = "ReadWriteOncePod"
ACCESS_MODES = frozenset(("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", _ALONE))
VOLUME_MODES = frozenset(("Block", "Filesystem"))


def check_access_modes(path: str, modes: Any, found: list[Cause]) -> None:
    """At least one; the one that is of a single pod is of nobody else."""
    given = modes or ()
    if not given:
        found.append(causes.required(path, "at least 1 access mode is required"))
    for mode in given:
        if mode not in ACCESS_MODES:
            found.append(causes.unsupported(path, mode, ACCESS_MODES))
    if _ALONE in given and any(mode != _ALONE and mode in ACCESS_MODES for mode in given):
        detail = f"may not use {_ALONE} with other access modes"
        found.append(causes.forbidden(path, detail))


def check_positive(path: str, amount: Any, found: list[Cause]) -> None:
    """A size: more than nothing. What is no quantity the schema tells of."""
    try:
        positive = parse(str(amount)).nano > 0
    except QuantityError:
        return
    if not positive:
        found.append(causes.invalid(path, amount, "must be greater than zero"))


def check_class_name(path: str, name: Any, found: list[Cause]) -> None:
    """A class of storage, or of attributes, if one is named."""
    if name:
        causes.each(path, name, names.subdomain_errors(name), found)


def check_volume_mode(path: str, mode: Any, found: list[Cause]) -> None:
    """Block device or file system."""
    if mode is not None and mode not in VOLUME_MODES:
        found.append(causes.unsupported(path, mode, VOLUME_MODES))
