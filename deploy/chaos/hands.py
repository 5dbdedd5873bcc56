"""What breaks and mends a cluster, whichever it is: the one interface that the command line, the
page and scenarios use.

Implementations: a real cluster of this machine (``deploy.chaos``), a simulated one (in the tests).
Must not know: when or why something is broken.
"""

from typing import Protocol

from cluster.chaos.orders import Active, Healed, Order, View


class Hindered(ValueError):
    """It cannot be just now: what it needs (a container engine) does not answer."""


class Hands(Protocol):
    """Raises ValueError for orders that cannot be, with what to do instead; Hindered for those
    that cannot be just now."""

    async def view(self) -> View:
        """The cluster as it is now; asks whoever answers who leads."""

    async def inject(self, order: Order, seed: int = 0) -> Active:
        """Break it. ``seed`` draws what is random. Returns once the fault has taken effect, or
        that is in doubt (``Active.doubt``)."""

    async def heal(self, active: Active) -> Healed:
        """Mend it. Returns once that is proven, or in doubt."""

    async def active(self) -> list[Active]:
        """What is broken now, oldest first."""
