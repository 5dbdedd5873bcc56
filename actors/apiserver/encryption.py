"""Values encrypted at rest: sealed on their way into the store, opened on their way out.

Job: ciphers between the API server and the store; nobody above sees a sealed value. Must not know:
kinds beyond their place in a key, how the configuration is written, the ciphers' insides.

A sealed value is ``k8s:enc:<provider>:v1:<key name>:`` and the ciphertext (``ciphers``) of the
stamp's offset (4 bytes; see ``messages.store.Put.stamp``) and the value. The store cannot insert
the revision into what it cannot read: ``open`` does. Names, labels and the fields that selectors
use stay readable, as keys and indexes. Source: docs "Encrypting Confidential Data at Rest".
"""

from collections.abc import Sequence

import msgspec

from actors.apiserver.ciphers import Cipher, Unopened, cipher_of
from actors.kit.world.entropy import Entropy
from cluster.api import status
from cluster.api.encoding import stamped
from cluster.api.encryption_configuration import EncryptionConfiguration, Key, Rule
from cluster.limits import OBJECT_BYTES_MAX
from cluster.messages.store import Delete, KeyValue, Put, StoreEvent

PREFIX = b"k8s:enc:"
_OFFSET_BYTES = 4


class Sealer:
    """One configuration in use. ``entropy``: of the nonces."""

    def __init__(self, configuration: EncryptionConfiguration, entropy: Entropy) -> None:
        self._configuration = configuration
        self._entropy = entropy
        self._rules: dict[str, Rule | None] = {}
        self._ciphers: dict[Key, Cipher] = {}

    def seal(self, operation: Put | Delete) -> Put | Delete:
        """What is to be stored in the place of it. Raises StatusError 413."""
        if not isinstance(operation, Put):
            return operation
        rule = self.rule(operation.key)
        if rule is None or rule.writer is None:
            return operation
        value = _seal(self._cipher(rule.writer), rule.writer, operation, self._entropy)
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
        rule = self.rule(item.key)
        for key in rule.keys if rule is not None else ():
            if item.value.startswith(_prefix(key)):
                body = item.value.removeprefix(_prefix(key))
                return _open(self._cipher(key), item, body)
        raise status.internal_error(
            f"{item.key}: no key of the encryption configuration opens the stored value"
        )

    def open_range(self, items: Sequence[KeyValue]) -> tuple[KeyValue, ...]:
        """Those of a range, in order of their keys. Raises StatusError 500."""
        if not items:
            return ()
        first, last = items[0].key, items[-1].key
        rule = self.rule(first)
        if not last.startswith(_place(first)) or (rule is not None and not rule.clear):
            return tuple([self.open(item) for item in items])
        # All are of one resource, which may be in clear: only what is sealed needs a look.
        return tuple([self.open(i) if i.value.startswith(PREFIX) else i for i in items])

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

    def _cipher(self, key: Key) -> Cipher:
        found = self._ciphers.get(key)
        if found is None:
            found = self._ciphers[key] = cipher_of(key)
        return found


def _place(key: str) -> str:
    """All keys that begin so have the rule of this one; of another key than an object's, itself."""
    *place, rest = key.split("/", 4)
    return key.removesuffix(rest) if len(place) == 4 else key


def key_of(value: bytes) -> tuple[str, str]:
    """(provider, name) of the key that a stored value is sealed under, two empty texts if it is in
    clear."""
    if not value.startswith(PREFIX):
        return "", ""
    provider, _, rest = value.removeprefix(PREFIX).partition(b":v1:")
    return provider.decode(errors="replace"), rest.partition(b":")[0].decode(errors="replace")


def _prefix(key: Key) -> bytes:
    return b"%b%b:v1:%b:" % (PREFIX, key.provider.encode(), key.name.encode())


def _seal(cipher: Cipher, key: Key, put: Put, entropy: Entropy) -> bytes:
    plain = put.stamp.to_bytes(_OFFSET_BYTES, "big", signed=True) + put.value
    return _prefix(key) + cipher.seal(plain, put.key.encode(), entropy)


def _open(cipher: Cipher, item: KeyValue, body: bytes) -> KeyValue:
    try:
        plain = cipher.open(body, item.key.encode())
        offset = int.from_bytes(plain[:_OFFSET_BYTES], "big", signed=True)
        value = plain[_OFFSET_BYTES:]
        if not -1 <= offset <= len(value):
            raise Unopened("it holds no such place for a revision")
    except Unopened as error:
        raise status.internal_error(f"{item.key}: the stored value does not open") from error
    if offset >= 0:
        value = stamped(value, offset, item.mod_revision)
    return msgspec.structs.replace(item, value=value)
