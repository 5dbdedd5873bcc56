"""Packet queues of the kernel (nfnetlink_queue), each in a network namespace.

A socket stays in the namespace that it was made in, so one process holds packets of many. Needs
root (CAP_NET_ADMIN). Must not know: when packets may go on.
"""

import errno
import os
import socket
from collections.abc import Iterable

from actors.kit.world.netns import in_namespace
from deploy.chaos.holding import netlink

# On one link at once; more are dropped, as by a buffer that is full. A packet may be 64 KiB.
PACKETS_MAX = 4096
# Numbers of queues: 16 bits; some are other people's.
FIRST, LAST = 0x5000, 0xFFFF
READ_BYTES = 1 << 16
# For what was not read yet: of each packet the kernel tells in about a kilobyte.
BUFFER_BYTES = 8 << 20
# Source: socket(7), for root; asm-generic/socket.h.
SO_RCVBUFFORCE = 33


class PacketQueue:
    """A queue of a namespace, from now until ``close``. What still waits then is dropped by the
    kernel, and what comes later passes. Raises OSError."""

    def __init__(self, namespace: str) -> None:
        self.socket = connect(namespace)
        try:
            self.number = self._bind()
            ask(self.socket, netlink.settle(self.number, PACKETS_MAX))
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
            # Where it overflows packets are dropped; that is no error of this socket's.
            self.socket.setsockopt(netlink.SOL_NETLINK, netlink.NETLINK_NO_ENOBUFS, 1)
            self.socket.setblocking(False)
        except BaseException:
            self.socket.close()
            raise

    def _bind(self) -> int:
        for number in range(FIRST, LAST):
            try:
                ask(self.socket, netlink.bind(number))
                return number
            except OSError as error:
                if error.errno not in (errno.EBUSY, errno.EPERM):
                    raise
        raise OSError(errno.EBUSY, "every packet queue is taken")

    def read(self) -> list[int]:
        """Numbers of packets that have come and are waiting now; [] if there are none."""
        try:
            data = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return []
        found = (netlink.packet(message) for message in netlink.messages(data))
        return [number for number in found if number is not None]

    def release(self, numbers: Iterable[int]) -> None:
        """They go on, in this order."""
        told = netlink.verdicts(self.number, numbers)
        if told:
            self.socket.send(told)

    def close(self) -> None:
        """Take no more packets."""
        self.socket.close()


def connect(namespace: str) -> socket.socket:
    """A socket to the kernel's packet filter in a namespace ('' : this one). Raises OSError."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, netlink.NETLINK_NETFILTER)
        made.bind((0, 0))
        return made

    return in_namespace(namespace, make)


def ask(connection: socket.socket, request: bytes) -> None:
    """Say it, and wait until it is done. Raises OSError."""
    connection.send(request)
    while True:
        for answer in netlink.messages(connection.recv(READ_BYTES)):
            number = netlink.error(answer)
            if number:
                raise OSError(number, os.strerror(number))
            if number == 0:
                return


def divert(namespace: str, table: str, chain: str, queue: int) -> None:
    """All packets that come to a chain of nftables wait in the queue from now on. Raises
    OSError."""
    with connect(namespace) as connection:
        ask(connection, netlink.queue_rule(table, chain, queue))
