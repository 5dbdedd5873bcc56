"""A question read off the wire: bounded, and without trust in the sender.

Only what a question needs is read: the header, one uncompressed name, its type and class, and the
EDNS record (RFC 1035 section 4, RFC 6891 section 6).
Must not know: answers, sockets.
"""

import struct
from typing import NamedTuple

HEADER_BYTES = 12
NAME_BYTES_MAX = 255
LABEL_BYTES_MAX = 63
CLASS_IN = 1
TYPE_OPT = 41
FORMERR, NOTIMP, BADVERS = 1, 4, 16


class Query(NamedTuple):
    """``labels``: as sent. ``edns_size``: bytes the client takes by UDP, 0 without EDNS.
    ``code``: 0, or the error that must be answered (then the rest may be empty)."""

    id: int
    labels: tuple[bytes, ...]
    kind: int
    klass: int
    recursion: bool
    edns_size: int
    code: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Labels in lower case; bytes beyond ASCII match nothing we serve."""
        return tuple(label.decode("ascii", "backslashreplace").lower() for label in self.labels)


def parse_query(data: bytes) -> Query | None:
    """None for what deserves no answer: too short, or itself an answer."""
    if len(data) < HEADER_BYTES:
        return None
    id, flags, questions, answers, authorities, additional = struct.unpack_from("!6H", data)
    if flags & 0x8000:
        return None
    recursion = bool(flags & 0x0100)
    wrong = Query(id, (), 0, 0, recursion, 0)
    if (flags >> 11) & 0xF:
        return wrong._replace(code=NOTIMP)
    if questions != 1 or answers or authorities:
        return wrong._replace(code=FORMERR)
    name = _read_name(data)
    if name is None or len(data) < name[1] + 4:
        return wrong._replace(code=FORMERR)
    labels, offset = name
    kind, klass = struct.unpack_from("!2H", data, offset)
    edns = _read_edns(data, offset + 4, additional)
    if edns is None:
        return wrong._replace(code=FORMERR)
    size, version = edns
    code = BADVERS if version else 0
    return Query(id, labels, kind, klass, recursion, size, code)


def _read_name(data: bytes) -> tuple[tuple[bytes, ...], int] | None:
    """(labels, offset behind); a question's name has no earlier name to point to."""
    labels: list[bytes] = []
    offset = HEADER_BYTES
    while True:
        if offset >= len(data):
            return None
        length = data[offset]
        offset += 1
        if not length:
            return tuple(labels), offset
        if length > LABEL_BYTES_MAX or offset + length > len(data):
            return None
        labels.append(bytes(data[offset : offset + length]))
        offset += length
        if offset - HEADER_BYTES >= NAME_BYTES_MAX:
            return None


def _read_edns(data: bytes, offset: int, additional: int) -> tuple[int, int] | None:
    """(UDP size, version) of an OPT record that comes first, (0, 0) without one."""
    if not additional:
        return 0, 0
    if len(data) < offset + 11 or data[offset]:
        # Some other additional record (a signature): answered as if there was none.
        return (0, 0) if len(data) >= offset + 11 else None
    kind, size, _, version, _, length = struct.unpack_from("!HHBBHH", data, offset + 1)
    if kind != TYPE_OPT:
        return 0, 0
    if len(data) < offset + 11 + length:
        return None
    return max(size, 512), version
