"""etcd's v3 API as far as it is used here: its messages by field number, its methods by path.

Job: names and numbers (etcd.io "API reference"; in 3.4 and every version since). Must not know:
what they are used for.
"""

from typing import ClassVar

from actors.store.engines.etcd.protobuf import ProtoMessage

RANGE = "/etcdserverpb.KV/Range"
TXN = "/etcdserverpb.KV/Txn"
DELETE_RANGE = "/etcdserverpb.KV/DeleteRange"
COMPACT = "/etcdserverpb.KV/Compact"
WATCH = "/etcdserverpb.Watch/Watch"
LEASE_GRANT = "/etcdserverpb.Lease/LeaseGrant"
LEASE_REVOKE = "/etcdserverpb.Lease/LeaseRevoke"
LEASE_KEEP_ALIVE = "/etcdserverpb.Lease/LeaseKeepAlive"
LEASE_TIME_TO_LIVE = "/etcdserverpb.Lease/LeaseTimeToLive"
LEASE_LEASES = "/etcdserverpb.Lease/LeaseLeases"
STATUS = "/etcdserverpb.Maintenance/Status"
HASH_KV = "/etcdserverpb.Maintenance/HashKV"

# Compare.result and Compare.target; Event.type.
EQUAL, GREATER, LESS, NOT_EQUAL = 0, 1, 2, 3
VERSION, CREATE, MOD = 0, 1, 2
EVENT_DELETE = 1


class Header(ProtoMessage, frozen=True):
    """Of every answer. ``revision``: the store's when it was made."""

    NUMBERS: ClassVar = {"member_id": 2, "revision": 3, "raft_term": 4}
    member_id: int = 0
    revision: int = 0
    raft_term: int = 0


class KeyValue(ProtoMessage, frozen=True):
    """One version of one key."""

    NUMBERS: ClassVar = {
        "key": 1,
        "create_revision": 2,
        "mod_revision": 3,
        "version": 4,
        "value": 5,
        "lease": 6,
    }
    key: bytes = b""
    create_revision: int = 0
    mod_revision: int = 0
    version: int = 0
    value: bytes = b""
    lease: int = 0


class RangeRequest(ProtoMessage, frozen=True):
    """[key, range_end), or the one key."""

    NUMBERS: ClassVar = {
        "key": 1,
        "range_end": 2,
        "limit": 3,
        "revision": 4,
        "serializable": 7,
        "keys_only": 8,
        "count_only": 9,
    }
    key: bytes = b""
    range_end: bytes = b""
    limit: int = 0
    revision: int = 0
    serializable: bool = False
    keys_only: bool = False
    count_only: bool = False


class RangeResponse(ProtoMessage, frozen=True):
    """``count``: of all matches."""

    NUMBERS: ClassVar = {"header": 1, "kvs": 2, "more": 3, "count": 4}
    header: Header = Header()
    kvs: tuple[KeyValue, ...] = ()
    more: bool = False
    count: int = 0


class PutRequest(ProtoMessage, frozen=True):
    """``prev_kv``: tell what was there."""

    NUMBERS: ClassVar = {"key": 1, "value": 2, "lease": 3, "prev_kv": 4}
    key: bytes = b""
    value: bytes = b""
    lease: int = 0
    prev_kv: bool = False


class PutResponse(ProtoMessage, frozen=True):
    """``prev_kv``: None if the key is new."""

    NUMBERS: ClassVar = {"prev_kv": 2}
    prev_kv: KeyValue | None = None


class DeleteRangeRequest(ProtoMessage, frozen=True):
    """Delete [key, range_end), or the one key."""

    NUMBERS: ClassVar = {"key": 1, "range_end": 2, "prev_kv": 3}
    key: bytes = b""
    range_end: bytes = b""
    prev_kv: bool = False


class DeleteRangeResponse(ProtoMessage, frozen=True):
    """``prev_kvs``: what was deleted."""

    NUMBERS: ClassVar = {"header": 1, "deleted": 2, "prev_kvs": 3}
    header: Header = Header()
    deleted: int = 0
    prev_kvs: tuple[KeyValue, ...] = ()


class Compare(ProtoMessage, frozen=True):
    """True if the key's ``target`` stands in relation ``result`` to the value of that name."""

    NUMBERS: ClassVar = {
        "result": 1,
        "target": 2,
        "key": 3,
        "version": 4,
        "create_revision": 5,
        "mod_revision": 6,
    }
    key: bytes = b""
    result: int = EQUAL
    target: int = VERSION
    version: int = 0
    create_revision: int = 0
    mod_revision: int = 0


class TxnRequest(ProtoMessage, frozen=True):
    """If all ``compare`` hold ``success``, else ``failure``; at one revision."""

    NUMBERS: ClassVar = {"compare": 1, "success": 2, "failure": 3}
    compare: tuple[Compare, ...] = ()
    success: tuple["RequestOp", ...] = ()
    failure: tuple["RequestOp", ...] = ()


class RequestOp(ProtoMessage, frozen=True):
    """One of the four."""

    NUMBERS: ClassVar = {"range": 1, "put": 2, "delete": 3, "txn": 4}
    range: RangeRequest | None = None
    put: PutRequest | None = None
    delete: DeleteRangeRequest | None = None
    txn: TxnRequest | None = None


class TxnResponse(ProtoMessage, frozen=True):
    """``responses``: one per operation of the branch taken."""

    NUMBERS: ClassVar = {"header": 1, "succeeded": 2, "responses": 3}
    header: Header = Header()
    succeeded: bool = False
    responses: tuple["ResponseOp", ...] = ()


class ResponseOp(ProtoMessage, frozen=True):
    """One of the four."""

    NUMBERS: ClassVar = {"range": 1, "put": 2, "delete": 3, "txn": 4}
    range: RangeResponse | None = None
    put: PutResponse | None = None
    delete: DeleteRangeResponse | None = None
    txn: TxnResponse | None = None


class CompactionRequest(ProtoMessage, frozen=True):
    """Forget what was superseded by ``revision``."""

    NUMBERS: ClassVar = {"revision": 1, "physical": 2}
    revision: int = 0
    physical: bool = False


class CompactionResponse(ProtoMessage, frozen=True):
    """Done."""

    NUMBERS: ClassVar = {"header": 1}
    header: Header = Header()


class WatchCreateRequest(ProtoMessage, frozen=True):
    """Events of [key, range_end) from ``start_revision`` on. ``fragment``: large answers in
    parts."""

    NUMBERS: ClassVar = {
        "key": 1,
        "range_end": 2,
        "start_revision": 3,
        "progress_notify": 4,
        "prev_kv": 6,
        "fragment": 8,
    }
    key: bytes = b""
    range_end: bytes = b""
    start_revision: int = 0
    progress_notify: bool = False
    prev_kv: bool = False
    fragment: bool = False


class WatchRequest(ProtoMessage, frozen=True):
    """What goes into a watch stream."""

    NUMBERS: ClassVar = {"create": 1}
    create: WatchCreateRequest | None = None


class Event(ProtoMessage, frozen=True):
    """One change. ``kv`` of a delete has only key and mod_revision."""

    NUMBERS: ClassVar = {"type": 1, "kv": 2, "prev_kv": 3}
    type: int = 0
    kv: KeyValue = KeyValue()
    prev_kv: KeyValue | None = None


class WatchResponse(ProtoMessage, frozen=True):
    """``canceled`` with ``compact_revision``: the start is no longer kept. ``fragment``: the answer
    goes on in the next. No events and not ``created``: progress up to the header's revision."""

    NUMBERS: ClassVar = {
        "header": 1,
        "watch_id": 2,
        "created": 3,
        "canceled": 4,
        "compact_revision": 5,
        "cancel_reason": 6,
        "fragment": 7,
        "events": 11,
    }
    header: Header = Header()
    watch_id: int = 0
    created: bool = False
    canceled: bool = False
    compact_revision: int = 0
    cancel_reason: str = ""
    fragment: bool = False
    events: tuple[Event, ...] = ()


class LeaseGrantRequest(ProtoMessage, frozen=True):
    """``id`` 0: etcd picks one."""

    NUMBERS: ClassVar = {"ttl": 1, "id": 2}
    ttl: int = 0
    id: int = 0


class LeaseGrantResponse(ProtoMessage, frozen=True):
    """``ttl``: granted, perhaps more than was asked for."""

    NUMBERS: ClassVar = {"header": 1, "id": 2, "ttl": 3, "error": 4}
    header: Header = Header()
    id: int = 0
    ttl: int = 0
    error: str = ""


class LeaseRequest(ProtoMessage, frozen=True):
    """Revoke, or keep alive."""

    NUMBERS: ClassVar = {"id": 1}
    id: int = 0


class LeaseRevokeResponse(ProtoMessage, frozen=True):
    """Done."""

    NUMBERS: ClassVar = {"header": 1}
    header: Header = Header()


class LeaseKeepAliveResponse(ProtoMessage, frozen=True):
    """``ttl`` 0: there is no such lease."""

    NUMBERS: ClassVar = {"header": 1, "id": 2, "ttl": 3}
    header: Header = Header()
    id: int = 0
    ttl: int = 0


class LeaseTimeToLiveRequest(ProtoMessage, frozen=True):
    """``keys``: tell which go with it."""

    NUMBERS: ClassVar = {"id": 1, "keys": 2}
    id: int = 0
    keys: bool = False


class LeaseTimeToLiveResponse(ProtoMessage, frozen=True):
    """``ttl``: seconds left, -1 if there is no such lease."""

    NUMBERS: ClassVar = {"header": 1, "id": 2, "ttl": 3, "granted_ttl": 4, "keys": 5}
    header: Header = Header()
    id: int = 0
    ttl: int = 0
    granted_ttl: int = 0
    keys: tuple[bytes, ...] = ()


class Nothing(ProtoMessage, frozen=True):
    """A request that says nothing."""


class LeaseId(ProtoMessage, frozen=True):
    """One lease of a list."""

    NUMBERS: ClassVar = {"id": 1}
    id: int = 0


class LeaseLeasesResponse(ProtoMessage, frozen=True):
    """All leases."""

    NUMBERS: ClassVar = {"header": 1, "leases": 2}
    header: Header = Header()
    leases: tuple[LeaseId, ...] = ()


class StatusResponse(ProtoMessage, frozen=True):
    """One etcd member. ``leader``: its leader's id, 0 if there is none."""

    NUMBERS: ClassVar = {
        "header": 1,
        "version": 2,
        "db_size": 3,
        "leader": 4,
        "raft_index": 5,
        "raft_term": 6,
        "raft_applied_index": 7,
        "errors": 8,
    }
    header: Header = Header()
    version: str = ""
    db_size: int = 0
    leader: int = 0
    raft_index: int = 0
    raft_term: int = 0
    raft_applied_index: int = 0
    errors: tuple[str, ...] = ()


class HashKVRequest(ProtoMessage, frozen=True):
    """``revision`` 0: the latest."""

    NUMBERS: ClassVar = {"revision": 1}
    revision: int = 0


class HashKVResponse(ProtoMessage, frozen=True):
    """``hash``: of everything up to the revision, from ``compact_revision`` on."""

    NUMBERS: ClassVar = {"header": 1, "hash": 2, "compact_revision": 3}
    header: Header = Header()
    hash: int = 0
    compact_revision: int = 0
