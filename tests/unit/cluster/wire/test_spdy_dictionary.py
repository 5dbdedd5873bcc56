"""The header dictionary is the one that all SPDY/3 peers hold."""

import zlib

from cluster.wire.spdy_dictionary import DICTIONARY


def test_its_checksum_is_in_every_connections_first_block() -> None:
    """Captures of SPDY/3 header blocks begin 78 xx e3 c6 a7 c2: zlib's DICTID (RFC 1950)."""
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2
    assert len(DICTIONARY) == 1423
