"""Events are forgotten an hour after they were last said.

Job: find and delete them, a page at a time. Must not know: when it is time to look, HTTP.
Source: kube-apiserver's ``--event-ttl`` (default 1h; a repeated event lives on).
"""

from actors.apiserver.object_store import whole
from actors.apiserver.store_client import StoreClient
from cluster import limits
from cluster.api.encoding import decode
from cluster.api.events import last_said
from cluster.api.kinds import by_resource, storage_prefix
from cluster.api.timestamps import seconds_of
from cluster.messages.store import Compare, Delete, KeyValue, Range, Txn

EVENT_SECONDS_MAX = 3600.0
# The leader looks this often: events outlive their hour by so much at most.
SWEEP_SECONDS = 300.0
# All of a page may go in one transaction: a comparison and a deletion each.
PAGE = limits.TXN_OPERATIONS_MAX // 2


async def expire(store: StoreClient, now: float) -> int:
    """Delete what is over; returns how many. ``now``: UNIX seconds. Raises StatusError."""
    kind = by_resource("", "v1", "events")
    assert kind is not None
    start, end = whole(storage_prefix(kind))
    deleted = 0
    while True:
        found = await store.range(Range(key=start, end=end, limit=PAGE, linearizable=False))
        over = [item for item in found.items if is_over(item, now)]
        if over and await _delete(store, over):
            deleted += len(over)
        if not found.more:
            return deleted
        start = found.items[-1].key + "\x00"


def is_over(item: KeyValue, now: float) -> bool:
    """True if nobody said it for too long; never for an event without any readable time."""
    try:
        said = seconds_of(last_said(decode(item.value)))
    except ValueError:
        return False
    return now - said > EVENT_SECONDS_MAX


async def _delete(store: StoreClient, items: list[KeyValue]) -> bool:
    """False if one of them was said again meanwhile: the next sweep sees."""
    compare = tuple(Compare(item.key, "mod", item.mod_revision) for item in items)
    result = await store.txn(Txn(compare, tuple(Delete(item.key) for item in items)))
    return result.succeeded
