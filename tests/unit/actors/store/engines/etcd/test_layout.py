"""Where things lie in etcd: apart, in order, and as they were."""

from hypothesis import given
from hypothesis import strategies as st

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.layout import FORMAT, Layout, ValueHeader, pack, unpack
from cluster.messages.store import KeyValue, Put

LAYOUT = Layout("one")
KEYS = st.text(st.characters(exclude_categories=["Cs"]))


@given(KEYS, KEYS)
def test_keys_keep_their_order_and_their_names(one: str, other: str) -> None:
    assert (one < other) == (LAYOUT.key(one) < LAYOUT.key(other))
    assert LAYOUT.name(LAYOUT.key(one)) == one
    assert LAYOUT.is_key(LAYOUT.key(one))
    assert LAYOUT.prefix < LAYOUT.key(one) < LAYOUT.keys_end < LAYOUT.end


def test_kinds_of_keys_and_clusters_lie_apart() -> None:
    others = [LAYOUT.leader, LAYOUT.heir, LAYOUT.member("a"), LAYOUT.lane("s", 1)]
    others.append(LAYOUT.foreign_lane("c"))
    assert not any(map(LAYOUT.is_key, others))
    assert list(map(LAYOUT.is_marker, others)) == [False, False, False, True, True]
    assert LAYOUT.member_name(LAYOUT.member("a")) == "a"
    assert LAYOUT.member_name(LAYOUT.leader) == ""
    assert LAYOUT.member() < LAYOUT.member("z") < LAYOUT.members_end <= LAYOUT.end
    two = Layout("one1")
    assert not two.key("a").startswith(LAYOUT.prefix)
    assert not LAYOUT.prefix <= two.key("a") < LAYOUT.end


@given(st.builds(Put, st.just("k"), st.binary(), st.integers(-1, 5), st.binary()))
def test_a_value_comes_back_with_its_header(put: Put) -> None:
    assert unpack(pack(put)) == (ValueHeader(put.index, put.stamp), put.value)


@given(st.binary(max_size=30))
def test_what_somebody_else_wrote_is_bytes(raw: bytes) -> None:
    header, value = unpack(raw)
    if header == ValueHeader():
        assert value == raw or raw[0] == FORMAT


@given(st.binary(min_size=3), st.integers(-1, 3), st.integers(1, 10**9))
def test_the_stamp_is_the_revision_put_into_the_bytes(
    value: bytes, stamp: int, revision: int
) -> None:
    put = Put("k", value, stamp)
    kept = etcd.KeyValue(LAYOUT.key("k"), revision, revision, 1, pack(put))
    text = str(revision).encode() if stamp >= 0 else b""
    whole = value[: max(stamp, 0)] + text + value[max(stamp, 0) :]
    wanted = KeyValue("k", whole, revision, revision, 1)
    assert LAYOUT.item(kept) == LAYOUT.put_item(put, None, revision) == wanted
