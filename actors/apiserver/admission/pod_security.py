"""Pod security: namespaces say by labels which Pod Security Standard their pods must keep.

Job: enforce (403), warn, tell the audit log, and judge the labels themselves. Must not know: the
standards' rules. Source: docs "Pod Security Admission", "Audit Annotations", KEP-2579. Workloads
are warned of, never refused: their pods are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from actors.apiserver.admission.plugin import Review
from actors.apiserver.selection import Selection
from cluster.api import status
from cluster.api.encoding import decode, decode_shared
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.security.pod_security import LEVELS, Level, told, violations
from cluster.security.pod_security_checks import Violation

PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")
_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]{0,4})")
_NAMESPACES = by_resource("", "v1", "namespaces")
_PODS = by_resource("", "v1", "pods")
# Where the pod's template lies in what makes pods.
_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): (),
    ("", "podtemplates"): ("template",),
    ("", "replicationcontrollers"): ("spec", "template"),
    ("apps", "daemonsets"): ("spec", "template"),
    ("apps", "deployments"): ("spec", "template"),
    ("apps", "replicasets"): ("spec", "template"),
    ("apps", "statefulsets"): ("spec", "template"),
    ("batch", "jobs"): ("spec", "template"),
    ("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
}
# A namespace whose level rises has this many of its pods looked at.
PODS_MAX = 3000


@dataclass(frozen=True)
class Standard:
    """One mode's level and version."""

    level: Level = "privileged"
    version: str = "latest"

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    def broken(self, metadata: Object, spec: Object) -> list[Violation]:
        """What a pod does that it forbids."""
        return violations(self.level, metadata, spec, self.version)


async def admit(review: Review) -> None:
    """Raises StatusError 403 for a pod that breaks what is enforced, 422 for bad labels."""
    call = review.call
    if review.operation not in ("CREATE", "UPDATE") or review.obj is None:
        return
    if call.resource == ("", "namespaces"):
        if not call.request.subresource:
            await _judge_namespace(review, review.obj)
        return
    place = _TEMPLATES.get(call.resource)
    if place is None or call.request.subresource not in ("", "ephemeralcontainers"):
        return
    pod = _within(review.obj, place)
    if pod is None or (review.old is not None and _alike(pod, _within(review.old, place))):
        return
    labels = await _labels(review)
    if labels:
        _judge(review, pod, labels)


def _judge(review: Review, pod: Object, labels: Mapping[str, str]) -> None:
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    annotations = review.call.annotations
    audited = standard(labels, "audit")
    if found := audited.broken(metadata, spec):
        text = f'would violate PodSecurity "{audited}": {told(found)}'
        annotations[f"{PREFIX}audit-violations"] = text
    if review.call.resource == ("", "pods"):
        enforced = standard(labels, "enforce")
        annotations[f"{PREFIX}enforce-policy"] = str(enforced)
        if found := enforced.broken(metadata, spec):
            name = (review.obj or {}).get("metadata", {}).get("name") or ""
            text = f'violates PodSecurity "{enforced}": {told(found)}'
            raise status.forbidden(review.call.kind, name, text)
    warned = standard(labels, "warn")
    if found := warned.broken(metadata, spec):
        review.call.warnings.append(f'would violate PodSecurity "{warned}": {told(found)}')


def standard(labels: Mapping[str, str], mode: str) -> Standard:
    """What the labels say of a mode; what is no level counts as the strictest, what is no version
    as the newest."""
    level = labels.get(PREFIX + mode, "privileged")
    version = labels.get(f"{PREFIX}{mode}-version", "latest")
    if not _VERSION.fullmatch(version):
        version = "latest"
    return Standard(level if level in LEVELS else "restricted", version)


def label_causes(labels: Mapping[str, str]) -> list[status.Cause]:
    """What is wrong with the labels of a namespace."""
    found: list[status.Cause] = []
    for mode in MODES:
        level, version = labels.get(PREFIX + mode), labels.get(f"{PREFIX}{mode}-version")
        if level is not None and level not in LEVELS:
            text = f'Invalid value: "{level}": must be one of {", ".join(LEVELS)}'
            found.append(
                status.Cause(f"metadata.labels[{PREFIX}{mode}]", "FieldValueInvalid", text)
            )
        if version is not None and not _VERSION.fullmatch(version):
            text = f'Invalid value: "{version}": must be "latest" or "v1.x"'
            path = f"metadata.labels[{PREFIX}{mode}-version]"
            found.append(status.Cause(path, "FieldValueInvalid", text))
    return found


async def _labels(review: Review) -> Mapping[str, str]:
    assert _NAMESPACES is not None
    objects = review.environment.objects
    name = review.call.namespace
    found = await objects.find(_NAMESPACES, "", name, review.fresh)
    found = found or await objects.find(_NAMESPACES, "", name, True)
    if found is None:
        return {}
    labels = decode_shared(found.value)["metadata"].get("labels") or {}
    return {key: value for key, value in labels.items() if key.startswith(PREFIX)}


async def _judge_namespace(review: Review, obj: Object) -> None:
    metadata = obj["metadata"]
    labels = metadata.get("labels") or {}
    if causes := label_causes(labels):
        raise status.invalid(review.call.kind, metadata.get("name") or "", causes)
    before = ((review.old or {}).get("metadata") or {}).get("labels") or {}
    now = standard(labels, "enforce")
    if review.old is None or now == standard(before, "enforce") or now.level == "privileged":
        return
    await _warn_of_pods(review, metadata["name"], now)


async def _warn_of_pods(review: Review, namespace: str, now: Standard) -> None:
    """Those that are there already stay: whoever raises the level should know."""
    assert _PODS is not None
    items = await review.environment.objects.all(Selection(_PODS, namespace))
    by_text: dict[str, list[str]] = {}
    for item in items[:PODS_MAX]:
        pod = decode(item.value)
        found = now.broken(pod["metadata"], pod.get("spec") or {})
        if found:
            reasons = ", ".join(one.reason for one in found)
            by_text.setdefault(reasons, []).append(pod["metadata"]["name"])
    if not by_text:
        return
    warnings = review.call.warnings
    warnings.append(
        f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level '
        f'"{now}"'
    )
    for reasons, names in sorted(by_text.items(), key=lambda item: item[1]):
        others = len(names) - 1
        more = f" (and {others} other pod{'s' if others > 1 else ''})" if others else ""
        warnings.append(f"{names[0]}{more}: {reasons}")


def _within(obj: Object, place: tuple[str, ...]) -> Object | None:
    for name in place:
        found = obj.get(name)
        if not isinstance(found, dict):
            return None
        obj = found
    return obj


def _alike(pod: Object, old: Object | None) -> bool:
    """Nothing that the standards look at has changed."""

    def looked_at(one: Object) -> tuple[object, object]:
        return one.get("spec"), (one.get("metadata") or {}).get("annotations")

    return old is not None and looked_at(pod) == looked_at(old)
