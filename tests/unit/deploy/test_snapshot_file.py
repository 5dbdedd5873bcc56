"""Snapshot files: whole or told where not, and restored ones never go back in time."""

import zlib
from pathlib import Path

import msgspec
import pytest

from cluster.errors import Compacted
from cluster.messages.store import Put, TxnRecord
from cluster.state.commands import AlarmCommand, LeaseGrantCommand, TxnsCommand
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.snapshot_pieces import PIECE_HEADER, SnapshotDamaged
from deploy import snapshot_file
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(name="harbour", runtime="memory"), "/nowhere")


def machine(keys: int = 600) -> StateMachine:
    made = StateMachine()
    for number in range(keys):
        kind = "pods" if number % 3 else "nodes"
        put = Put(f"/registry/core/{kind}/default/{number:04}", b"x" * 100)
        made.apply(number + 1, 2, TxnsCommand((TxnRecord((), (put,)),)))
    made.apply(keys + 1, 2, LeaseGrantCommand(7, 60, 1000))
    made.apply(keys + 2, 2, AlarmCommand("replica-2", "corrupt"))
    return made


def saved(path: Path, keys: int = 600) -> Path:
    label = snapshot_file.label_piece(SETTINGS, 1234.5, "0.1.0")
    snapshot_file.write(str(path), [label, *encode_snapshot(machine(keys))])
    return path


def test_a_file_tells_what_is_in_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "file")
    found = snapshot_file.inspect(str(path))
    assert found.label == snapshot_file.Label(1, "harbour", 1234.5, "0.1.0")
    assert found.size == path.stat().st_size
    assert found.kinds == {
        "/registry/core/pods": (400, 40_000),
        "/registry/core/nodes": (200, 20_000),
    }
    assert (found.machine.revision, len(found.machine.leases)) == (601, 1)
    assert found.hash == snapshot_file.state_hash(machine())
    assert path.stat().st_mode & 0o077 == 0, "Secrets are in it"


def test_a_replica_s_own_snapshot_is_read_too() -> None:
    found = snapshot_file.contents(b"".join(encode_snapshot(machine())))
    assert found.label is None
    assert len(found.machine.items) == 600


def test_any_damage_is_told_with_its_offset(tmp_path: Path) -> None:
    data = saved(tmp_path / "file", keys=40).read_bytes()
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1
        with pytest.raises(SnapshotDamaged, match="offset"):
            snapshot_file.contents(bytes(broken))


def test_a_file_cut_off_anywhere_is_not_whole(tmp_path: Path) -> None:
    data = saved(tmp_path / "file", keys=40).read_bytes()
    for size in range(len(data)):
        with pytest.raises(SnapshotDamaged):
            snapshot_file.contents(data[:size])


def test_what_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    pieces = [snapshot_file.label_piece(SETTINGS, 1.0, "1"), *encode_snapshot(machine())]
    with pytest.raises(SnapshotDamaged):
        snapshot_file.write(str(path), pieces[:-1])
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"an older one")

    def broken() -> object:
        yield pieces[0]
        raise OSError("the line broke")

    with pytest.raises(OSError, match="the line broke"):
        snapshot_file.write(str(path), broken())  # type: ignore[arg-type]  # raises in the middle
    assert path.read_bytes() == b"an older one"
    assert list(tmp_path.iterdir()) == [path]


def test_another_file_format_is_refused() -> None:
    body = msgspec.msgpack.encode(snapshot_file.Label(2, "harbour", 1.0, "9"))
    piece = PIECE_HEADER.pack(len(body), zlib.crc32(body)) + body
    with pytest.raises(SnapshotDamaged, match="file format 2, this version reads 1"):
        snapshot_file.contents(piece)


def test_a_restored_state_is_the_same_but_later() -> None:
    before = machine()
    after = decode_snapshot(snapshot_file.rebased(machine(), 1_000_000))
    assert after.items.table == before.items.table
    assert after.revision == after.compacted == before.revision + 1_000_000
    assert after.alarms == {}
    assert after.leases.ids() == before.leases.ids()
    with pytest.raises(Compacted):
        after.read("/registry", "/registrz", 0, before.revision)
    outcome = after.apply(
        after.applied + 1, 2, TxnsCommand((TxnRecord((), (Put("/registry/x", b""),)),))
    )
    assert outcome[0].revision == before.revision + 1_000_001  # type: ignore[union-attr]  # a result
