"""Image references, pull policies, registry credentials. Pure.

Source: Kubernetes docs, "Images"; the distribution project's reference grammar.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

import orjson

from cluster.api.types import Object

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
HOST = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
PATH = re.compile(
    rf"{COMPONENT}(?:/{COMPONENT})*"
    r"(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z0-9]+)*:[0-9a-fA-F]{32,})?"
)


def is_valid(reference: str) -> bool:
    """True if a registry could know such a name."""
    registry = registry_of(reference)
    path = reference.removeprefix(f"{registry}/") if registry else reference
    return bool(PATH.fullmatch(path)) and (not registry or bool(HOST.fullmatch(registry)))


def pull_policy(spec: Object) -> str:
    """Always, IfNotPresent or Never; the default depends on the tag."""
    given = spec.get("imagePullPolicy")
    if given:
        return str(given)
    image = str(spec.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent"


def registry_of(reference: str) -> str:
    """Host of the registry, '' if the reference names none."""
    host, slash, _ = reference.partition("/")
    named = slash and ("." in host or ":" in host or host == "localhost")
    return host if named else ""


def credentials(reference: str, secrets: Iterable[Object]) -> list[dict[str, str]]:
    """What the pull secrets hold for the reference's registry, in order."""
    registry = registry_of(reference)
    if not registry:
        return []
    found: list[dict[str, str]] = []
    for secret in secrets:
        for host, entry in auth_entries(secret).items():
            bare = host.removeprefix("https://").removeprefix("http://").partition("/")[0]
            if bare == registry and (login := login_of(entry)):
                found.append(login)
    return found


def auth_entries(secret: Object) -> dict[str, Any]:
    """``auths`` of a kubernetes.io/dockerconfigjson secret; {} if it cannot be read."""
    raw = (secret.get("data") or {}).get(".dockerconfigjson", "")
    try:
        document = orjson.loads(base64.b64decode(raw))
    except (binascii.Error, ValueError):
        return {}
    auths = document.get("auths") if isinstance(document, dict) else None
    return auths if isinstance(auths, dict) else {}


def login_of(entry: Any) -> dict[str, str]:
    """User name and password of one entry; {} if it holds none."""
    if not isinstance(entry, dict):
        return {}
    if entry.get("username"):
        return {"username": str(entry["username"]), "password": str(entry.get("password", ""))}
    try:
        name, found, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
    except (binascii.Error, ValueError):
        return {}
    return {"username": name, "password": password} if found else {}
