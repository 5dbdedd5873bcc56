"""A snapshot of the whole state as one file: what is written, checked, told and restored.

The file is a label (cluster, time, version), framed and checksummed as the pieces of
``cluster.state.snapshot`` are, and then those pieces as they come from a replica. A replica's own
snapshot, which has no label, can be read too. Must not know: who writes it, replicas.
"""

import os
import struct
import zlib
from collections.abc import Iterable

import msgspec

from cluster.settings import ClusterSettings
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.snapshot_pieces import PIECE_HEADER, SnapshotDamaged
from cluster.state.state_hash import hash_of

FORMAT = 1
# Far more revisions than any cluster makes between a snapshot and its loss.
REVISION_BUMP = 1_000_000_000
# "/registry/<group>/<plural>/": the kind of a key.
KIND_PARTS = 4


class Label(msgspec.Struct, frozen=True, array_like=True, tag="steersman snapshot"):
    """What the state itself does not say. ``time``: UNIX seconds."""

    format: int
    cluster: str
    time: float
    version: str


class Contents(msgspec.Struct, frozen=True):
    """What is in a whole file. ``label`` None: a replica's own. ``kinds``: keys and bytes by the
    kind of key. ``hash``: equal states have equal ones."""

    label: Label | None
    size: int
    machine: StateMachine
    kinds: dict[str, tuple[int, int]]
    hash: str


def label_piece(settings: ClusterSettings, now: float, version: str) -> bytes:
    """The file's first piece."""
    body = msgspec.msgpack.encode(Label(FORMAT, settings.name, now, version))
    return bytes(PIECE_HEADER.pack(len(body), zlib.crc32(body)) + body)


def write(path: str, pieces: Iterable[bytes]) -> Contents:
    """Write a new file durably and whole, or not at all: only if it can be read back does it get
    its name. Returns what is in it. Raises OSError, SnapshotDamaged, and what ``pieces`` raise."""
    partial = path + ".partial"
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        written = inspect(partial)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return written


def inspect(path: str) -> Contents:
    """Read and check a file. Raises OSError, SnapshotDamaged with the offset in the file."""
    with open(path, "rb") as file:
        data = file.read()
    return contents(data)


def contents(data: bytes) -> Contents:
    """What a file's bytes hold. Raises SnapshotDamaged with the offset in the file."""
    check_frames(data)
    label, start = read_label(data)
    machine = decode_snapshot(data[start:])
    return Contents(label, len(data), machine, count_kinds(machine), state_hash(machine))


def check_frames(data: bytes) -> None:
    """Raises SnapshotDamaged if a piece is cut off or not what was written."""
    offset = 0
    while offset < len(data):
        try:
            length, checksum = PIECE_HEADER.unpack_from(data, offset)
        except struct.error:
            raise SnapshotDamaged(f"cut off at offset {offset}") from None
        end = offset + PIECE_HEADER.size + length
        if end > len(data):
            raise SnapshotDamaged(
                f"cut off: the piece at offset {offset} goes to {end}, the file to {len(data)}"
            )
        if zlib.crc32(memoryview(data)[offset + PIECE_HEADER.size : end]) != checksum:
            raise SnapshotDamaged(f"checksum does not match at offset {offset}")
        offset = end


def read_label(data: bytes) -> tuple[Label | None, int]:
    """The label, and where the state begins. Raises SnapshotDamaged if this is another format."""
    if len(data) < PIECE_HEADER.size:
        raise SnapshotDamaged("the file is empty" if not data else "cut off at offset 0")
    length = PIECE_HEADER.unpack_from(data)[0]
    end = PIECE_HEADER.size + length
    try:
        label = msgspec.msgpack.decode(data[PIECE_HEADER.size : end], type=Label)
    except msgspec.DecodeError:
        return None, 0
    if label.format != FORMAT:
        raise SnapshotDamaged(f"file format {label.format}, this version reads {FORMAT}")
    return label, end


def count_kinds(machine: StateMachine) -> dict[str, tuple[int, int]]:
    """(keys, bytes) by kind of key, the biggest first."""
    found: dict[str, tuple[int, int]] = {}
    for item in machine.items.freeze_values():
        kind = "/".join(item.key.split("/")[:KIND_PARTS])
        keys, size = found.get(kind, (0, 0))
        found[kind] = (keys + 1, size + len(item.value))
    return dict(sorted(found.items(), key=lambda entry: (-entry[1][1], entry[0])))


def state_hash(machine: StateMachine) -> str:
    """The hash of all keys that replicas compare."""
    work = hash_of(machine)
    while True:
        try:
            next(work)
        except StopIteration as done:
            return str(done.value)


def rebased(machine: StateMachine, bump: int) -> bytes:
    """The state as a new cluster's first snapshot, ``bump`` revisions further on.

    The old cluster may have given out revisions after this snapshot was taken, and whoever saw one
    must not take the new cluster's for older. All history is compacted: a watch that goes on from
    an old revision is told to list anew. Alarms were about replicas that are no more.
    """
    revision = machine.revision + bump
    machine.history.begin(revision, revision)
    machine.alarms = {}
    return b"".join(encode_snapshot(machine))
