"""A part of the store read once and then followed, for as long as the server lives.

Job: list, watch from there, list anew when that breaks. Must not know: what is kept of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from actors.apiserver.store_client import StoreClient, prefix_end
from cluster.errors import SteersmanError
from cluster.messages.store import KeyValue, Range, StoreEvent, Watch

# Between tries to reach a store that has no leader yet, or went away.
RETRY_FIRST_SECONDS = 0.05
RETRY_MAX_SECONDS = 1.0


class Follower(Protocol):
    """Who keeps what is followed."""

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes since, in order."""

    def lost(self) -> None:
        """No changes come until the next ``reset``."""


async def follow(
    store: StoreClient,
    prefix: str,
    follower: Follower,
    broke: Callable[[str], None],
    linearizable: bool = True,
    synced: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """For ever. ``broke`` is told each time why; ``synced`` is awaited after each ``reset``."""
    pause = RETRY_FIRST_SECONDS
    end = prefix_end(prefix)
    while True:
        try:
            found = await store.range(Range(key=prefix, end=end, linearizable=linearizable))
            follower.reset(found.items)
            if synced is not None:
                await synced()
            pause = RETRY_FIRST_SECONDS
            async with store.watch(Watch(prefix, end, found.revision + 1)) as stream:
                async for item in stream:
                    follower.apply(item.events)
        except SteersmanError as error:
            broke(str(error))
        finally:
            follower.lost()
        await asyncio.sleep(pause)
        pause = min(pause * 2, RETRY_MAX_SECONDS)
