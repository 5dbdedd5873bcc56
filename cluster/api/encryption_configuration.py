"""Which resources are encrypted at rest, and with which keys: an EncryptionConfiguration, read.

Job: from the YAML document to rules that can be asked for a resource. Must not know: ciphers,
where the file lies. Source: docs "Encrypting Confidential Data at Rest",
apiserver.config.k8s.io/v1 EncryptionConfiguration.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import yaml

API_VERSION = "apiserver.config.k8s.io/v1"
KIND = "EncryptionConfiguration"
KEY_BYTES = (16, 24, 32)
# How a key is used. ``aescbc`` has no mark of authenticity: it is there for data of other clusters.
Provider = Literal["aesgcm", "aescbc"]
_PROVIDERS: dict[str, Provider] = {"aesgcm": "aesgcm", "aescbc": "aescbc"}
_OTHERS = ("secretbox", "kms")


class BadEncryptionConfiguration(ValueError):
    """The document is not one, or asks for what is not here. Says where and what to do."""


class _Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    secret: str


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: tuple[_Key, ...]


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    resources: tuple[str, ...]
    providers: tuple[dict[str, Any], ...]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    api_version: str
    kind: str
    resources: tuple[_Rule, ...]


@dataclass(frozen=True)
class Key:
    """An AES key of 16, 24 or 32 bytes. Never shown."""

    name: str
    secret: bytes
    provider: Provider = "aesgcm"

    def __repr__(self) -> str:
        return f"Key({self.provider}, {self.name})"


@dataclass(frozen=True)
class Rule:
    """``keys``: for reading, in order; ``writer``: for writing, None leaves what is written in
    clear. ``clear``: what is stored in clear may be read."""

    resources: tuple[str, ...]
    keys: tuple[Key, ...]
    writer: Key | None
    clear: bool

    def covers(self, group: str, plural: str) -> bool:
        """Whether the rule is for the resource: ``secrets``, ``deployments.apps``, ``*.apps``,
        ``*.`` (the core group) or ``*.*``."""
        name = f"{plural}.{group}" if group else plural
        return any(wanted in (name, f"*.{group}", "*.*") for wanted in self.resources)


@dataclass(frozen=True)
class EncryptionConfiguration:
    """Rules in order: the first that covers a resource counts. Without any, all is in clear."""

    rules: tuple[Rule, ...] = ()

    def rule(self, group: str, plural: str) -> Rule | None:
        """The rule for a resource (group '' is core), None: it is in clear."""
        return next((rule for rule in self.rules if rule.covers(group, plural)), None)


def parse(text: bytes) -> EncryptionConfiguration:
    """Raises BadEncryptionConfiguration; its text never holds a key."""
    try:
        document = msgspec.convert(yaml.safe_load(text), _Document)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        # (A YAML error quotes the line it is about, which may be a key's.)
        what = str(error) if isinstance(error, msgspec.ValidationError) else "it is not YAML"
        raise BadEncryptionConfiguration(what) from None
    if (document.api_version, document.kind) != (API_VERSION, KIND):
        raise BadEncryptionConfiguration(f"it is no {KIND} of {API_VERSION}")
    if not document.resources:
        raise BadEncryptionConfiguration("resources: at least one rule is wanted")
    rules = [_rule(f"resources[{at}]", rule) for at, rule in enumerate(document.resources)]
    return EncryptionConfiguration(tuple(rules))


def _rule(where: str, rule: _Rule) -> Rule:
    if not rule.resources:
        raise BadEncryptionConfiguration(f"{where}.resources: at least one is wanted")
    for name in rule.resources:
        if not name or name == "*" or name != name.lower():
            raise BadEncryptionConfiguration(
                f"{where}.resources: {name!r}: a resource is given as secrets, deployments.apps, "
                "*. (core), *.apps or *.*"
            )
    if not rule.providers:
        raise BadEncryptionConfiguration(f"{where}.providers: at least one is wanted")
    keys: list[Key] = []
    clear = False
    for at, provider in enumerate(rule.providers):
        place = f"{where}.providers[{at}]"
        if len(provider) != 1:
            raise BadEncryptionConfiguration(f"{place}: exactly one provider is wanted")
        [(name, value)] = provider.items()
        if name == "identity":
            clear = True
        elif (kind := _PROVIDERS.get(name)) is not None:
            keys.extend(_keys(f"{place}.{name}", value, kind))
        else:
            known = "is a provider that is not here" if name in _OTHERS else "is no provider"
            raise BadEncryptionConfiguration(
                f"{place}: {name!r} {known}: use aesgcm, aescbc or identity"
            )
    if len({(key.provider, key.name) for key in keys}) != len(keys):
        raise BadEncryptionConfiguration(f"{where}: each key needs a name of its own")
    first = "identity" in rule.providers[0]
    return Rule(rule.resources, tuple(keys), None if first or not keys else keys[0], clear)


def _keys(where: str, value: Any, provider: Provider) -> list[Key]:
    try:
        given = msgspec.convert(value, _Keys).keys
    except msgspec.ValidationError as error:
        raise BadEncryptionConfiguration(f"{where}: {error}") from None
    if not given:
        raise BadEncryptionConfiguration(f"{where}.keys: at least one is wanted")
    return [_key(f"{where}.keys[{at}]", key, provider) for at, key in enumerate(given)]


def _key(where: str, key: _Key, provider: Provider) -> Key:
    if not key.name or ":" in key.name:
        raise BadEncryptionConfiguration(f"{where}.name: not empty, and without a colon")
    try:
        secret = base64.b64decode(key.secret, validate=True)
    except (binascii.Error, ValueError):
        raise BadEncryptionConfiguration(f"{where}.secret: it is not base64") from None
    if len(secret) not in KEY_BYTES:
        raise BadEncryptionConfiguration(
            f"{where}.secret: {len(secret)} bytes; AES takes 16, 24 or 32"
        )
    return Key(key.name, secret, provider)


def fresh(secret: bytes) -> bytes:
    """The document that a new cluster begins with: Secrets under one key of 32 random bytes, and
    what is in clear may be read."""
    text = base64.b64encode(secret).decode()
    document = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [
                    {"aesgcm": {"keys": [{"name": "key1", "secret": text}]}},
                    {"identity": {}},
                ],
            }
        ],
    }
    return yaml.safe_dump(document, sort_keys=False).encode()
