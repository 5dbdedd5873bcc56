"""What is stored under an old key, or in clear though it should not be, written anew.

Job: one walk over the kinds that the encryption configuration covers, by the leader when it begins
to lead: so a key that was put first in the configuration is soon the only one in use. Must not
know: ciphers. Source: docs "Encrypting Confidential Data at Rest", Rotating a decryption key.
"""

from collections.abc import AsyncGenerator

from actors.apiserver.custom.kind_cache import PREFIX as DEFINITIONS
from actors.apiserver.encryption import Sealer
from actors.apiserver.store_client import StoreClient, prefix_end
from cluster.api.encoding import decode, gap_of
from cluster.api.kinds import SERVED, storage_prefix
from cluster.messages.store import Compare, KeyValue, Put, Range, Txn

PAGE = 500


async def reseal(store: StoreClient, sealer: Sealer) -> int:
    """Returns how many objects were written. Raises StatusError. An object that somebody else
    changed meanwhile is left: that write sealed it."""
    written = 0
    prefixes = [storage_prefix(kind) for kind in SERVED if not kind.create_only]
    prefixes.extend([prefix async for prefix in _custom(store)])
    for prefix in dict.fromkeys(prefixes):
        if sealer.rule(prefix) is None:
            continue
        start, end = prefix, prefix_end(prefix)
        while start:
            page = await store.range_stored(
                Range(key=start, end=end, limit=PAGE, linearizable=False)
            )
            for item in page.items:
                if sealer.is_stale(item):
                    written += await _rewrite(store, sealer.open(item))
            start = page.items[-1].key + "\x00" if page.more else ""
    return written


async def _custom(store: StoreClient) -> AsyncGenerator[str, None]:
    """Where custom resources are: whether they are served or not, values may be left of them."""
    start, end = DEFINITIONS, prefix_end(DEFINITIONS)
    while start:
        page = await store.range(Range(key=start, end=end, limit=PAGE, linearizable=False))
        for item in page.items:
            spec = decode(item.value)["spec"]
            yield f"/registry/{spec['group']}/{spec['names']['plural']}/"
        start = page.items[-1].key + "\x00" if page.more else ""


async def _rewrite(store: StoreClient, item: KeyValue) -> bool:
    """The same object once more, at a revision of its own."""
    value, stamp = gap_of(item.value)
    put = Put(item.key, value, stamp, item.index, item.lease)
    unchanged = Compare(item.key, "mod", item.mod_revision)
    return (await store.txn(Txn(compare=(unchanged,), success=(put,)))).succeeded
