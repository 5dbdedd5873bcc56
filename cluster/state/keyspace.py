"""Present versions by key, in order.

Job: look-ups at the cost of a dict, ranges at the cost of what they return, copies that do not
stall a loop. Must not know: revisions, what the versions hold.

The order is kept as a list of sorted chunks of keys: finding, adding and removing one are
bisections in C. Copying the chunks and the dict is many times quicker than walking the keys in
order, so a snapshot of a hundred thousand objects begins within a millisecond or two.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from cluster.messages.store import KeyValue

# Keys of a chunk at most; one that grows beyond is halved.
CHUNK_KEYS = 1024


class SortedKeys:
    """Keys in order. None is added twice."""

    def __init__(self) -> None:
        self._chunks: list[list[str]] = []
        # The last key of each chunk.
        self._lasts: list[str] = []

    def add_key(self, key: str) -> None:
        """One that is not there yet."""
        lasts = self._lasts
        at = bisect_left(lasts, key)
        if at < len(lasts):
            chunk = self._chunks[at]
            insort(chunk, key)
        elif lasts:
            at -= 1
            chunk = self._chunks[at]
            chunk.append(key)
            lasts[at] = key
        else:
            chunk = [key]
            self._chunks.append(chunk)
            lasts.append(key)
        if len(chunk) > CHUNK_KEYS:
            half = len(chunk) // 2
            self._chunks.insert(at + 1, chunk[half:])
            del chunk[half:]
            lasts.insert(at, chunk[-1])

    def remove_key(self, key: str) -> None:
        """One that is there."""
        at = bisect_left(self._lasts, key)
        chunk = self._chunks[at]
        position = bisect_left(chunk, key)
        assert chunk[position] == key, "only keys that are there are removed"
        del chunk[position]
        if not chunk:
            del self._chunks[at], self._lasts[at]
        elif position == len(chunk):
            self._lasts[at] = chunk[-1]

    def append_keys(self, keys: list[str]) -> None:
        """Keys in order, all after those that are there. Raises ValueError if they are not."""
        last = self._lasts[-1] if self._lasts else ""
        for key in keys:
            if key <= last:
                raise ValueError(f"key {key!r} after {last!r}")
            last = key
        for start in range(0, len(keys), CHUNK_KEYS):
            chunk = keys[start : start + CHUNK_KEYS]
            self._chunks.append(chunk)
            self._lasts.append(chunk[-1])

    def count(self, key: str, end: str) -> int:
        """How many keys there are in [key, end)."""
        if key >= end:
            return 0
        first, start = self._find(key)
        last, stop = self._find(end)
        if first == last:
            return stop - start
        return sum(map(len, self._chunks[first:last])) - start + stop

    def keys(self, key: str, end: str, limit: int = 0) -> list[str]:
        """Those in [key, end), in order; only the first ``limit`` if it is not 0."""
        if key >= end:
            return []
        first, start = self._find(key)
        last, stop = self._find(end)
        found: list[str] = []
        for at in range(first, min(last + 1, len(self._chunks))):
            chunk = self._chunks[at]
            found += chunk[start if at == first else 0 : stop if at == last else len(chunk)]
            if limit and len(found) >= limit:
                del found[limit:]
                break
        return found

    def _find(self, key: str) -> tuple[int, int]:
        """Chunk and position of the first key that is not below ``key``."""
        at = bisect_left(self._lasts, key)
        if at == len(self._lasts):
            return at, 0
        return at, bisect_left(self._chunks[at], key)

    def copy_keys(self) -> "SortedKeys":
        """The same keys, apart from what happens to these."""
        made = SortedKeys()
        made._chunks = [chunk[:] for chunk in self._chunks]
        made._lasts = self._lasts[:]
        return made


class Keyspace(SortedKeys):
    """``table``: versions by key, for look-ups and for replacing the version of a key that is
    there; keys are added and removed by the methods."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[str, KeyValue] = {}

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def __getitem__(self, key: str) -> KeyValue:
        return self.table[key]

    def get(self, key: str) -> KeyValue | None:
        """The present version, if any."""
        return self.table.get(key)

    def add(self, item: KeyValue) -> None:
        """A key that is not there yet."""
        self.table[item.key] = item
        self.add_key(item.key)

    def pop(self, key: str) -> KeyValue | None:
        """Remove a key; its version, if it was there."""
        item = self.table.pop(key, None)
        if item is not None:
            self.remove_key(key)
        return item

    def append(self, items: Sequence[KeyValue]) -> None:
        """Keys in order, all after those that are there. Raises ValueError if they are not."""
        keys = [item.key for item in items]
        self.append_keys(keys)
        self.table.update(zip(keys, items, strict=True))

    def freeze(self) -> Iterator[list[KeyValue]]:
        """All versions in order, in lists of bounded length, as they are now: the copies are taken
        by this call."""
        chunks = [chunk[:] for chunk in self._chunks]
        table = self.table.copy()
        return ([table[key] for key in chunk] for chunk in chunks)

    def freeze_values(self) -> list[KeyValue]:
        """All versions in no order, as they are now; the cheapest copy."""
        return list(self.table.values())
