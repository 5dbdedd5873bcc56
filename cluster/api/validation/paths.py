"""Rules of paths inside volumes and containers. Must not know what lies there.

Source: API reference, VolumeMount, KeyToPath, HostPathVolumeSource.
"""

from cluster.api.status import Cause
from cluster.api.validation import causes


def check_relative(path: str, value: str, found: list[Cause]) -> None:
    """A path inside a volume: neither absolute nor climbing out."""
    if value.startswith("/"):
        found.append(causes.invalid(path, value, "must be a relative path"))
    check_no_climbing(path, value, found)


def check_file(path: str, value: str, found: list[Cause]) -> None:
    """A file that the node writes: relative, and not among the names it keeps for itself."""
    check_relative(path, value, found)
    if value.startswith("..") and not value.startswith("../"):
        found.append(causes.invalid(path, value, "must not start with '..'"))


def check_no_climbing(path: str, value: str, found: list[Cause]) -> None:
    """No element of the path is ``..``."""
    if ".." in value and ".." in value.split("/"):
        found.append(causes.invalid(path, value, "must not contain '..'"))
