"""What an update may leave as wrong as it was: rules that are younger than what is stored.

Job: of what is wrong with an updated object, drop what Kubernetes drops since the old one was wrong
in the same way, wherever in it. Source: what kube-apiserver answers; API conventions, "Ratcheting
validation". Must not know kinds: a way is told by the field and the text of its cause.
"""

import re
from collections.abc import Callable, Sequence

from cluster.api.status import Cause

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
# Of each way of being wrong: the end of the field, and what the text has.
_WAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Huge pages that are no whole pages.
    (re.compile(r"\.resources\.(limits|requests)\[hugepages-[^]]*\]$"), "positive integer multipl"),
    # Values in selectors that no label can have: those of pod affinity, and the object's own.
    (
        re.compile(
            r"(\.pod(Anti)?Affinity\..*\.(label|namespace)Selector|^spec\.(selector|podSelector))"
            r"\.matchExpressions\[\d+\]\.values\[\d+\]$"
        ),
        "label",
    ),
    (re.compile(rf"\.nodeAffinity\.{_REQUIRED}\..*\.matchExpressions\[\d+\]\.values\[\d+\]$"), ""),
    (re.compile(r"\.topologySpreadConstraints\[\d+\]\.labelSelector\."), ""),
    (re.compile(r"\.topologySpreadConstraints\[\d+\](\.matchLabelKeys\b|\[)"), ""),
    # Tokens outside of their volume.
    (re.compile(r"\.projected\.path$"), "must "),
    # Settings of the node's own network and shared memory.
    (re.compile(r"\.securityContext\.sysctls\[\d+\]\.name$"), "may not be specified when 'host"),
    # Devices of volumes, for users that cannot have them.
    (re.compile(r"\.volumeDevices$"), "hostUsers"),
    # Jobs of the time when their labels had no prefix.
    (re.compile(r"^spec\.template\.metadata\.labels\[batch\.kubernetes\.io/"), "Required"),
    (re.compile(r"^spec\.selector$"), "not auto-generated"),
    (re.compile(r"annotations\[controller\.kubernetes\.io/pod-deletion-cost\]$"), ""),
)


def tolerated(found: list[Cause], before: Callable[[], Sequence[Cause]]) -> list[Cause]:
    """What is still wrong. ``before``: what was wrong with the old one; asked if need be."""
    ways = {_way(cause) for cause in found} - {None}
    if not ways:
        return found
    known = ways & {_way(cause) for cause in before()}
    return [cause for cause in found if _way(cause) not in known]


def _way(cause: Cause) -> int | None:
    for number, (field, text) in enumerate(_WAYS):
        if field.search(cause.field) and text in cause.message:
            return number
    return None
