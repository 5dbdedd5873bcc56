"""Rules of annotations that say something of a pod's spec: what the mirror of a static pod is, what
its deletion costs, and the elder forms of tolerations, seccomp and AppArmor profiles.

Source: API reference, "Well-Known Labels, Annotations and Taints"; KEP-24 (AppArmor), KEP-135
(seccomp). Must not know what a pod's spec may be in itself.
"""

import json
from collections.abc import Iterator, Mapping

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.paths import check_relative
from cluster.api.validation.placement import check_tolerations

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
MIRROR = "kubernetes.io/config.mirror"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
_RUNTIME_DEFAULT = "runtime/default"
_LOCALHOST = "localhost/"
_SECCOMP_PROFILES = frozenset((_RUNTIME_DEFAULT, "docker/default", "unconfined"))
_APP_ARMOR_PROFILES = frozenset(("", _RUNTIME_DEFAULT, "unconfined"))
_KINDS = ("initContainers", "containers", "ephemeralContainers")
POD_PATH = "metadata.annotations"


def containers(spec: Object) -> Iterator[tuple[str, Object]]:
    """All of a pod's, each with its place below the spec."""
    for kind in _KINDS:
        for position, container in enumerate(spec.get(kind) or ()):
            yield f"{kind}[{position}]", container


def annotations_of(pod: Object) -> Mapping[str, str]:
    """Of a pod's metadata."""
    return (pod.get("metadata") or {}).get("annotations") or {}


def check_pod_annotations(pod: Object, found: list[Cause], path: str = POD_PATH) -> None:
    """What each says, whenever the pod is written, or a template of one. ``path``: where they
    are."""
    spec, annotations = pod.get("spec") or {}, annotations_of(pod)
    if not annotations:
        return
    if MIRROR in annotations and not spec.get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        found.append(causes.invalid(f"{path}[{MIRROR}]", annotations[MIRROR], detail))
    if annotations.get(_TOLERATIONS):
        _tolerations(path, annotations[_TOLERATIONS], found)
    cost = annotations.get(DELETION_COST)
    if cost is not None and not _is_cost(cost):
        detail = "must be a 32bit integer"
        found.append(causes.invalid(f"{path}[{DELETION_COST}]", cost, detail))
    for name, profile in annotations.items():
        if name == SECCOMP_POD or name.startswith(SECCOMP_CONTAINER):
            _seccomp(f"{path}.{name}", profile, found)
        elif name.startswith(APP_ARMOR):
            _app_armor(path, name, profile, spec, found)


def check_annotations_agree(pod: Object, found: list[Cause], path: str = "spec") -> None:
    """Where a new pod, or a template, says by annotation what it says by field too, they are the
    same. ``path``: where its spec is."""
    spec, annotations = pod.get("spec") or {}, annotations_of(pod)
    if not annotations:
        return
    own: Object = spec.get("securityContext") or {}
    _seccomp_agrees(path, own, annotations.get(SECCOMP_POD), found)
    for place, container in containers(spec):
        context = container.get("securityContext") or {}
        said = annotations.get(SECCOMP_CONTAINER + str(container.get("name") or ""))
        _seccomp_agrees(f"{path}.{place}", context, said, found)
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for place, container in containers(spec):
        context = container.get("securityContext") or {}
        profile = context.get("appArmorProfile", own.get("appArmorProfile"))
        said = annotations.get(APP_ARMOR + str(container.get("name") or ""))
        if profile is not None and said is not None:
            field = f"{path}.{place}.securityContext.appArmorProfile"
            _agrees(field, "apparmor", profile, said, (_RUNTIME_DEFAULT,), found)


def check_annotations_stay(old: Object, new: Object, found: list[Cause]) -> None:
    """A pod is a static pod's likeness from the start, or never; AppArmor profiles stay."""
    before, after = annotations_of(old), annotations_of(new)
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        what = "remove or update" if name in before else "add"
        if name.startswith(APP_ARMOR):
            detail = f"may not {what} AppArmor annotations"
            found.append(causes.forbidden(f"{POD_PATH}[{name}]", detail))
        if name == MIRROR:
            detail = f"may not {what} mirror pod annotation"
            found.append(causes.forbidden(f"{POD_PATH}[{name}]", detail))


def app_armor_field(profile: str) -> Object | None:
    """The field that says what the annotation does; None if there is none."""
    if profile == "unconfined":
        return {"type": "Unconfined"}
    if profile == _RUNTIME_DEFAULT:
        return {"type": "RuntimeDefault"}
    name = profile.removeprefix(_LOCALHOST)
    if name != profile and name and name == name.strip():
        return {"type": "Localhost", "localhostProfile": name}
    return None


def _is_cost(text: str) -> bool:
    """A 32-bit integer; a plus or a zero before it is not right."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(text) <= 64):
        return False
    if text[0] == "0" and text != "0":
        return False
    return -(2**31) <= int(text) < 2**31


def _tolerations(path: str, text: str, found: list[Cause]) -> None:
    try:
        tolerations = json.loads(text)
        right = all(isinstance(item, dict) for item in tolerations)
    except (ValueError, TypeError):
        right = False
    if not right:
        found.append(causes.invalid(path, _TOLERATIONS, "must be a list of tolerations as JSON"))
    else:
        check_tolerations(f"{path}.{_TOLERATIONS}", tolerations, found)


def _seccomp(path: str, profile: str, found: list[Cause]) -> None:
    if profile in _SECCOMP_PROFILES:
        return
    if profile.startswith(_LOCALHOST):
        check_relative(path, profile.removeprefix(_LOCALHOST), found)
    else:
        found.append(causes.invalid(path, profile, "must be a valid seccomp profile"))


def _app_armor(place: str, name: str, profile: str, spec: Object, found: list[Cause]) -> None:
    path, container = f"{place}[{name}]", name.removeprefix(APP_ARMOR)
    if all((item.get("name") or "") != container for _, item in containers(spec)):
        found.append(causes.invalid(path, container, "container not found"))
    if profile not in _APP_ARMOR_PROFILES and not profile.startswith(_LOCALHOST):
        detail = f"invalid AppArmor profile name: {causes.shown(profile)}"
        found.append(causes.invalid(path, profile, detail))


def _seccomp_agrees(place: str, context: Object, said: str | None, found: list[Cause]) -> None:
    profile = context.get("seccompProfile")
    if profile is not None and said is not None:
        path = f"{place}.securityContext.seccompProfile"
        defaults = (_RUNTIME_DEFAULT, "docker/default")
        _agrees(path, "seccomp", profile, said, defaults, found)


def _agrees(
    path: str, what: str, profile: Object, said: str, defaults: tuple[str, ...], found: list[Cause]
) -> None:
    kind = profile.get("type")
    right = {
        "Unconfined": said == "unconfined",
        "RuntimeDefault": said in defaults,
        "Localhost": said.startswith(_LOCALHOST),
    }
    if not right.get(str(kind), True):
        detail = f"{what} type in annotation and field must match"
        found.append(causes.forbidden(f"{path}.type", detail))
    elif kind == "Localhost" and said.removeprefix(_LOCALHOST) != profile.get("localhostProfile"):
        detail = f"{what} profile in annotation and field must match"
        found.append(causes.forbidden(f"{path}.localhostProfile", detail))
