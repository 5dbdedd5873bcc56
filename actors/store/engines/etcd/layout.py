"""Where things lie in etcd, and how a value is kept there. Pure.

Job: keys of the cluster ↔ etcd's keys, versions ↔ etcd's. Must not know: connections, transactions.

All lies under one prefix, ``/steersman/<cluster>/``: ``k`` + key: the cluster's keys; ``s`` +
session and lane: markers (see ``markers``); ``m`` + name: replicas that run; ``leader`` and
``heir``: the election. A value is kept as a format byte, the length of a small msgpack header, the
header and the bytes. The stamp (the own revision within the bytes) is put in when it is read: etcd
tells the revision of a write only after it.
"""

import struct

import msgspec

from actors.store.engines.etcd import messages as etcd
from cluster.messages.store import KeyValue, Put

FORMAT = 1
_PREFACE = struct.Struct(">BI")


class ValueHeader(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a ``Put`` says beside the bytes. Evolution: add fields at the end, with a default."""

    index: bytes = b""
    stamp: int = -1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ValueHeader)


class Layout:
    """The keys of one cluster in etcd."""

    def __init__(self, cluster: str) -> None:
        self.prefix = f"/steersman/{cluster}/".encode()
        self.end = self.prefix[:-1] + bytes((self.prefix[-1] + 1,))
        self.leader = self.prefix + b"leader"
        self.heir = self.prefix + b"heir"
        self._keys = self.prefix + b"k"
        self._members = self.prefix + b"m"

    def key(self, key: str) -> bytes:
        """Of a key of the cluster."""
        return self._keys + key.encode()

    def is_key(self, raw: bytes) -> bool:
        """Whether it is a key of the cluster (not a marker or the like)."""
        return raw.startswith(self._keys)

    @property
    def keys_end(self) -> bytes:
        """Where the keys of the cluster end."""
        return self.prefix + b"l"

    def name(self, raw: bytes) -> str:
        """The cluster's key that lies there."""
        return raw[len(self._keys) :].decode("utf-8", "surrogateescape")

    def member(self, name: str = "") -> bytes:
        """Of a replica that runs; without a name: where they all begin."""
        return self._members + name.encode()

    @property
    def members_end(self) -> bytes:
        """Where they end."""
        return self.prefix + b"n"

    def member_name(self, raw: bytes) -> str:
        """The replica's name, '' if the key is not one of a replica."""
        return raw[len(self._members) :].decode() if raw.startswith(self._members) else ""

    def lane(self, session: str, lane: int) -> bytes:
        """Of the marker of a lane of a replica's session."""
        return self.prefix + f"s{session}/{lane}".encode()

    def foreign_lane(self, client: str) -> bytes:
        """Of the marker of somebody else's session."""
        return self.prefix + b"f" + client.encode()

    def is_marker(self, raw: bytes) -> bool:
        """Whether a lane's marker lies there."""
        return raw[len(self.prefix) : len(self.prefix) + 1] in (b"s", b"f") and raw.startswith(
            self.prefix
        )

    def item(self, kept: etcd.KeyValue) -> KeyValue:
        """A version as the cluster sees it."""
        header, value = unpack(kept.value)
        return KeyValue(
            key=self.name(kept.key),
            value=stamped(value, header.stamp, kept.mod_revision),
            create_revision=kept.create_revision,
            mod_revision=kept.mod_revision,
            version=kept.version,
            index=header.index,
            lease=kept.lease,
        )

    def put_item(self, put: Put, previous: etcd.KeyValue | None, revision: int) -> KeyValue:
        """The version that a put made at ``revision``."""
        return KeyValue(
            key=put.key,
            value=stamped(put.value, put.stamp, revision),
            create_revision=previous.create_revision if previous else revision,
            mod_revision=revision,
            version=previous.version + 1 if previous else 1,
            index=put.index,
            lease=put.lease,
        )


def pack(put: Put) -> bytes:
    """The value as it is kept."""
    header = _encoder.encode(ValueHeader(put.index, put.stamp))
    return _PREFACE.pack(FORMAT, len(header)) + header + put.value


def unpack(raw: bytes) -> tuple[ValueHeader, bytes]:
    """Header and bytes. What somebody else wrote there is taken as bytes without a header."""
    if len(raw) < _PREFACE.size or raw[0] != FORMAT:
        return ValueHeader(), raw
    _, size = _PREFACE.unpack_from(raw)
    end = _PREFACE.size + size
    try:
        return _decoder.decode(raw[_PREFACE.size : end]), raw[end:]
    except msgspec.DecodeError:
        return ValueHeader(), raw


def stamped(value: bytes, stamp: int, revision: int) -> bytes:
    """The bytes with the decimal revision put in (see ``messages.store.Put``)."""
    if stamp < 0:
        return value
    return b"%b%d%b" % (value[:stamp], revision, value[stamp:])
