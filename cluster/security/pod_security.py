"""Pod Security Standards: what a pod does that a level of a version forbids.

Job: which level has which check since which version, and which replaces a milder one. Must not
know: namespaces, requests, what the checks look at. Source: docs "Pod Security Standards",
KEP-2579. A version newer than this cluster is its own.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from cluster.api.types import Object
from cluster.security import pod_security_checks as checks
from cluster.security.pod_security_checks import Pod, Violation

Level = Literal["privileged", "baseline", "restricted"]
LEVELS: tuple[Level, ...] = ("privileged", "baseline", "restricted")
# The minor version whose standards "latest" are.
LATEST = 37
# What Kubernetes lets pods with users of their own (``hostUsers`` false) do, and pods for Windows
# leave out.
_OWN_USERS, _WINDOWS = 35, 25

Check = Callable[[Pod], Iterator[Violation]]


@dataclass(frozen=True)
class Rule:
    """A check by its name. ``forms``: since which minor version it looks how; ``instead``: the
    milder rule that it covers."""

    name: str
    level: Level
    forms: dict[int, Check]
    instead: str = ""

    def form(self, version: int) -> Check | None:
        """What it was at that version, None if it was not there yet."""
        since = [minor for minor in self.forms if minor <= version]
        return self.forms[max(since)] if since else None


def _but(left_out: str, check: Check) -> Check:
    """For all pods but those."""

    def checked(pod: Pod) -> Iterator[Violation]:
        if not getattr(pod, left_out):
            yield from check(pod)

    return checked


_ESCALATION, _CAPABILITIES = checks.escalation, checks.capabilities_restricted
# By level, and then by name: it is the order in which they are told.
RULES = (
    Rule("appArmorProfile", "baseline", {0: checks.apparmor}),
    Rule("capabilities_baseline", "baseline", {0: checks.capabilities}),
    Rule("hostNamespaces", "baseline", {0: checks.host_namespaces}),
    Rule("hostPathVolumes", "baseline", {0: checks.host_path}),
    Rule("hostPorts", "baseline", {0: checks.host_ports}),
    Rule("hostProbesAndHostLifecycle", "baseline", {34: checks.host_probes}),
    Rule("privileged", "baseline", {0: checks.privileged}),
    Rule(
        "procMount_baseline", "baseline",
        {0: checks.proc_mount, _OWN_USERS: _but("own_users", checks.proc_mount)},
    ),
    Rule(
        "seLinuxOptions", "baseline",
        {
            0: functools.partial(checks.selinux, types=checks.SELINUX_TYPES),
            31: functools.partial(checks.selinux, types=checks.SELINUX_TYPES_31),
        },
    ),
    Rule(
        "seccompProfile_baseline", "baseline",
        {0: checks.seccomp_annotations, 19: checks.seccomp_baseline},
    ),
    Rule(
        "sysctls", "baseline",
        {since: functools.partial(checks.sysctls, version=since) for since in checks.SYSCTLS},
    ),
    Rule("windowsHostProcess", "baseline", {0: checks.host_process}),
    Rule(
        "allowPrivilegeEscalation", "restricted",
        {8: _ESCALATION, _WINDOWS: _but("windows", _ESCALATION)},
    ),
    Rule(
        "capabilities_restricted", "restricted",
        {22: _CAPABILITIES, _WINDOWS: _but("windows", _CAPABILITIES)},
        "capabilities_baseline",
    ),
    Rule(
        "procMount_restricted", "restricted",
        {_OWN_USERS: checks.proc_mount}, "procMount_baseline",
    ),
    Rule("restrictedVolumes", "restricted", {0: checks.volume_types}, "hostPathVolumes"),
    Rule(
        "runAsNonRoot", "restricted",
        {0: checks.non_root, _OWN_USERS: _but("own_users", checks.non_root)},
    ),
    Rule(
        "runAsUser", "restricted",
        {23: checks.user, _OWN_USERS: _but("own_users", checks.user)},
    ),
    Rule(
        "seccompProfile_restricted", "restricted",
        {
            19: checks.seccomp_restricted,
            _WINDOWS: _but("windows", checks.seccomp_restricted),
        },
        "seccompProfile_baseline",
    ),
)  # fmt: skip


@functools.cache
def rules(level: Level, version: int) -> tuple[Check, ...]:
    """What a level checks, in order."""
    had = [rule for rule in RULES if LEVELS.index(rule.level) <= LEVELS.index(level)]
    found = [(rule, form) for rule in had if (form := rule.form(version)) is not None]
    covered = {rule.instead for rule, _ in found}
    return tuple(form for rule, form in found if rule.name not in covered)


def minor_of(version: str) -> int:
    """The minor version whose standards count: ``latest``, ``v1.25``."""
    if not version.startswith("v1."):
        return LATEST
    return min(int(version.removeprefix("v1.")), LATEST)


def violations(
    level: Level, metadata: Object, spec: Object, version: str = "latest"
) -> list[Violation]:
    """What the pod does that the level forbids, in a fixed order."""
    pod = Pod(metadata, spec)
    return [found for check in rules(level, minor_of(version)) for found in check(pod)]


def told(found: Iterable[Violation]) -> str:
    """All of them, for a message."""
    return ", ".join(str(one) for one in found)
