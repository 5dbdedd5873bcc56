"""A running digest of everything the state machine ever did: equal states, equal digests.

Job: tell replicas that diverged at once and cheaply. Must not know: how state is kept.

It chains the effects (each event with its bytes and revisions), not the inputs, so two replicas
that applied the same commands with different results differ.
"""

import hashlib
from collections.abc import Sequence

from cluster.messages.store import StoreEvent

DIGEST_BYTES = 16


class EventDigest:
    """``value``: the digest so far."""

    def __init__(self, value: bytes = bytes(DIGEST_BYTES)) -> None:
        self.value = value

    def add(self, revision: int, events: Sequence[StoreEvent]) -> None:
        """Chain the events of one revision."""
        chain = hashlib.blake2b(self.value, digest_size=DIGEST_BYTES)
        for event in events:
            item = event.item
            chain.update(
                f"{revision} {event.kind} {item.create_revision} {item.mod_revision} "
                f"{item.version} {len(item.key)} {len(item.value)} {len(item.index)} "
                f"{item.key}".encode()
            )
            chain.update(item.value)
            chain.update(item.index)
        self.value = chain.digest()

    def hex(self) -> str:
        """For people and messages."""
        return self.value.hex()
