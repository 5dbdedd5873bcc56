"""Endpoints that do not answer though the API calls them ready: those of a node that has died.

A dead node's pods stay ready endpoints until the node's grace period is over, and a share of all
connections fails meanwhile. A node whose proxy does not answer is in doubt, and its endpoints are
asked themselves, each second; one that has failed twice is left out of the rules until it answers.
As long as a node answers none of its endpoints is asked, for a pod may take a connection amiss.
Pure. Must not know: sockets, rules.
"""

from collections.abc import Collection, Mapping

# Of tries in a row, before an endpoint is left out.
FAILURES = 2
# Of one node in doubt, so many endpoints are asked each time.
ASKED_MAX = 256

# The TCP port of an endpoint, by its address, by its node.
Places = Mapping[str, Mapping[str, int]]


class Doubts:
    """Tell it who is silent; it tells whom to ask, and whom to leave out."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    @property
    def dead(self) -> frozenset[str]:
        """Addresses to leave out."""
        return frozenset(one for one, count in self._failures.items() if count >= FAILURES)

    def to_ask(self, places: Places, silent: Collection[str]) -> dict[str, int]:
        """Port by address: endpoints of silent nodes, and all that failed when last asked."""
        found: dict[str, int] = {}
        for node, ends in places.items():
            for count, (address, port) in enumerate(sorted(ends.items())):
                if address in self._failures or (node in silent and count < ASKED_MAX):
                    found[address] = port
        return found

    def heard(self, answers: Mapping[str, bool]) -> None:
        """Of all that were to be asked: whether each answered. Others are forgotten."""
        self._failures = {
            address: min(FAILURES, self._failures.get(address, 0) + 1)
            for address, answered in answers.items()
            if not answered
        }
