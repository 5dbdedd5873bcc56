"""What replicas noted of their own standing, and what else tells of leaders, from the trace. Pure.

Must not know: what led to what.
"""

from dataclasses import dataclass

from cluster.trace_subjects import Record

STANDING = "raft.standing"
# Of the external store: who holds the key that makes a leader.
ELECTED = "etcd.leader"
RECOVERED = "store.recovered"
HAND_OVER = "HandOver"
# What a line of the trace must hold to be of use here.
TEXTS = (f'"{STANDING}"', f'"{ELECTED}"', f'"{RECOVERED}"', f'"{HAND_OVER}"', '"fault:')


@dataclass(frozen=True)
class Standing:
    """What a replica noted. ``role`` '' if it cannot be told (external store)."""

    at: float
    replica: str
    role: str
    leader: str
    term: int


def standing_of(record: Record) -> Standing | None:
    """A note of one, else None."""
    if record["event"] != "note" or record["msg"] not in (STANDING, ELECTED):
        return None
    replica, leader = str(record.get("subject", "")), str(record.get("leader", ""))
    role = str(record.get("role", "leader" if leader == replica else "follower"))
    return Standing(float(record["ts"]), replica, role, leader, int(record.get("term", 0)))


def is_of_use(record: Record) -> bool:
    """Whether it tells of a leader, or of a message that a fault dropped."""
    if record["event"] == "note":
        return record["msg"] in (STANDING, ELECTED, RECOVERED)
    return handed_over(record) or lost_by(record) is not None


def handed_over(record: Record) -> bool:
    """Whether a replica gave its leadership to another one, as it was asked to."""
    handled = record["event"] == "handled" and record.get("msg") == HAND_OVER
    return handled and record.get("outcome") == "ok"


def lost_by(record: Record) -> tuple[str, str, str] | None:
    """The fault that a message was dropped by, from whose process and to whose; else None."""
    reason = str(record.get("reason", ""))
    if record["event"] != "dropped" or not reason.startswith("fault:"):
        return None
    ends = [str(record.get(end, "")).rpartition("@")[2] for end in ("from", "to")]
    return reason.removeprefix("fault:"), ends[0], ends[1]
