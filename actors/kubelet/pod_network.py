"""The pod network as the kubelet sees it: the ``PodNetwork`` protocol.

It gives a sandbox its address and reaches pods for probes. Must not know: pods' specs.
"""

from collections.abc import Mapping
from typing import Protocol

from cluster.errors import SteersmanError


class NetworkFault(SteersmanError):
    """The network could not be set up; the text says which step failed."""


class Connection(Protocol):
    """A TCP connection. Errors are OSError."""

    async def read(self) -> bytes:
        """The next piece; b"" once the far end has said all."""

    async def write(self, data: bytes) -> None:
        """Waits while the far end does not read."""

    async def write_eof(self) -> None:
        """Say that no more comes."""

    async def close(self) -> None:
        """Both ways."""


class PodNetwork(Protocol):
    """Both attach and detach may be repeated: they converge."""

    async def prepare(self) -> None:
        """Make the node able to route between its pods. Once, at start."""

    async def attach(self, sandbox: str, pid: int, address: str) -> None:
        """Give the network namespace of process ``pid`` the IPv4 ``address``. NetworkFault."""

    async def detach(self, sandbox: str) -> None:
        """Forget the sandbox. No error if it was never attached."""

    def joined(self, pid: int) -> bool:
        """True if process ``pid`` is in the node's own network namespace."""

    async def connect(self, address: str, port: int, timeout: float) -> None:
        """Open and close a TCP connection. OSError (TimeoutError included) if it fails."""

    async def http_get(
        self, url: str, headers: Mapping[str, str], timeout: float
    ) -> tuple[int, str]:
        """Status and the start of the body; certificates are not checked. OSError on failure."""

    async def dial(self, pid: int, address: str, port: int, timeout: float) -> Connection:
        """Connect; from inside the network namespace of process ``pid``, or, if that is 0, from the
        node's. OSError (TimeoutError included) if it fails."""
