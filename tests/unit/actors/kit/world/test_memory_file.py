"""The file in memory: what is read, what is durable, what a power cut leaves, as a plain model."""

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_file import SECTOR_BYTES, MemoryFile

WRITES = st.lists(
    st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=1500) | st.just(bytes(700))),
    max_size=8,
)


def applied(data: bytes, writes: list[tuple[int, bytes]]) -> bytes:
    """The bytes after these writes."""
    found = bytearray(data)
    for offset, piece in writes:
        found.extend(bytes(max(0, offset + len(piece) - len(found))))
        found[offset : offset + len(piece)] = piece
    return bytes(found)


@settings(deadline=None)
@given(WRITES, WRITES, st.integers(0, 2000), st.integers(0, 1000), st.booleans())
def test_durable_writes_stay_and_of_the_others_only_their_sectors_change(
    durable: list[tuple[int, bytes]],
    pending: list[tuple[int, bytes]],
    room: int,
    seed: int,
    by_sectors: bool,
) -> None:
    file = MemoryFile(bytearray(), room)
    for offset, piece in durable:
        file.write(offset, piece)
    file.harden(file.written)
    before = applied(bytes(room), durable)
    assert file.content() == before
    for offset, piece in pending:
        file.write(offset, piece)
    after = applied(before, pending)
    assert file.content() == after
    assert file.content(100, 900) == after[100:900]
    other = file.copy()
    for one in (file, other):
        one.lose_power(SeededEntropy(seed), by_sectors)
    left = file.content()
    assert other.content() == left
    assert len(before) <= len(left) <= len(after)
    if not by_sectors:
        assert any(left == applied(before, cut) for cut in prefixes(pending))
        return
    padded = before.ljust(len(after), b"\0")
    for start in range(0, len(left), SECTOR_BYTES):
        part = left[start : start + SECTOR_BYTES]
        end = start + len(part)
        assert part in (padded[start:end], after[start:end])


def prefixes(writes: list[tuple[int, bytes]]) -> list[list[tuple[int, bytes]]]:
    """The writes cut after every byte."""
    found: list[list[tuple[int, bytes]]] = [[]]
    for position, (offset, piece) in enumerate(writes):
        found += [[*writes[:position], (offset, piece[:size])] for size in range(1, len(piece) + 1)]
    return found


def test_writes_given_up_are_read_until_the_power_goes() -> None:
    file = MemoryFile(bytearray(b"abc"))
    file.write(0, b"X")
    given_up = file.written
    file.write(2, b"Y")
    file.give_up(given_up)
    file.harden(file.written)
    assert file.content() == b"XbY"
    file.lose_power(SeededEntropy(1), by_sectors=True)
    assert file.content() == b"abY"


@settings(deadline=None)
@given(WRITES, WRITES, st.floats(0.0, 1.0))
def test_a_torn_write_leaves_its_beginning_and_nothing_after_it(
    torn: list[tuple[int, bytes]], behind: list[tuple[int, bytes]], share: float
) -> None:
    file = MemoryFile(bytearray(b"before"))
    for offset, piece in torn:
        file.write(offset, piece)
    written = file.written
    for offset, piece in behind:
        file.write(offset, piece)
    file.tear(written, share)
    keep = int(share * sum(len(piece) for _, piece in torn))
    kept: list[tuple[int, bytes]] = []
    for offset, piece in torn:
        kept.append((offset, piece[:keep]))
        keep -= len(kept[-1][1])
    expected = applied(b"before", [item for item in kept if item[1]])
    assert file.content() == expected
    file.lose_power(SeededEntropy(1), by_sectors=False)
    assert file.content() == expected
