"""What the store is asked, and what it answers. Receivers: ``store@<replica>``.

Keys are str (they sort by code point, which is UTF-8 byte order). Values are bytes that the store
never looks into. Revisions are int: the empty store is at revision 1 (as etcd), and each
transaction that changed something makes the next.
"""

from typing import ClassVar, Literal

import msgspec

from cluster.messages.base import Message


class KeyValue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One version of one key. ``index`` is the small parsed index given with the value.
    ``lease``: the key goes with it (0: with none)."""

    key: str
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    index: bytes = b""
    lease: int = 0


class Compare(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """True if the key's attribute stands in relation ``op`` to ``value``. An absent key has 0s."""

    key: str
    target: Literal["mod", "create", "version"]
    value: int
    op: Literal["=", "!=", ">", "<"] = "="


class Put(msgspec.Struct, frozen=True, array_like=True, tag="put", gc=False):
    """Set a key. If ``stamp`` >= 0 the decimal revision is inserted into the value at that offset.

    The stamp is how an object's bytes carry their own resourceVersion though the revision is known
    only when the transaction is applied: bytes are then immutable and shared by all readers.
    ``lease``: delete the key when that lease ends (error ``LeaseNotFound`` if there is none).
    """

    key: str
    value: bytes
    stamp: int = -1
    index: bytes = b""
    lease: int = 0


class Delete(msgspec.Struct, frozen=True, array_like=True, tag="delete", gc=False):
    """Remove a key (no effect, and no revision, if absent)."""

    key: str


class Txn(Message, frozen=True):
    """If all ``compare`` hold, apply ``success`` atomically at one revision. Ask; reply TxnResult.

    ``fence``: if not 0, the transaction applies only if its log entry's term equals it: a deposed
    leader's controllers cannot write (reply error ``Fenced``). ``client``/``sequence``: a retry
    with the same pair is applied once and gets the first result ('' = no session).
    """

    compare: tuple[Compare, ...] = ()
    success: tuple[Put | Delete, ...] = ()
    fence: int = 0
    client: str = ""
    sequence: int = 0

    def subject(self) -> str:
        return " ".join(f"{type(op).__name__.lower()} {op.key}" for op in self.success[:3])


class TxnResult(Message, frozen=True):
    """``revision``: of the transaction if it changed something, else the store's at apply.

    ``items``: succeeded: the new KeyValue per Put and the removed one per Delete (None if it was
    absent), in order of ``success``; not succeeded: the present KeyValue (or None) per Compare.
    """

    succeeded: bool
    revision: int
    items: tuple[KeyValue | None, ...] = ()


class TxnRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Txn in its compact form: in batches and in the log. ``trace``: context of its ask.

    ``done_below``: results of this client's sequences below it are no longer wanted, and a late
    copy of one of them must not be applied any more. ``established``: the client has had an answer
    in this session before.
    """

    compare: tuple[Compare, ...]
    success: tuple[Put | Delete, ...]
    fence: int = 0
    client: str = ""
    sequence: int = 0
    trace: str = ""
    done_below: int = 0
    established: bool = False


class OutcomeRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A TxnResult in its compact form, or an error by class name and text."""

    succeeded: bool
    revision: int
    items: tuple[KeyValue | None, ...] = ()
    error: str = ""
    text: str = ""


class TxnBatch(Message, frozen=True):
    """Independent transactions that were asked for at the same moment, in one message. Ask; reply
    TxnBatchResult with one outcome each, in order.

    ``payload``: msgpack of ``tuple[TxnRecord, ...]``. ``brief``: leave values and indexes out of
    the results. They are not atomic together: each succeeds, or not, on its own revision.
    """

    payload: bytes
    count: int
    brief: bool = False

    def subject(self) -> str:
        return f"{self.count} transactions"


class TxnBatchResult(Message, frozen=True):
    """``payload``: msgpack of ``tuple[OutcomeRecord, ...]``."""

    payload: bytes


class Range(Message, frozen=True):
    """Read [key, end), or the one key if ``end`` is ''. Ask; reply RangeResult.

    ``revision`` 0 is the latest; an older one must be kept (else error ``Compacted``), a future one
    is an error ``FutureRevision``. ``linearizable``: the answer is at least as new as every write
    acknowledged anywhere before the ask. ``at_least``: wait until this replica has applied it.
    """

    key: str
    end: str = ""
    limit: int = 0
    revision: int = 0
    linearizable: bool = True
    at_least: int = 0
    count_only: bool = False

    def subject(self) -> str:
        return self.key


class RangeResult(Message, frozen=True):
    """``revision``: the store's at the read. ``count``: of all matches, beyond ``limit`` too."""

    items: tuple[KeyValue, ...]
    revision: int
    count: int
    more: bool = False


class WriteTraces(Message, frozen=True):
    """Ask: contexts of the writes that made these revisions, as far as this replica keeps them.
    Reply TracesOfWrites. For lists: what a list tells of has causes too."""

    revisions: tuple[int, ...]

    def subject(self) -> str:
        return f"{len(self.revisions)} revisions"


class TracesOfWrites(Message, frozen=True):
    """In the order of the question, '' where none is known."""

    traces: tuple[str, ...]

    def subject(self) -> str:
        return f"{len(self.traces)} traces"


class Watch(Message, frozen=True):
    """Stream of StoreEvents for keys in [key, end) with revision >= ``start`` (0: from now on).

    Errors: ``Compacted`` if ``start`` is no longer kept. First item always comes at once, perhaps
    without events: it tells the revision the stream stands at.
    """

    key: str
    end: str = ""
    start: int = 0

    def subject(self) -> str:
        return self.key


class StoreEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One change. ``item`` is the new version (put) or the removed one with mod_revision set to the
    revision of the delete. ``previous`` is the version before, None for a create. ``trace`` is the
    trace context of the write that made it ('' if none)."""

    kind: Literal["put", "delete"]
    item: KeyValue
    previous: KeyValue | None
    trace: str = ""


class StoreEvents(Message, frozen=True):
    """Events in revision order, a revision never split over two items.

    All events of the range up to ``revision`` have then been delivered (so an item without events
    is progress).
    """

    events: tuple[StoreEvent, ...]
    revision: int

    def subject(self) -> str:
        return f"{len(self.events)} events to {self.revision}"


class LeaseGrant(Message, frozen=True):
    """Make a lease of ``ttl`` seconds; ``id`` 0: the store picks one. Ask; reply LeaseStatus.

    Time is the log's: it passes while a leader leads and stands still while there is none.
    """

    ttl: int
    id: int = 0


class LeaseKeepAlive(Message, frozen=True):
    """Begin the lease's time anew. Ask; reply LeaseStatus; error ``LeaseNotFound``."""

    id: int


class LeaseRevoke(Message, frozen=True):
    """End the lease and delete its keys, at one revision. Ask; reply Done; error
    ``LeaseNotFound``."""

    id: int


class LeaseTimeToLive(Message, frozen=True):
    """Ask; reply LeaseStatus (linearizable); error ``LeaseNotFound``."""

    id: int
    keys: bool = False


class LeaseStatus(Message, frozen=True):
    """``ttl``: seconds granted; ``left``: seconds left at the time of the answer. ``keys``: of the
    lease, sorted, if they were asked for."""

    id: int
    ttl: int
    left: float
    keys: tuple[str, ...] = ()


class LeaseList(Message, frozen=True):
    """Ask; reply LeaseIds (linearizable)."""


class LeaseIds(Message, frozen=True):
    """All leases, sorted."""

    ids: tuple[int, ...]


class HashRequest(Message, frozen=True):
    """Hash of all keys at ``revision`` (0: the latest) as this replica has them. Ask; reply
    HashResult; errors ``Compacted``, ``FutureRevision``."""

    revision: int = 0


class HashResult(Message, frozen=True):
    """Equal states have equal hashes at equal revisions."""

    member: str
    revision: int
    hash: str


class SnapshotRead(Message, frozen=True):
    """Stream of SnapshotPiece: the state of the replica asked, linearizable, as one file."""


class SnapshotPiece(Message, frozen=True):
    """The next bytes of a snapshot file."""

    data: bytes


class ChangeMembership(Message, frozen=True):
    """Add a learner, make it a voter, remove a member, or set the voters (jointly). Ask of any
    member; reply MembershipStatus once the change is committed (of ``replace``: the last of its
    two entries).

    ``replace`` names the voters wanted; the others name one ``member``. Errors: StoreError with
    what to do instead (a change is under way, the learner lags, the last voter would go ...).
    """

    action: Literal["add-learner", "promote", "remove", "replace"]
    member: str = ""
    voters: tuple[str, ...] = ()

    def subject(self) -> str:
        return f"{self.action} {self.member or ','.join(self.voters)}"


class TransferLeadership(Message, frozen=True):
    """Make ``to`` the leader ('' : the peer that holds most). Ask of any member; reply Done once
    it leads; error NotLeader if it did not take over in time."""

    to: str = ""


class MemberStatus(msgspec.Struct, frozen=True):
    """``match``: the highest log index known durable there, and ``state`` of its replication
    (probe, replicate, snapshot): known to the leader only ('' and 0 elsewhere)."""

    name: str
    kind: Literal["voter", "learner", "leaving"]
    match: int = 0
    state: str = ""
    silent_seconds: float = 0.0
    leader: bool = False


class MembershipStatus(Message, frozen=True):
    """``joint``: between two sets of voters. ``index``: of the membership's log entry."""

    members: tuple[MemberStatus, ...]
    joint: bool
    index: int


class MembershipRequest(Message, frozen=True):
    """Who takes part, and how far each is. Ask of any member; reply MembershipStatus, as the leader
    knows it."""


class MetricsRequest(Message, frozen=True):
    """Ask; reply Metrics of the replica asked."""


class Metrics(Message, frozen=True):
    """``text``: in the Prometheus text format."""

    text: bytes


class Compact(Message, frozen=True):
    """Forget history before ``revision``. Ask; reply Done."""

    revision: int


class StatusRequest(Message, frozen=True):
    """Ask for StoreStatus (local knowledge of the replica asked)."""


class StatusProbe(StatusRequest, frozen=True):
    """The same, of whoever asks again and again."""

    routine: ClassVar[bool] = True


class StoreStatus(Message, frozen=True):
    """``role``: leader|follower|candidate|pre-candidate. ``leader``: member name or ''."""

    member: str
    role: str
    leader: str
    term: int
    commit_index: int
    applied_index: int
    revision: int
    compacted: int
    members: tuple[str, ...]
    state_hash: str = ""
    learners: tuple[str, ...] = ()
    joint: bool = False
    engine: str = "raft"
    # What is wrong, as "corrupt: replica-2 differs at revision 17"; empty if nothing is.
    alarms: tuple[str, ...] = ()
    snapshot_index: int = 0
    last_index: int = 0
    leases: int = 0
    keys: int = 0


class WatchLeadership(Message, frozen=True):
    """Stream of Leadership: the present one at once, then each change."""


class Leadership(Message, frozen=True):
    """``leading``: this replica is leader of ``term`` and has applied an entry of its own term.

    ``term`` is the fence that controllers put on their writes.
    """

    leader: str
    term: int
    leading: bool


class HandOver(Message, frozen=True):
    """Before a planned stop: give leadership to another replica. Ask; reply Done once this replica
    does not lead; error NotLeader if nobody could take over."""


class RaftMessage(Message, frozen=True):
    """Raft traffic between members (tell ``store@<replica>``): the core's message, encoded."""

    payload: bytes


class RaftHeartbeat(Message, frozen=True):
    """A Raft message without entries, and its answer: routine, traced apart."""

    routine: ClassVar[bool] = True
    payload: bytes


class Propose(Message, frozen=True):
    """A follower hands a command to the leader, encoded as it stands in the log (ask
    ``store@<leader>``; reply Proposed once it is in the leader's log, not yet committed; errors
    NotLeader, Overloaded). The asker learns the outcome by applying the entry itself."""

    payload: bytes
    trace: str = ""


class Proposed(Message, frozen=True):
    """The entry's name. If another entry is applied at ``index``, the proposal is lost."""

    term: int
    index: int


class ReadIndexRequest(Message, frozen=True):
    """A follower asks the leader for a read index (ask; reply ReadIndexResult)."""


class ReadIndexResult(Message, frozen=True):
    """The read may be served once the asker has applied ``index``."""

    index: int
