"""What is said to the kernel about packet queues, and what it says, as bytes. Pure.

Formats: RFC 3549 (netlink); the kernel's public headers nfnetlink.h, nfnetlink_queue.h,
nf_tables.h, nf_tables_compat.h and xt_NFQUEUE.h for the numbers. Headers and attributes are in the
machine's byte order, what they hold for queues in the network's. Must not know: sockets, time.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Of netlink(7).
NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_NO_ENOBUFS = 5
REQUEST, ACK, CREATE, APPEND = 0x1, 0x4, 0x400, 0x800
ERROR = 2
NESTED = 0x8000
KIND_MASK = 0x3FFF
HEADER = struct.Struct("=IHHII")
ATTRIBUTE = struct.Struct("=HH")
# Family, version, and a number that means the queue, or who is spoken to.
FAMILY = struct.Struct("=BB")
RESOURCE = struct.Struct(">H")
FAMILY_BYTES = FAMILY.size + RESOURCE.size
ANY, IPV4 = 0, 2

# nfnetlink_queue: its messages (subsystem 3).
PACKET, VERDICT, CONFIG = 3 << 8, 3 << 8 | 1, 3 << 8 | 2
PACKET_HEADER, VERDICT_HEADER = 1, 2
COMMAND, PARAMETERS, LENGTH, MASK, FLAGS = 1, 2, 3, 4, 5
BIND = 1
# Of a packet nothing but its number is copied; large ones come whole, not cut as for a wire.
COPY_META = 1
WHOLE = 1 << 2
ACCEPT = 1

# nf_tables (subsystem 10), in a batch.
BATCH_BEGIN, BATCH_END = 16, 17
TABLES = 10
NEW_RULE = TABLES << 8 | 6
RULE_TABLE, RULE_CHAIN, RULE_EXPRESSIONS = 1, 2, 4
ELEMENT = 1
EXPRESSION_NAME, EXPRESSION_DATA = 1, 2
TARGET_NAME, TARGET_REVISION, TARGET_INFO = 1, 2, 3
# Queue, how many of them, flags; with this flag packets pass where nobody takes them.
QUEUE_TARGET = struct.Struct("=HHH")
QUEUE_REVISION = 3
BYPASS = 1


class Message(NamedTuple):
    """One of netlink's. ``body``: what follows its header."""

    kind: int
    sequence: int
    body: bytes


def aligned(size: int) -> int:
    """As many bytes with what fills them up to a multiple of four."""
    return size + 3 & ~3


def attribute(kind: int, payload: bytes) -> bytes:
    """A kind, a length and the payload, filled up. Raises struct.error for more than 65,531
    bytes."""
    filled = payload + bytes(aligned(len(payload)) - len(payload))
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(payload), kind) + filled


def attributes(data: bytes) -> dict[int, bytes]:
    """The payload of each kind. Raises ValueError for what is cut short."""
    found = {}
    position = 0
    while position < len(data):
        if len(data) - position < ATTRIBUTE.size:
            raise ValueError("netlink: an attribute without a whole header")
        size, kind = ATTRIBUTE.unpack_from(data, position)
        if not ATTRIBUTE.size <= size <= len(data) - position:
            raise ValueError(f"netlink: an attribute of {size} bytes")
        found[kind & KIND_MASK] = data[position + ATTRIBUTE.size : position + size]
        position += aligned(size)
    return found


def message(
    kind: int,
    resource: int,
    body: bytes,
    flags: int = REQUEST,
    sequence: int = 0,
    family: int = ANY,
) -> bytes:
    """For the netfilter parts of the kernel. ``resource``: the queue, or the subsystem."""
    size = HEADER.size + FAMILY_BYTES + len(body)
    head = HEADER.pack(size, kind, flags, sequence, 0)
    return head + FAMILY.pack(family, 0) + RESOURCE.pack(resource) + body


def messages(data: bytes) -> Iterator[Message]:
    """Those in what was received. Raises ValueError for what is cut short."""
    position = 0
    while position < len(data):
        if len(data) - position < HEADER.size:
            raise ValueError("netlink: a message without a whole header")
        size, kind, _, sequence, _ = HEADER.unpack_from(data, position)
        if not HEADER.size <= size <= len(data) - position:
            raise ValueError(f"netlink: a message of {size} bytes")
        yield Message(kind, sequence, data[position + HEADER.size : position + size])
        position += aligned(size)


def error(found: Message) -> int | None:
    """The errno that answers a request (0: done), None if this is no such answer."""
    if found.kind != ERROR:
        return None
    if len(found.body) < 4:
        raise ValueError("netlink: an error without a number")
    (number,) = struct.unpack_from("=i", found.body)
    return -int(number)


def packet(found: Message) -> int | None:
    """The number of a packet that waits for a verdict, None if this tells of none."""
    if found.kind != PACKET:
        return None
    header = attributes(found.body[FAMILY_BYTES:]).get(PACKET_HEADER, b"")
    if len(header) < 4:
        raise ValueError("netlink: a packet without a number")
    return int.from_bytes(header[:4], "big")


def bind(queue: int) -> bytes:
    """Be the one who takes this queue's packets. (EBUSY: another is.)"""
    command = struct.pack(">BBH", BIND, 0, IPV4)
    return message(CONFIG, queue, attribute(COMMAND, command), REQUEST | ACK)


def settle(queue: int, packets_max: int) -> bytes:
    """Of a queue that is one's own: how packets come, and how many may wait (more are dropped)."""
    body = (
        attribute(PARAMETERS, struct.pack(">IB", 0, COPY_META))
        + attribute(LENGTH, struct.pack(">I", packets_max))
        + attribute(MASK, struct.pack(">I", WHOLE))
        + attribute(FLAGS, struct.pack(">I", WHOLE))
    )
    return message(CONFIG, queue, body, REQUEST | ACK)


def verdicts(queue: int, numbers: Iterable[int]) -> bytes:
    """These packets go on, in this order."""
    return b"".join(
        message(VERDICT, queue, attribute(VERDICT_HEADER, struct.pack(">II", ACCEPT, number)))
        for number in numbers
    )


def queue_rule(table: str, chain: str, queue: int) -> bytes:
    """Append to a chain of nftables: all that comes here waits in the queue, or passes if nobody
    takes it. By the target of xtables, for that is there where nftables' own statement is not."""
    info = QUEUE_TARGET.pack(queue, 1, BYPASS)
    # XT_ALIGN: as the machine's widest number.
    info += bytes(-len(info) % 8)
    target = (
        attribute(TARGET_NAME, b"NFQUEUE\0")
        + attribute(TARGET_REVISION, struct.pack(">I", QUEUE_REVISION))
        + attribute(TARGET_INFO, info)
    )
    expression = attribute(EXPRESSION_NAME, b"target\0")
    expression += attribute(EXPRESSION_DATA | NESTED, target)
    body = (
        attribute(RULE_TABLE, table.encode() + b"\0")
        + attribute(RULE_CHAIN, chain.encode() + b"\0")
        + attribute(RULE_EXPRESSIONS | NESTED, attribute(ELEMENT | NESTED, expression))
    )
    add = REQUEST | ACK | CREATE | APPEND
    return (
        message(BATCH_BEGIN, TABLES, b"", sequence=1)
        + message(NEW_RULE, 0, body, add, sequence=2, family=IPV4)
        + message(BATCH_END, TABLES, b"", sequence=3)
    )
