"""Markers: how a retried transaction is applied once though etcd knows no sessions. Pure.

Job: what a marker says. Must not know: how transactions are built, connections.

Each transaction runs in a lane of a session. The lane's marker is a key of its own, written in the
same etcd transaction and compared with what it was before: of several attempts at most one is
applied. An attempt that finds another marker than it expected reads in it what became of the first:
applied or refused, and its own revision says when; the results are then read at that revision.

Lanes bound it: one marker per transaction at the same time, not per transaction, and they go with
the lease of their session. A lane whose last outcome stays unknown is never used again.
"""

import msgspec

from cluster.errors import SessionExpired


class Fate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What became of a transaction. ``revision`` 0: that of the marker itself."""

    sequence: int
    applied: bool
    revision: int = 0


class Marker(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``fates``: of the lane's transactions whose results may still be asked for, the one that
    wrote the marker last. ``done_below``: those below are over. ``trace``: of the last one."""

    fates: tuple[Fate, ...]
    done_below: int = 0
    trace: str = ""


# Fates kept of a foreign session that says not what it is done with.
FATES_MAX = 64

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Marker)


def encode_marker(marker: Marker) -> bytes:
    """As it is kept."""
    return _encoder.encode(marker)


def decode_marker(raw: bytes) -> Marker:
    """Raises msgspec.DecodeError if it is none."""
    return _decoder.decode(raw)


def following(
    marker: Marker | None, revision: int, fate: Fate, done_below: int, trace: str
) -> Marker:
    """The next marker of a lane whose present one was written at ``revision``."""
    before = () if marker is None else marker.fates
    lowest = max(done_below, marker.done_below if marker is not None else 0)
    kept = [
        Fate(old.sequence, old.applied, old.revision or revision)
        for old in before
        if old.sequence >= lowest
    ]
    return Marker((*kept[-FATES_MAX:], fate), lowest, trace)


def find(marker: Marker | None, revision: int, sequence: int) -> Fate | None:
    """What became of ``sequence``, by a marker written at ``revision``; None: nothing yet. Raises
    SessionExpired if it is over."""
    if marker is None:
        return None
    for fate in marker.fates:
        if fate.sequence == sequence:
            return Fate(sequence, fate.applied, fate.revision or revision)
    if sequence < marker.done_below:
        raise SessionExpired(f"sequence {sequence} is over")
    return None
