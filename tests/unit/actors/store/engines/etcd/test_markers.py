"""What a lane's marker says of its transactions."""

import pytest

from actors.store.engines.etcd.markers import (
    FATES_MAX,
    Fate,
    Marker,
    decode_marker,
    encode_marker,
    find,
    following,
)
from cluster.errors import SessionExpired


def test_a_new_lane_knows_nothing() -> None:
    assert find(None, 0, 1) is None


def test_the_last_one_has_the_revision_of_the_marker() -> None:
    marker = decode_marker(encode_marker(following(None, 0, Fate(1, True), 0, "trace")))
    assert marker == Marker((Fate(1, True),), 0, "trace")
    assert find(marker, 17, 1) == Fate(1, True, 17)
    assert find(marker, 17, 2) is None


def test_earlier_ones_keep_their_revision_until_they_are_over() -> None:
    first = following(None, 0, Fate(1, True), 0, "")
    second = following(first, 10, Fate(2, False), 1, "")
    third = following(second, 20, Fate(3, True), 2, "")
    assert find(second, 20, 1) == Fate(1, True, 10)
    assert find(third, 30, 2) == Fate(2, False, 20)
    assert find(third, 30, 3) == Fate(3, True, 30)
    with pytest.raises(SessionExpired):
        find(third, 30, 1)


def test_what_is_over_stays_so_whatever_later_ones_say() -> None:
    marker = following(following(None, 0, Fate(5, True), 5, ""), 9, Fate(6, True), 0, "")
    assert marker.done_below == 5


def test_a_marker_is_bounded() -> None:
    marker = None
    for sequence in range(1, 3 * FATES_MAX):
        marker = following(marker, sequence, Fate(sequence, True), 0, "")
    assert marker is not None
    assert len(marker.fates) == FATES_MAX + 1
