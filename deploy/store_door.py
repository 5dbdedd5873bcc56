"""What operators ask the store, by the API server's door: members, changes, leadership, snapshot.

Must not know: processes, settings beyond where to ask.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec

from cluster.messages.store import MembershipStatus, MemberStatus
from cluster.settings import ClusterSettings
from deploy import administrator
from deploy.client import ApiError, Client, Unreachable, passing

MEMBERS = "/debug/store/members"
TRANSFER = "/debug/store/transfer"
SNAPSHOT = "/debug/store/snapshot"
# Through one lost leader with room to spare.
PATIENCE_SECONDS = 20.0
# Whether anybody leads at all: longer than an election.
LOOK_SECONDS = 4.0
# The store gives up on a change after 20 s.
CHANGE_SECONDS = 25.0
READ_BYTES = 1 << 20


class StoreDoor:
    """Of one cluster. ``server``: "host:port" of one replica; default: whichever answers."""

    def __init__(self, settings: ClusterSettings, server: str = "") -> None:
        self._client = administrator.client(settings, server)

    def members(self, seconds: float = PATIENCE_SECONDS) -> MembershipStatus:
        """As the leader knows them. Raises Unreachable, ApiError if nobody can tell in time."""

        def ask(client: Client = self._client) -> dict[str, Any]:
            return client.call("GET", MEMBERS)

        return msgspec.convert(self._client.patiently(ask, seconds), MembershipStatus)

    def led(self) -> MembershipStatus | None:
        """The members if there is a leader who can tell, else None. Raises ApiError if the store
        is not one whose members change."""
        try:
            return self.members(LOOK_SECONDS)
        except (Unreachable, ApiError) as error:
            if not passing(error):
                raise
            return None

    def change(self, action: str, member: str) -> None:
        """Ask once. Raises Unreachable, ApiError: it may have happened all the same."""
        self._post(MEMBERS, {"action": action, "member": member})

    def transfer(self, to: str = "") -> None:
        """Make a replica the leader ('': whoever holds most). Raises Unreachable, ApiError."""
        self._post(TRANSFER, {"to": to})

    def snapshot(self) -> Iterator[bytes]:
        """The state in pieces. Raises Unreachable, ApiError, http.client.HTTPException."""
        connection, response = self._client.open("GET", SNAPSHOT)
        with closing(connection):
            while piece := response.read(READ_BYTES):
                yield piece

    def _post(self, path: str, body: dict[str, str]) -> None:
        connection, response = self._client.open("POST", path, body, timeout=CHANGE_SECONDS)
        with closing(connection):
            response.read()


def member(members: MembershipStatus, name: str) -> MemberStatus | None:
    """The member of that name."""
    return next((one for one in members.members if one.name == name), None)


def voters(members: MembershipStatus) -> list[str]:
    """Names of those who vote."""
    return [one.name for one in members.members if one.kind == "voter"]


def leader(members: MembershipStatus) -> str:
    """Name of the one who leads ('': nobody is known to)."""
    return next((one.name for one in members.members if one.leader), "")
