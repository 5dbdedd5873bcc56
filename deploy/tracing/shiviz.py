"""Records as a space-time diagram: the log that ShiViz reads, with vector clocks. Pure.

Source: ShiViz, "Log format": the first line is the regular expression that takes a line apart, the
second the delimiter of executions (none), the rest one event a line; a host's own clock counts its
events from 1. A host is a process. Events of one process are in the order of its hybrid logical
clock. Between processes one comes after another if it received what that sent, or if its cause is
a message that the other had received: what a watch brings is caused by the write it tells of.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cluster.trace_subjects import Record
from deploy.tracing.text import RECORD_FIELDS

PARSER = r"(?<host>\S+) (?<clock>\{.*?\}) (?<date>\S+) (?<event>.*)"
STEPS = ("sent", "received", "handled", "dropped", "note")


class Event:
    """One line. ``after``: positions of events of other processes that come before it."""

    __slots__ = ("after", "clock", "host", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.host = str(record.get("process", "")) or "unknown"
        self.after: list[int] = []
        self.clock: dict[str, int] = {}

    @property
    def order(self) -> tuple[int, float]:
        """Its place among those of its process."""
        return int(self.record.get("hlc", 0)), float(self.record["ts"])


def lines(records: Iterable[Record]) -> Iterator[str]:
    """The whole file, without line ends."""
    events = sorted((Event(one) for one in records if one["event"] in STEPS and one.get("process")),
                    key=lambda event: event.order)  # fmt: skip
    find_causes(events)
    yield PARSER
    yield ""
    for event in clocked(events):
        yield line(event)


def find_causes(events: Sequence[Event]) -> None:
    """Fill ``after``."""
    sent: dict[str, int] = {}
    came: dict[str, int] = {}
    for position, event in enumerate(events):
        span = str(event.record.get("span", ""))
        if event.record["event"] == "sent":
            sent.setdefault(span, position)
        elif event.record["event"] == "received":
            came.setdefault(span, position)
    for event in events:
        for cause in causes(event.record, sent, came):
            if events[cause].host != event.host:
                event.after.append(cause)


def causes(record: Record, sent: dict[str, int], came: dict[str, int]) -> Iterator[int]:
    """Positions of what must come before."""
    span = str(record.get("span", ""))
    match record["event"]:
        case "received":
            if span in sent:
                yield sent[span]
            return
        case "sent":
            spans = [str(record.get("parent", ""))]
        case "note":
            spans = [span]
        case _:
            return
    spans += [str(link).rpartition("-")[2] for link in record.get("links", ())]
    for one in spans:
        if one in came:
            yield came[one]
        elif one in sent:
            yield sent[one]


def clocked(events: Sequence[Event]) -> Iterator[Event]:
    """The events in an order that keeps every cause before its effect, each with its clock.

    Where clocks of processes disagree so much that a cause would come after its effect in a
    circle, the one that is earliest by its clock goes first, without that cause.
    """
    next_of: dict[str, int] = {}
    waiting = [0] * len(events)
    followers: list[list[int]] = [[] for _ in events]
    for position, event in enumerate(events):
        before = list(event.after)
        if event.host in next_of:
            before.append(next_of[event.host])
        next_of[event.host] = position
        waiting[position] = len(before)
        for cause in before:
            followers[cause].append(position)
    ready = [position for position, count in enumerate(waiting) if not count]
    heapq.heapify(ready)
    done = [False] * len(events)
    hosts: dict[str, dict[str, int]] = {}
    oldest = 0
    while True:
        if not ready:
            while oldest < len(events) and done[oldest]:
                oldest += 1
            if oldest == len(events):
                return
            heapq.heappush(ready, oldest)
        position = heapq.heappop(ready)
        if done[position]:
            continue
        done[position] = True
        event = events[position]
        clock = dict(hosts.get(event.host, {}))
        for cause in event.after:
            for host, count in events[cause].clock.items():
                clock[host] = max(clock.get(host, 0), count)
        clock[event.host] = hosts.get(event.host, {}).get(event.host, 0) + 1
        event.clock = hosts[event.host] = clock
        yield event
        for follower in followers[position]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, follower)


def line(event: Event) -> str:
    """``host {"host":1} time event``."""
    record = event.record
    clock = msgspec.json.encode(event.clock).decode()
    return f"{event.host} {clock} {float(record['ts']):.6f} {words(record)}"


def words(record: Record) -> str:
    """What happened, on one line."""
    what = f"{record.get('msg', '')} {record.get('subject', '')}".rstrip()
    match record["event"]:
        case "note":
            more = {key: one for key, one in record.items() if key not in RECORD_FIELDS}
            extra = "".join(f" {key}={one}" for key, one in more.items())
            text = f"● {record.get('from', '')}: {what}{extra}"
        case "sent":
            text = f"{record.get('from', '')} sends {what} to {record.get('to', '')}"
        case "received":
            text = f"{record.get('to', '')} receives {what} from {record.get('from', '')}"
        case "handled":
            outcome = record.get("outcome", "")
            text = f"{record.get('to', '')} has handled {what}: {outcome or 'ok'}"
        case _:
            text = f"{what} to {record.get('to', '')} is dropped: {record.get('reason', '')}"
    return " ".join(text.split())
