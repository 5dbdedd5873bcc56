"""Rules of ConfigMaps and Secrets. Must not know who reads them."""

import base64
import binascii

import orjson

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

# Kubernetes' bound on what one of them holds.
DATA_BYTES_MAX = 1024 * 1024
_NEEDED = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
# A Secret that holds a token, and the annotation that says of which ServiceAccount.
TOKEN_TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME = "kubernetes.io/service-account.name"


def check_config_map(obj: Object, found: list[Cause]) -> None:
    """Keys are file names, and there is not too much."""
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    size = 0
    for key, value in data.items():
        causes.each(f"data[{key}]", key, names.config_key_errors(key), found)
        if key in binary:
            found.append(
                causes.invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
            )
        size += len(value.encode())
    for key, value in binary.items():
        causes.each(f"binaryData[{key}]", key, names.config_key_errors(key), found)
        size += decoded_size(value)
    if size > DATA_BYTES_MAX:
        found.append(causes.too_long("", DATA_BYTES_MAX))


def check_config_map_update(old: Object, new: Object, found: list[Cause]) -> None:
    """An immutable one keeps its data."""
    _immutable(old, new, ("data", "binaryData"), found)


def check_secret(obj: Object, found: list[Cause]) -> None:
    """Keys, size, and what the type needs."""
    data = obj.get("data") or {}
    size = 0
    for key, value in data.items():
        causes.each(f"data[{key}]", key, names.config_key_errors(key), found)
        size += decoded_size(value)
    if size > DATA_BYTES_MAX:
        found.append(causes.too_long("data", DATA_BYTES_MAX))
    kind = obj.get("type") or ""
    for key in _NEEDED.get(kind, ()):
        if key not in data:
            found.append(causes.required(f"data[{key}]"))
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & set(data):
        found.append(causes.required("data[username]"))
        found.append(causes.required("data[password]"))
    if kind in ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"):
        _docker(_NEEDED[kind][0], data, found)
    if kind == TOKEN_TYPE:
        annotations = (obj.get("metadata") or {}).get("annotations") or {}
        if not annotations.get(ACCOUNT_NAME):
            found.append(causes.required(f"metadata.annotations[{ACCOUNT_NAME}]"))


def check_secret_update(old: Object, new: Object, found: list[Cause]) -> None:
    """The type stays; an immutable one keeps its data."""
    if old.get("type") != new.get("type"):
        found.append(causes.invalid("type", new.get("type"), causes.IMMUTABLE))
    _immutable(old, new, ("data",), found)


def decoded_size(value: str) -> int:
    """Bytes that base64 text stands for."""
    return len(value) // 4 * 3 - value[-2:].count("=")


def _immutable(old: Object, new: Object, fields: tuple[str, ...], found: list[Cause]) -> None:
    if not old.get("immutable"):
        return
    detail = "field is immutable when `immutable` is set"
    if not new.get("immutable"):
        found.append(causes.forbidden("immutable", detail))
    for name in fields:
        if (old.get(name) or {}) != (new.get(name) or {}):
            found.append(causes.forbidden(name, detail))


def _docker(key: str, data: Object, found: list[Cause]) -> None:
    if key not in data:
        return
    try:
        orjson.loads(base64.b64decode(data[key]))
    except (ValueError, binascii.Error):
        detail = "invalid character: it is not JSON"
        found.append(causes.invalid(f"data[{key}]", "<secret contents redacted>", detail))
