"""A PodNetwork without packets: for simulation, and for nodes that only pretend."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from actors.kubelet.pod_network import Connection


class MemoryNetwork:
    """Every port of an attached address answers, but for those in ``refused``.

    ``servers``: what ``dial`` connects to, by port; nobody else takes a connection.
    ``statuses``: HTTP status by (address, port), else 200.
    """

    def __init__(self) -> None:
        self.attached: dict[str, str] = {}
        self.refused: set[tuple[str, int]] = set()
        self.statuses: dict[tuple[str, int], int] = {}
        self.servers: dict[int, Callable[[], Connection]] = {}

    async def prepare(self) -> None:
        return

    async def attach(self, sandbox: str, pid: int, address: str) -> None:
        self.attached[sandbox] = address

    async def detach(self, sandbox: str) -> None:
        self.attached.pop(sandbox, None)

    def joined(self, pid: int) -> bool:
        return True

    async def connect(self, address: str, port: int, timeout: float) -> None:
        if (address, port) in self.refused:
            raise ConnectionRefusedError("connect: connection refused")

    async def http_get(
        self, url: str, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, str]:
        parts = urlsplit(url)
        target = (parts.hostname or "", parts.port or 80)
        await self.connect(*target, timeout)
        return self.statuses.get(target, 200), ""

    async def dial(self, pid: int, address: str, port: int, timeout: float) -> Connection:
        await self.connect(address, port, timeout)
        if port not in self.servers:
            raise ConnectionRefusedError("connect: connection refused")
        return self.servers[port]()
