"""What the state machine promises, written as plainly as possible: whole copies, no cleverness."""

from dataclasses import dataclass, field

from cluster.messages.store import Delete, KeyValue, Put, TxnRecord

State = dict[str, KeyValue]
# kind, new or removed version, version before
Change = tuple[str, KeyValue, KeyValue | None]


@dataclass
class ModelLease:
    ttl: int
    expiry: int


@dataclass
class Model:
    """``states`` and ``changes``: by revision, from the first on, whatever was compacted."""

    state: State = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=lambda: {1: {}})
    changes: dict[int, list[Change]] = field(default_factory=lambda: {1: []})
    leases: dict[int, ModelLease] = field(default_factory=dict)
    revision: int = 1
    compacted: int = 1
    time: int = 0

    def transact(self, record: TxnRecord) -> tuple[str, list[KeyValue | None]]:
        """What happens, and the versions to be told."""
        found = [self.state.get(compare.key) for compare in record.compare]
        for compare, item in zip(record.compare, found, strict=True):
            numbers = {"mod": 0, "create": 0, "version": 0}
            if item is not None:
                numbers["mod"], numbers["create"] = item.mod_revision, item.create_revision
                numbers["version"] = item.version
            present = numbers[compare.target]
            holds = {
                "=": present == compare.value,
                "!=": present != compare.value,
                ">": present > compare.value,
                "<": present < compare.value,
            }
            if not holds[compare.op]:
                return "refused", found
        wanted = {operation.lease for operation in record.success if isinstance(operation, Put)}
        if not wanted <= {0, *self.leases}:
            return "no lease", []
        return "done", self.change(record.success)

    def change(self, operations: tuple[Put | Delete, ...]) -> list[KeyValue | None]:
        """Carry out at the next revision; it is one only if something changed."""
        revision, state = self.revision + 1, dict(self.state)
        told: list[KeyValue | None] = []
        changes: list[Change] = []
        for operation in operations:
            old = state.pop(operation.key, None)
            if isinstance(operation, Put):
                created, version = (old.create_revision, old.version + 1) if old else (revision, 1)
                value, index, lease = operation.value, operation.index, operation.lease
                new = KeyValue(operation.key, value, created, revision, version, index, lease)
                state[operation.key] = new
                changes.append(("put", new, old))
                told.append(new)
            else:
                if old is not None:
                    numbers = (old.create_revision, revision, old.version)
                    gone = KeyValue(old.key, old.value, *numbers, old.index, old.lease)
                    changes.append(("delete", gone, old))
                told.append(old)
        if changes:
            self.revision, self.state = revision, state
            self.states[revision], self.changes[revision] = state, changes
        return told

    def keys_of(self, lease: int) -> list[str]:
        return sorted(key for key, item in self.state.items() if item.lease == lease)

    def end_lease(self, lease: int) -> None:
        """Its keys go at one revision."""
        keys = self.keys_of(lease)
        del self.leases[lease]
        self.change(tuple(Delete(key) for key in keys))

    def move_time(self, now: int) -> None:
        self.time = max(self.time, now)

    def expire(self, now: int) -> None:
        self.move_time(now)
        due = sorted((each.expiry, name) for name, each in self.leases.items())
        for expiry, name in due:
            if expiry <= self.time:
                self.end_lease(name)
