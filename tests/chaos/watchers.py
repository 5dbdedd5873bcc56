"""Watchers that write down what they are told, and go on elsewhere when their replica is lost."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field

from deploy.client import ApiError, Client, Unreachable
from tests.chaos.writers import NAMESPACE

Seen = tuple[int, str, str]
"""Revision, type, name."""


@dataclass
class Follower(threading.Thread):
    """Watches ConfigMaps from ``revision`` on through the first client, through the next when that
    breaks, always from the last revision it was told."""

    clients: list[Client]
    revision: int
    events: list[Seen] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    halt: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        turn = 0
        while not self.halt.is_set():
            try:
                self.follow(self.clients[turn % len(self.clients)])
            except (Unreachable, OSError, http.client.HTTPException, ValueError):
                pass
            except ApiError as error:
                self.refused.append(str(error))
            if not self.halt.is_set():
                turn += 1
                self.resumed.append(self.revision)
                time.sleep(0.05)

    def told(self, revision: int) -> bool:
        """Whether it stands at the revision, or later."""
        return self.revision >= revision

    def follow(self, client: Client) -> None:
        """One watch, until it breaks."""
        query = f"?watch=1&resourceVersion={self.revision}&allowWatchBookmarks=true"
        connection, response = client.open("GET", NAMESPACE + query, timeout=60.0)
        try:
            while not self.halt.is_set() and (line := response.readline()):
                if line.endswith(b"\n"):
                    self.take(json.loads(line))
        finally:
            connection.close()

    def take(self, event: dict[str, dict[str, dict[str, str]]]) -> None:
        kind, meta = str(event["type"]), event["object"].get("metadata", {})
        if kind == "ERROR":
            raise ValueError(str(event["object"]))
        self.revision = int(meta["resourceVersion"])
        if kind != "BOOKMARK":
            self.events.append((self.revision, kind, meta["name"]))
