"""Values encrypted at rest: sealed on their way into the store, opened on their way out.

Job: AES-GCM between the API server and the store; nobody above sees a sealed value. Must not know:
kinds beyond their place in a key, how the configuration is written.

A sealed value is ``k8s:enc:aesgcm:v1:<key name>:``, a nonce of 12 random bytes, and the ciphertext
of the stamp's offset (4 bytes; see ``messages.store.Put.stamp``) and the value. The store's key is
the additional data, so a value moved to another key does not open. The store cannot insert the
revision into what it cannot read: ``open`` does. Names, labels and the fields that selectors use
stay readable, as keys and indexes. Source: docs "Encrypting Confidential Data at Rest"; NIST SP
800-38D.
"""

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actors.kit.world.entropy import Entropy
from cluster.api import status
from cluster.api.encoding import stamped
from cluster.api.encryption_configuration import EncryptionConfiguration, Key, Rule
from cluster.limits import OBJECT_BYTES_MAX
from cluster.messages.store import Delete, KeyValue, Put, StoreEvent

PREFIX = b"k8s:enc:"
_AESGCM = PREFIX + b"aesgcm:v1:"
_NONCE_BYTES = 12
_OFFSET_BYTES = 4


class Sealer:
    """One configuration in use. ``entropy``: of the nonces."""

    def __init__(self, configuration: EncryptionConfiguration, entropy: Entropy) -> None:
        self._configuration = configuration
        self._entropy = entropy
        self._rules: dict[str, Rule | None] = {}
        self._ciphers: dict[tuple[str, bytes], AESGCM] = {}

    def seal(self, operation: Put | Delete) -> Put | Delete:
        """What is to be stored in the place of it. Raises StatusError 413."""
        if not isinstance(operation, Put):
            return operation
        rule = self.rule(operation.key)
        if rule is None or rule.writer is None:
            return operation
        value = _seal(self._cipher(rule.writer), rule.writer, operation, self._nonce())
        if len(value) > OBJECT_BYTES_MAX:
            raise status.too_large(
                f"the object is too large: {len(value)} bytes encrypted, limit is "
                f"{OBJECT_BYTES_MAX}"
            )
        return msgspec.structs.replace(operation, value=value, stamp=-1)

    def open(self, item: KeyValue) -> KeyValue:
        """As it was before it was sealed, with its revision inserted. Raises StatusError 500 if
        there is no key for it, or it is not what was written."""
        if not item.value.startswith(PREFIX):
            return self._clear(item)
        name, _, body = item.value.removeprefix(_AESGCM).partition(b":")
        rule = self.rule(item.key)
        keys = rule.keys if rule is not None else ()
        for key in keys:
            if key.name.encode() == name and item.value.startswith(_AESGCM):
                return _open(self._cipher(key), item, body)
        raise status.internal_error(
            f"{item.key}: no key of the encryption configuration opens the stored value"
        )

    def open_event(self, event: StoreEvent) -> StoreEvent:
        """Both versions opened."""
        item, previous = event.item, event.previous
        if previous is not None:
            previous = self.open(previous)
        if event.kind == "delete" and previous is not None:
            # It shows the last version, which was sealed with a revision of its own.
            item = msgspec.structs.replace(item, value=previous.value)
        else:
            item = self.open(item)
        return msgspec.structs.replace(event, item=item, previous=previous)

    def is_stale(self, item: KeyValue) -> bool:
        """Whether a stored item is not as it would be written today."""
        rule = self.rule(item.key)
        writer = rule.writer if rule is not None else None
        if writer is None:
            return item.value.startswith(PREFIX)
        return not item.value.startswith(_prefix(writer))

    def rule(self, key: str) -> Rule | None:
        """The rule for a key of the store, ``/registry/<group>/<plural>/...``."""
        parts = key.split("/", 4)
        if len(parts) < 4 or parts[1] != "registry":
            return None
        place = f"{parts[2]}/{parts[3]}"
        if place not in self._rules:
            group = "" if parts[2] == "core" else parts[2]
            self._rules[place] = self._configuration.rule(group, parts[3])
        return self._rules[place]

    def _clear(self, item: KeyValue) -> KeyValue:
        rule = self.rule(item.key)
        if rule is not None and not rule.clear:
            raise status.internal_error(
                f"{item.key}: the stored value is in clear, and the encryption configuration "
                "allows no identity provider"
            )
        return item

    def _cipher(self, key: Key) -> AESGCM:
        found = self._ciphers.get((key.name, key.secret))
        if found is None:
            found = self._ciphers[key.name, key.secret] = AESGCM(key.secret)
        return found

    def _nonce(self) -> bytes:
        return self._entropy.token(_NONCE_BYTES)


def key_name(value: bytes) -> str:
    """The name of the key that a stored value is sealed under, '' if it is in clear."""
    if not value.startswith(_AESGCM):
        return ""
    return value.removeprefix(_AESGCM).partition(b":")[0].decode(errors="replace")


def _prefix(key: Key) -> bytes:
    return _AESGCM + key.name.encode() + b":"


def _seal(cipher: AESGCM, key: Key, put: Put, nonce: bytes) -> bytes:
    plain = put.stamp.to_bytes(_OFFSET_BYTES, "big", signed=True) + put.value
    return _prefix(key) + nonce + cipher.encrypt(nonce, plain, put.key.encode())


def _open(cipher: AESGCM, item: KeyValue, body: bytes) -> KeyValue:
    nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        plain = cipher.decrypt(nonce, sealed, item.key.encode())
    except (InvalidTag, ValueError) as error:
        raise status.internal_error(f"{item.key}: the stored value does not open") from error
    offset = int.from_bytes(plain[:_OFFSET_BYTES], "big", signed=True)
    value = plain[_OFFSET_BYTES:]
    if offset >= 0:
        value = stamped(value, offset, item.mod_revision)
    return msgspec.structs.replace(item, value=value)
