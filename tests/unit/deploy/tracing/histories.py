"""Made-up histories: processes that send, receive, handle and note, as recorders would write them.

Each process has its hybrid logical clock; a message carries its sender's, and the receiver's goes
beyond it. What is sent while a message is handled has it as its parent.
"""

import random
from typing import Any

Record = dict[str, Any]
TRACE = "0af7651916cd43dd8448eb211c80319c"


class History:
    """``count`` steps of ``size`` processes, from a seed. ``skew``: seconds by which their clocks
    differ at most. The records are in the order in which they were made."""

    def __init__(self, seed: int, count: int = 60, size: int = 3, skew: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.names = [f"p{number}" for number in range(size)]
        self.clock = dict.fromkeys(self.names, 0)
        self.skew = {name: self.random.uniform(0, skew) for name in self.names}
        self.records: list[Record] = []
        self.now = 1_700_000_000.0
        self.spans = 0
        self._flying: list[tuple[Record, int]] = []
        self._mailbox: list[Record] = []
        self._current: dict[str, list[str]] = {name: [] for name in self.names}
        for _ in range(count):
            self.now += self.random.uniform(0.0001, 0.01)
            steps = (self.send, self.send, self.receive, self.receive, self.handle, self.note)
            self.random.choice(steps)()
        while self._flying:
            self.receive()
        while self._mailbox:
            self.handle()

    def write(self, process: str, event: str, base: Record, **more: Any) -> Record:
        self.clock[process] += 1
        record = {
            **base, "event": event, "ts": self.now + self.skew[process], "process": process,
            "zone": process[-1], "hlc": self.clock[process], **more,
        }  # fmt: skip
        self.records.append(record)
        return record

    def send(self) -> None:
        sender, receiver = self.random.choice(self.names), self.random.choice(self.names)
        self.spans += 1
        parents = self._current[sender]
        base = {
            "msg": self.random.choice(("Txn", "ApiRequest", "Told")), "id": self.spans,
            "from": f"a@{sender}", "to": f"b@{receiver}", "trace": TRACE,
            "span": f"{self.spans:016x}", "parent": self.random.choice(parents) if parents else "",
            "subject": f"get pods ns/{self.spans}",
        }  # fmt: skip
        if parents and self.random.random() < 0.3:
            base["links"] = [f"{TRACE}-{self.random.choice(parents)}"]
        if self.random.random() < 0.1:
            self.write(sender, "sent", base)
            self.write(sender, "dropped", base, reason="fault:cut")
            return
        stamp = self.clock[sender] = self.clock[sender] + 1
        self._flying.append((base, stamp))
        self.write(sender, "sent", base)

    def receive(self) -> None:
        if self._flying:
            base, stamp = self._flying.pop(self.random.randrange(len(self._flying)))
            receiver = base["to"].partition("@")[2]
            self.clock[receiver] = max(self.clock[receiver], stamp)
            self.write(receiver, "received", base, wait=0.5)
            self._current[receiver].append(base["span"])
            self._mailbox.append(base)

    def handle(self) -> None:
        if self._mailbox:
            base = self._mailbox.pop(self.random.randrange(len(self._mailbox)))
            outcome = self.random.choice(("ok", "ok", "error StatusError: no"))
            process = base["to"].partition("@")[2]
            self.write(process, "handled", base, ms=self.random.uniform(0, 5), outcome=outcome)

    def note(self) -> None:
        process = self.random.choice(self.names)
        spans = self._current[process]
        base = {
            "msg": "pod.placed", "from": f"b@{process}", "trace": TRACE,
            "span": self.random.choice(spans) if spans else "", "subject": "ns/web",
        }  # fmt: skip
        self.write(process, "note", base, node="n1", feasible=3)
