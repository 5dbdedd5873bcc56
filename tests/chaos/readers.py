"""Readers that ask every replica all the time, and the check that none was told the past."""

import threading
import time
from dataclasses import dataclass, field

from cluster.settings import ClusterSettings
from deploy import administrator
from deploy.client import ApiError, Client, Unreachable
from tests.chaos.writers import NAMESPACE, Writer


@dataclass
class Answer:
    """One linearizable list: at which revision it was. Times are monotonic seconds."""

    replica: str
    revision: int
    begin: float
    end: float


@dataclass
class Reader(threading.Thread):
    """Lists through one replica, with the consistency that Kubernetes gives by default (a quorum's:
    no resourceVersion is asked for)."""

    replica: str
    client: Client
    answers: list[Answer] = field(default_factory=list)
    refusals: dict[int, int] = field(default_factory=dict)
    halt: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self.halt.is_set():
            begin = time.monotonic()
            try:
                answer = self.client.call("GET", NAMESPACE + "?limit=1")
                revision = int(answer["metadata"]["resourceVersion"])
                self.answers.append(Answer(self.replica, revision, begin, time.monotonic()))
            except ApiError as error:
                self.refusals[error.code] = self.refusals.get(error.code, 0) + 1
            except (Unreachable, ValueError):
                self.refusals[0] = self.refusals.get(0, 0) + 1
            time.sleep(0.01)


def start_readers(settings: ClusterSettings) -> list[Reader]:
    """One reader per replica, at work."""
    readers = [
        Reader(replica.name, administrator.client(settings, replica.api_addresses[-1]))
        for replica in settings.replicas
    ]
    for reader in readers:
        reader.start()
    return readers


def stop_readers(readers: list[Reader]) -> None:
    """Halt them; returns when each has got its last answer."""
    for reader in readers:
        reader.halt.set()
    for reader in readers:
        reader.join(35)


def stale(readers: list[Reader], writers: list[Writer]) -> list[str]:
    """Reads that began after a write was acknowledged, and did not see it."""
    acks = sorted((ack for w in writers for ack in w.acknowledged), key=lambda ack: ack.end)
    found, highest, position = [], 0, 0
    for read in sorted((a for r in readers for a in r.answers), key=lambda a: a.begin):
        while position < len(acks) and acks[position].end < read.begin:
            highest = max(highest, acks[position].revision)
            position += 1
        if read.revision < highest:
            found.append(f"{read.replica} read at {read.revision} after {highest} was acknowledged")
    return found
