"""One file of the disk in memory: what the kernel answers, what the platter holds, and the writes
between the two. Pure.

Must not know: names, time, faults.
"""

from collections import deque

from actors.kit.world.entropy import Entropy

# What a disk writes whole or not at all.
SECTOR_BYTES = 512


class MemoryFile:
    """``length``: bytes, zeros from where ``view`` ends on. ``written`` counts writes ever made."""

    def __init__(self, data: bytearray, length: int = 0) -> None:
        self.length = max(length, len(data))
        self.written = 0
        self._view = data
        self._platter = bytearray(data)
        self._durable = self.length
        # Written and not yet durable: offset, bytes.
        self._writes: deque[tuple[int, bytes]] = deque()

    @property
    def has_grown(self) -> bool:
        """Whether its length is not durable."""
        return self.length > self._durable

    def copy(self) -> "MemoryFile":
        """Another with the same bytes, durable and not."""
        other = MemoryFile(bytearray(self._view), self.length)
        other.written = self.written
        other._platter = bytearray(self._platter)
        other._durable = self._durable
        other._writes = deque(self._writes)
        return other

    def content(self, start: int = 0, end: int | None = None) -> bytes:
        """What a reader gets."""
        end = self.length if end is None else min(end, self.length)
        data = bytes(memoryview(self._view)[start:end])
        return data if start + len(data) >= end else data.ljust(end - start, b"\0")

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes somewhere up to the end; the file grows as needed."""
        if not data:
            return  # nor does a file grow by it
        self.written += 1
        self._writes.append((offset, data))
        _put(self._view, offset, data)
        self.length = max(self.length, offset + len(data))

    def harden(self, written: int) -> None:
        """The first ``written`` writes are durable."""
        while self._writes and self.written - len(self._writes) < written:
            offset, data = self._writes.popleft()
            _put(self._platter, offset, data)
            self._durable = max(self._durable, offset + len(data))

    def give_up(self, written: int) -> None:
        """The first ``written`` writes will never be durable, though they can still be read."""
        while self._writes and self.written - len(self._writes) < written:
            self._writes.popleft()

    def cut(self, size: int) -> None:
        """Both the view and the platter end at ``size``."""
        for data in (self._view, self._platter):
            del data[size:]
        self.length = self._durable = size

    def flip(self, offset: int, mask: int) -> None:
        """Change bits of one byte, on the platter and so in what is read."""
        assert offset < self.length
        for data in (self._view, self._platter):
            held = data[offset] if offset < len(data) else 0
            _put(data, offset, bytes([held ^ mask]))

    def tear(self, written: int, share: float) -> None:
        """Of the first ``written`` writes only that share of their bytes becomes durable, from the
        start; all else that is not durable is lost."""
        while self._writes and self.written > written:
            self._writes.pop()
            self.written -= 1
        self._keep_prefix(int(share * sum(len(data) for _, data in self._writes)))
        self._writes.clear()
        self._view = bytearray(self._platter)
        self.length = self._durable

    def lose_power(self, entropy: Entropy, by_sectors: bool) -> None:
        """Keep of what is not durable a random prefix, or some random sectors."""
        if self._writes:
            if by_sectors:
                self._keep_sectors(entropy)
            else:
                total = sum(len(data) for _, data in self._writes)
                self._keep_prefix(int(entropy.random() * (total + 1)))
            self._writes.clear()
        self._view = bytearray(self._platter)
        self.length = self._durable

    def _keep_prefix(self, keep: int) -> None:
        for offset, data in self._writes:
            kept = data[:keep]
            keep -= len(kept)
            if kept:
                _put(self._platter, offset, kept)
                self._durable = max(self._durable, offset + len(kept))

    def _keep_sectors(self, entropy: Entropy) -> None:
        """How many survive differs from loss to loss: all, none and in between."""
        after = bytearray(self._platter)
        touched: set[int] = set()
        end = self._durable
        for offset, data in self._writes:
            _put(after, offset, data)
            last = offset + len(data)
            end = max(end, last)
            touched.update(range(offset // SECTOR_BYTES, -(-last // SECTOR_BYTES)))
        length = self._durable + int(entropy.random() * (end - self._durable + 1))
        share = entropy.uniform(-0.2, 1.2)
        for sector in sorted(touched):
            if entropy.random() < share:
                start = sector * SECTOR_BYTES
                _put(self._platter, start, bytes(after[start : start + SECTOR_BYTES]))
        del self._platter[length:]
        self._durable = length


def _put(buffer: bytearray, offset: int, data: bytes) -> None:
    missing = offset - len(buffer)
    if missing >= 0 and data == bytes(len(data)):
        return  # zeros behind the end are what is there anyway
    if missing > 0:
        buffer.extend(bytes(missing))
    buffer[offset : offset + len(data)] = data
