"""Writers that keep what was acknowledged, and the checks over what they kept."""

import itertools
import threading
import time
from dataclasses import dataclass, field

from cluster.chaos.checkers import history
from cluster.chaos.observations import Acknowledged
from cluster.settings import ClusterSettings
from deploy import administrator
from deploy.client import ApiError, Client, Object, Unreachable

NAMESPACE = "/api/v1/namespaces/default/configmaps"
SERIES = itertools.count(1)


@dataclass
class Writer(threading.Thread):
    """Creates and updates objects of its own through one replica after another. ``series``: of
    writers at work together; names differ between series, as setting a value twice is no write."""

    clients: list[Client]
    number: int
    series: int
    acknowledged: list[Acknowledged] = field(default_factory=list)
    errors: int = 0
    halt: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        step = 0
        while not self.halt.is_set():
            step += 1
            name, value = f"chaos-{self.series}-{self.number}-{step // 4}", str(step)
            self.write(name, value)
            time.sleep(0.005)

    def write(self, name: str, value: str) -> None:
        """Set the object to the value, trying replica after replica until one acknowledges."""
        turn = self.number
        begin = time.monotonic()
        while not self.halt.is_set():
            client = self.clients[turn % len(self.clients)]
            tried = time.monotonic()
            try:
                answer = put(client, name, value)
            except (Unreachable, ApiError, ValueError):
                # The outcome is unknown; setting the same value again is the same write.
                self.errors += 1
                turn += 1
                time.sleep(0.01)
                continue
            revision = int(answer["metadata"]["resourceVersion"])
            end = time.monotonic()
            self.acknowledged.append(Acknowledged(name, value, revision, begin, end, tried))
            return


def start_writers(settings: ClusterSettings, count: int = 6) -> list[Writer]:
    """So many writers at work, through all replicas."""
    clients = [administrator.client(settings, r.api_addresses[-1]) for r in settings.replicas]
    series = next(SERIES)
    writers = [Writer(clients, number, series) for number in range(count)]
    for writer in writers:
        writer.start()
    return writers


def stop(writers: list[Writer]) -> None:
    """Halt them; returns when each has got its last answer."""
    for writer in writers:
        writer.halt.set()
    for writer in writers:
        writer.join(30)


def put(client: Client, name: str, value: str) -> Object:
    """Create or update one ConfigMap. Raises ApiError, Unreachable."""
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"chaos": "yes"}},
        "data": {"value": value},
    }
    try:
        return client.call("POST", NAMESPACE, body)
    except ApiError as error:
        if error.code != 409:
            raise
    return client.call("PUT", f"{NAMESPACE}/{name}", body)


def lost(writers: list[Writer], stored: dict[str, str]) -> list[str]:
    """Acknowledged writes that are not there. The last acknowledged value of each object must be
    (only its own writer writes it, one write at a time)."""
    missing = []
    for writer in writers:
        last = {ack.name: str(ack.value) for ack in writer.acknowledged}
        for name, value in last.items():
            # A later write may have been cut off by the end of the test: its outcome is unknown.
            if name not in stored or int(stored[name]) < int(value):
                missing.append(f"{name}: acknowledged {value}, stored {stored.get(name)}")
    return missing


def disordered(writers: list[Writer]) -> list[str]:
    """Pairs of writes where one began after the other was acknowledged, with a smaller revision;
    and revisions that two writes got."""
    acks = [ack for writer in writers for ack in writer.acknowledged]
    return [str(found) for found in history.disordered_writes(acks)]


def gap_after(writers: list[Writer], moment: float) -> float:
    """Seconds from ``moment`` to the first acknowledgement of a try begun after it."""
    later = [ack.end for w in writers for ack in w.acknowledged if ack.tried >= moment]
    return min(later, default=float("inf")) - moment
