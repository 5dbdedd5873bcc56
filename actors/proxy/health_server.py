"""healthCheckNodePort: tells external load balancers whether this node has an endpoint to offer.

HTTP/1.1, 200 with a ready local endpoint, else 503, and a small JSON body (Service API reference,
"externalTrafficPolicy"). On kube-proxy's own port, 10256: that the proxy is there.
Must not know: rules, informers.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress

REQUEST_SECONDS_MAX = 5
REQUEST_BYTES_MAX = 8192
# Served at once on all ports; above it a connection is closed unanswered, as a dead node's is.
CONNECTIONS_MAX = 128

# Source: kube-proxy's --healthz-bind-address.
PROXY_PORT = 10256

# Port → ((namespace, name) of the Service, its ready endpoints on this node).
Health = Mapping[int, tuple[tuple[str, str], int]]


class HealthServer:
    """One listener per Service that asks for it, and the proxy's own."""

    def __init__(self) -> None:
        self._health: Health = {}
        self._listeners: dict[int, asyncio.Server] = {}
        self._serving = 0

    async def serve(self, address: str, health: Health) -> dict[int, str]:
        """Listen on exactly these ports and the proxy's own; returns port → error for those that
        cannot be had."""
        self._health = health
        wanted = {PROXY_PORT, *health}
        for port in sorted(set(self._listeners) - wanted):
            self._listeners.pop(port).close()
        faults = {}
        for port in sorted(wanted - set(self._listeners)):
            try:
                self._listeners[port] = await self._listen(address, port)
            except OSError as error:
                faults[port] = str(error)
        return faults

    async def close(self) -> None:
        """Stop listening."""
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    async def _listen(self, address: str, port: int) -> asyncio.Server:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._answer(port, reader, writer)

        return await asyncio.start_server(answer, address, port, limit=REQUEST_BYTES_MAX)

    async def _answer(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._serving >= CONNECTIONS_MAX:
            writer.close()
            return
        self._serving += 1
        try:
            async with asyncio.timeout(REQUEST_SECONDS_MAX):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(health_response(port, self._health))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that does not speak HTTP, or went away
        finally:
            self._serving -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def health_response(port: int, health: Health) -> bytes:
    """The whole HTTP answer."""
    service, local = health.get(port, (("", ""), 0))
    told = {"service": {"namespace": service[0], "name": service[1]}, "localEndpoints": local}
    body = json.dumps(told if port != PROXY_PORT else {"nodeEligible": True}).encode()
    status = "200 OK" if local or port == PROXY_PORT else "503 Service Unavailable"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"X-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    )
    return head.encode() + b"\r\n" + body
