"""A running digest of everything the state machine ever did: equal states, equal digests.

Job: tell replicas that diverged at once and cheaply. Must not know: how state is kept.

It chains the effects (each event with its revisions), not the inputs, so two replicas that applied
the same commands with different results differ. Of values and indexes it takes their CRC-32 only:
it runs with every write, and a cryptographic hash of each value would cost more than the rest of
applying it (0.7 us per KiB against 0.15). The bytes themselves are what ``state_hash`` checks, on
demand. It covers what a command did, so it does not depend on what history is kept.
"""

import hashlib
from collections.abc import Sequence
from zlib import crc32

import msgspec

from cluster.messages.store import StoreEvent

DIGEST_BYTES = 16

_encoder = msgspec.msgpack.Encoder()


class EventDigest:
    """``value``: the digest so far."""

    def __init__(self, value: bytes = bytes(DIGEST_BYTES)) -> None:
        self.value = value

    def add_events(self, events: Sequence[StoreEvent]) -> None:
        """Chain the events of one command, each with its revision."""
        check = 0
        told = []
        for event in events:
            item = event.item
            check = crc32(item.value, check)
            if item.index:
                check = crc32(item.index, check)
            told.append(
                (
                    event.kind,
                    item.key,
                    len(item.value),
                    len(item.index),
                    item.create_revision,
                    item.mod_revision,
                    item.version,
                    item.lease,
                )
            )
        self._chain((check, told))

    def add(self, *effect: str | int) -> None:
        """Chain another effect: what it is, and its numbers."""
        self._chain(effect)

    def _chain(self, told: object) -> None:
        chain = hashlib.blake2b(self.value, digest_size=DIGEST_BYTES)
        chain.update(_encoder.encode(told))
        self.value = chain.digest()

    def hex(self) -> str:
        """For people and messages."""
        return self.value.hex()
