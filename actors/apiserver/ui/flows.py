"""Who sends what to whom, how often: counted from trace records as they are made. Pure.

Job: rates over the last seconds by sender, receiver and type, and the last messages that tell
something. Time comes as an argument. Must not know: where records come from.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from actors.apiserver.ui.chain import QUIET_NOTES

Record = dict[str, Any]
Value = list[Any]
Key = tuple[str, str, str]

HTTP = "http.request"
READS = ("get", "list", "watch")
# Rates are over so many whole seconds.
WINDOW_SECONDS = 5
# A flow that is silent for so long is forgotten.
SILENT_SECONDS = 30
# Flows that are told, the busiest first, and that are kept at all.
TOLD_MAX = 300
KEPT_MAX = 5_000
# Messages kept of one flow, and of all.
FLOW_MESSAGES_MAX = 12
MESSAGES_MAX = 60
# Written all the time: signs of life, and reports about what has been told already.
_CHATTER = ("leases", "events")
# Looking on makes messages too: they are left out.
_OWN = ("apiserver/ui@", "tracer@")


class Bucket:
    """One second of a flow."""

    __slots__ = ("dropped", "failed", "milliseconds", "second", "sent", "timed")

    def __init__(self, second: int) -> None:
        self.second = second
        self.sent = self.dropped = self.failed = self.timed = self.milliseconds = 0.0


class Flow:
    """Messages of one type from one actor to another. ``why``: the last that was dropped was;
    ``told``: when that was told last."""

    __slots__ = ("buckets", "last", "messages", "told", "why")

    def __init__(self) -> None:
        self.buckets: deque[Bucket] = deque(maxlen=WINDOW_SECONDS + 1)
        self.messages: deque[Value] = deque(maxlen=FLOW_MESSAGES_MAX)
        self.last = 0.0
        self.told = float("-inf")
        self.why = ""

    def bucket(self, now: float) -> Bucket:
        """The one of the present second."""
        self.last = now
        if not self.buckets or self.buckets[-1].second != int(now):
            self.buckets.append(Bucket(int(now)))
        return self.buckets[-1]

    def value(self, now: float) -> Value:
        """[messages a second, milliseconds each took, failures a second, drops a second, why]."""
        # The present second is not over: it would make every rate look too low.
        seconds = range(int(now) - WINDOW_SECONDS, int(now))
        sent = dropped = failed = timed = milliseconds = 0.0
        for one in self.buckets:
            if one.second in seconds:
                sent += one.sent
                dropped += one.dropped
                failed += one.failed
                timed += one.timed
                milliseconds += one.milliseconds
        took = _rounded(milliseconds / timed) if timed else 0
        rates = [_rounded(count / WINDOW_SECONDS) for count in (sent, failed, dropped)]
        return [rates[0], took, rates[1], rates[2], self.why if dropped else ""]


class FlowCounter:
    """``take`` records, then ask for ``flows`` and ``messages``. ``now``: seconds of a clock that
    is never set back."""

    def __init__(self) -> None:
        self._flows: dict[Key, Flow] = {}
        self._messages: deque[tuple[str, Value]] = deque(maxlen=MESSAGES_MAX)
        self._count = 0

    def take(self, records: Iterable[Record], missed: int, now: float) -> None:
        """Records of one process. ``missed``: so many more there were: the rates of these few
        stand for them."""
        taken = [record for record in records if _counts(record)]
        weight = 1.0 + missed / len(taken) if taken else 1.0
        for record in taken:
            self._take(record, weight, now)

    def flows(self, now: float) -> dict[str, Value]:
        """``sender|receiver|type`` → see ``Flow.value``."""
        silent = [key for key, flow in self._flows.items() if now - flow.last > SILENT_SECONDS]
        for key in silent:
            del self._flows[key]
        found = {"|".join(key): flow.value(now) for key, flow in self._flows.items()}
        if len(found) > TOLD_MAX:
            busiest = sorted(found, key=lambda key: (-found[key][3], -found[key][0], key))
            found = {key: found[key] for key in busiest[:TOLD_MAX]}
        return found

    def messages(self) -> dict[str, Value]:
        """The last that tell something: requests that write, drops and notes. Number
        → [UNIX seconds, from, to, type, subject, trace, outcome]."""
        return dict(self._messages)

    def messages_of(self, key: Key) -> list[Value]:
        """The last of one flow, the newest first."""
        flow = self._flows.get(key)
        return list(reversed(flow.messages)) if flow is not None else []

    def _take(self, record: Record, weight: float, now: float) -> None:
        event, name = record["event"], str(record.get("msg", ""))
        sender, receiver = str(record.get("from", "")), str(record.get("to", ""))
        if event == "note":
            if name == HTTP:
                self._http(record, weight, now)
            elif record.get("trace") and name not in QUIET_NOTES:
                self._tell(record, sender, "", name, "")
            return
        flow = self._flow((sender, receiver, name))
        bucket = flow.bucket(now)
        if event == "sent":
            bucket.sent += weight
            if record.get("trace"):
                flow.messages.append(_message(record, sender, receiver, name, ""))
                if _tells(record, name):
                    self._tell(record, sender, receiver, name, "")
        elif event == "counted":
            bucket.sent += record.get("sent", 0)
            bucket.timed += record.get("handled", 0)
            bucket.milliseconds += record.get("ms", 0)
        elif event == "dropped":
            bucket.dropped += weight
            why = str(record.get("reason", ""))
            # Of a line that is dead, each heartbeat is lost: it is told now and then.
            if why != flow.why or now - flow.told >= WINDOW_SECONDS:
                flow.told = now
                self._tell(record, sender, receiver, name, f"dropped: {why}")
            flow.why = why
        else:
            bucket.timed += weight
            bucket.milliseconds += record.get("ms", 0) * weight
            if record.get("outcome", "ok") not in ("ok", ""):
                bucket.failed += weight

    def _http(self, record: Record, weight: float, now: float) -> None:
        # A user's name may hold what separates the parts of a key.
        sender = str(record.get("user", "")).replace("|", "¦")
        receiver = str(record.get("from", ""))
        code = int(record.get("code", 0))
        flow = self._flow((sender, receiver, HTTP))
        bucket = flow.bucket(now)
        bucket.sent += weight
        bucket.timed += weight
        bucket.milliseconds += float(record.get("ms", 0)) * weight
        if code >= 500:
            bucket.failed += weight
        flow.messages.append(_message(record, sender, receiver, HTTP, str(code)))
        if not str(record.get("subject", "")).startswith(("GET ", "HEAD ")):
            self._tell(record, sender, receiver, HTTP, str(code))

    def _flow(self, key: Key) -> Flow:
        flow = self._flows.get(key)
        if flow is None:
            while len(self._flows) >= KEPT_MAX:
                del self._flows[next(iter(self._flows))]
            flow = self._flows[key] = Flow()
        return flow

    def _tell(self, record: Record, sender: str, receiver: str, name: str, outcome: str) -> None:
        self._count += 1
        message = _message(record, sender, receiver, name, outcome)
        self._messages.append((str(self._count), message))


def _counts(record: Record) -> bool:
    if record.get("event") not in ("sent", "counted", "handled", "dropped", "note"):
        return False
    places = (str(record.get("from", "")), str(record.get("to", "")))
    return not any(place.startswith(_OWN) for place in places)


def _tells(record: Record, name: str) -> bool:
    verb, _, what = str(record.get("subject", "")).partition(" ")
    return name == "ApiRequest" and verb not in READS and not what.startswith(_CHATTER)


def _message(record: Record, sender: str, receiver: str, name: str, outcome: str) -> Value:
    subject, trace = str(record.get("subject", "")), str(record.get("trace", ""))
    return [record["ts"], sender, receiver, name, subject, trace, outcome]


def _rounded(value: float) -> float:
    return round(value, 1) if value < 100 else float(round(value))
