"""Both transports of the DNS server on loopback."""

import asyncio

import dnslib

from actors.dns.server import DnsServer
from tests.unit.actors.dns.test_reply import respond


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answers.put_nowait(data)


async def test_udp_and_tcp_answer_and_junk_is_survived() -> None:
    server = DnsServer(lambda packet, stream: respond(packet, stream=stream))
    port = await server.open("127.0.0.1", 0)
    question = dnslib.DNSRecord.question("web.shop.svc.cluster.local")
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    transport.sendto(b"\xff" * 40)
    transport.sendto(b"")
    transport.sendto(question.pack())
    async with asyncio.timeout(5):
        found = dnslib.DNSRecord.parse(await client.answers.get())
    assert str(found.rr[0].rdata) == "10.96.0.7"
    transport.close()

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    packed = question.pack()
    writer.write((len(packed).to_bytes(2, "big") + packed) * 2)
    for _ in range(2):
        length = int.from_bytes(await reader.readexactly(2), "big")
        assert dnslib.DNSRecord.parse(await reader.readexactly(length)).rr
    writer.write(b"\0\3abc")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await server.close()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    first = DnsServer(lambda packet, stream: None)
    port = await first.open("127.0.0.1", 0)
    second = DnsServer(lambda packet, stream: None)
    try:
        await second.open("127.0.0.1", port)
    except OSError:
        pass
    else:
        raise AssertionError("two servers on one port")
    await second.close()
    await first.close()
