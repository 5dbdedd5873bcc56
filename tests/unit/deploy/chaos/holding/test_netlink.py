"""What is said to the kernel and read from it, byte by byte (that it listens: tests/e2e)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.chaos.holding import netlink

KINDS = st.integers(0, netlink.KIND_MASK)
QUEUES = st.integers(0, 0xFFFF)
NUMBERS = st.integers(0, 0xFFFF_FFFF)


def told(number: int) -> bytes:
    """As the kernel tells of a packet: its number, protocol and hook, and what we do not read."""
    header = netlink.attribute(netlink.PACKET_HEADER, struct.pack(">IHB", number, 0x0800, 0))
    return netlink.message(netlink.PACKET, 7, netlink.attribute(9, b"\1\2\3") + header)


@given(st.dictionaries(KINDS, st.binary(max_size=40), max_size=6))
def test_attributes_are_read_as_they_were_written(wanted: dict[int, bytes]) -> None:
    data = b"".join(netlink.attribute(kind, payload) for kind, payload in wanted.items())
    assert len(data) % 4 == 0
    assert netlink.attributes(data) == wanted


@given(st.lists(st.tuples(QUEUES, NUMBERS, st.binary(max_size=20))))
def test_messages_are_read_as_they_were_written(wanted: list[tuple[int, int, bytes]]) -> None:
    data = b"".join(
        netlink.message(netlink.CONFIG, queue, netlink.attribute(1, body), sequence=number)
        for queue, number, body in wanted
    )
    found = list(netlink.messages(data))
    assert [one.sequence for one in found] == [number for _, number, _ in wanted]
    assert [netlink.attributes(one.body[netlink.FAMILY_BYTES :])[1] for one in found] == [
        body for _, _, body in wanted
    ]
    assert [one.body[2:4] for one in found] == [queue.to_bytes(2, "big") for queue, _, _ in wanted]


@given(st.lists(NUMBERS))
def test_packets_are_told_by_their_numbers(numbers: list[int]) -> None:
    data = b"".join(told(number) for number in numbers)
    assert [netlink.packet(one) for one in netlink.messages(data)] == numbers


@given(QUEUES, st.lists(NUMBERS))
def test_verdicts_name_each_packet_in_order(queue: int, numbers: list[int]) -> None:
    found = list(netlink.messages(netlink.verdicts(queue, numbers)))
    headers = [netlink.attributes(one.body[4:])[netlink.VERDICT_HEADER] for one in found]
    assert [struct.unpack(">II", header) for header in headers] == [
        (netlink.ACCEPT, number) for number in numbers
    ]
    assert {one.kind for one in found} <= {netlink.VERDICT}


@given(st.binary(max_size=80))
def test_what_is_damaged_is_refused_or_read_and_nothing_else(data: bytes) -> None:
    try:
        for one in netlink.messages(data):
            netlink.packet(one)
            netlink.error(one)
    except ValueError as error:
        assert str(error).startswith("netlink: ")


@given(NUMBERS, st.integers(1, 200))
def test_what_is_cut_short_is_refused(number: int, cut: int) -> None:
    whole = told(number)
    with pytest.raises(ValueError, match="netlink: "):
        list(netlink.messages(whole[: -(cut % (len(whole) - 1)) - 1]))


def test_an_answer_is_an_errno_or_none() -> None:
    def answer(number: int) -> netlink.Message:
        return netlink.Message(netlink.ERROR, 1, struct.pack("=i", -number) + bytes(16))

    assert netlink.error(answer(0)) == 0
    assert netlink.error(answer(16)) == 16
    assert netlink.error(next(netlink.messages(told(1)))) is None
    assert netlink.packet(answer(0)) is None


def test_a_rule_hands_packets_to_a_queue_and_lets_them_pass_where_nobody_takes_them() -> None:
    begin, rule, end = netlink.messages(netlink.queue_rule("chaos", "hold0", 0x5001))
    assert (begin.kind, rule.kind, end.kind) == (
        netlink.BATCH_BEGIN, netlink.NEW_RULE, netlink.BATCH_END,
    )  # fmt: skip
    assert begin.body[2:4] == end.body[2:4] == b"\0\x0a"
    said = netlink.attributes(rule.body[4:])
    assert said[netlink.RULE_TABLE] == b"chaos\0"
    assert said[netlink.RULE_CHAIN] == b"hold0\0"
    [element] = netlink.attributes(said[netlink.RULE_EXPRESSIONS]).values()
    expression = netlink.attributes(element)
    assert expression[netlink.EXPRESSION_NAME] == b"target\0"
    target = netlink.attributes(expression[netlink.EXPRESSION_DATA])
    assert target[netlink.TARGET_NAME] == b"NFQUEUE\0"
    assert target[netlink.TARGET_REVISION] == b"\0\0\0\3"
    assert struct.unpack("=HHH2x", target[netlink.TARGET_INFO]) == (0x5001, 1, netlink.BYPASS)


def test_a_queue_copies_no_packets_and_has_a_bound() -> None:
    [bound] = netlink.messages(netlink.bind(5))
    assert netlink.attributes(bound.body[4:]) == {netlink.COMMAND: b"\1\0\0\2"}
    [settled] = netlink.messages(netlink.settle(5, 4096))
    assert netlink.attributes(settled.body[4:]) == {
        netlink.PARAMETERS: b"\0\0\0\0\1", netlink.LENGTH: b"\0\0\x10\0",
        netlink.MASK: b"\0\0\0\4", netlink.FLAGS: b"\0\0\0\4",
    }  # fmt: skip
