"""A watcher of the store's own keys (``deploy.chaos.watching`` has those of the API).

Must not know: what is right (the checkers do).
"""

from cluster import names
from cluster.chaos.observations import Seen, Segment
from cluster.errors import Compacted
from cluster.messages.store import Range, RangeResult, StoreEvents, Watch
from deploy.chaos.watching import Watcher
from tests.simulation.client import ASK_SECONDS, Client
from tests.simulation.registers import PREFIX, PREFIX_END


class StoreWatcher(Watcher):
    """Of the keys of a ``StoreRegister``."""

    def __init__(self, client: Client, pinned: int | None = None) -> None:
        super().__init__(pinned)
        self.client = client

    def _store(self, turn: int) -> str:
        replicas = self.client.cluster.settings.replicas
        return names.address(names.STORE, replicas[turn % len(replicas)].name)

    async def list(self, turn: int) -> Segment:
        found = await self.client.ref(self._store(turn)).ask(Range(PREFIX, PREFIX_END), ASK_SECONDS)
        assert isinstance(found, RangeResult)
        listed = {item.key.removeprefix(PREFIX): item.value.decode() for item in found.items}
        return Segment(found.revision, found.revision, dict(listed))

    async def watch(self, segment: Segment, turn: int) -> bool:
        message = Watch(PREFIX, PREFIX_END, segment.position + 1)
        try:
            async with self.client.ref(self._store(turn)).stream(message) as stream:
                async for item in stream:
                    assert isinstance(item, StoreEvents)
                    self._take(segment, item)
        except Compacted:
            return False
        return True

    def _take(self, segment: Segment, item: StoreEvents) -> None:
        for event in item.events:
            kind = (
                "DELETED" if event.kind == "delete" else "MODIFIED" if event.previous else "ADDED"
            )
            name, value = event.item.key.removeprefix(PREFIX), event.item.value.decode()
            self.keep(segment, Seen(kind, name, value, event.item.mod_revision))
        segment.position = max(segment.position, item.revision)
