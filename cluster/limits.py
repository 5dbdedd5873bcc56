"""Every bound of the system, one constant each, with the reason for the number.

Units are in the names. Relations between bounds are asserted at import.
"""

KIB = 1024
MIB = 1024 * KIB

# An object: Kubernetes' and etcd's practical bound (etcd's default request limit is 1.5 MiB).
OBJECT_BYTES_MAX = 1536 * KIB
# A request body: kube-apiserver's bound.
BODY_BYTES_MAX = 3 * MIB
# JSON and YAML nesting: far above any real manifest, far below Python's recursion limit.
NESTING_MAX = 100
# A frame between processes: a list answer of many objects must fit, a memory bomb must not.
FRAME_BYTES_MAX = 64 * MIB
# Envelopes waiting for the connection to a peer: one of the longest, or many short ones.
PEER_QUEUE_BYTES_MAX = FRAME_BYTES_MAX
PEER_QUEUE_MESSAGES_MAX = 20_000
# Raft: entries of one append message.
RAFT_APPEND_BYTES_MAX = 4 * MIB
RAFT_APPEND_ENTRIES_MAX = 1024
RAFT_INFLIGHT_APPENDS_MAX = 64
# Bytes of appends in flight to one follower: what a slow one makes the leader's process queue.
RAFT_INFLIGHT_BYTES_MAX = 16 * MIB
# One proposal: a transaction of the largest size, or a batch, within what one append carries.
RAFT_PROPOSAL_BYTES_MAX = 4 * MIB
# Proposals waiting for a quorum; above it the store answers Overloaded.
RAFT_PENDING_PROPOSALS_MAX = 8192
RAFT_PENDING_BYTES_MAX = 64 * MIB
# A segment of the log: large enough that making one is rare, small enough that a few of them to
# spare do not matter.
RAFT_SEGMENT_BYTES = 16 * MIB
# Transactions gathered in one entry: enough to make the cost of an entry small beside theirs, few
# enough that applying one entry stalls nobody.
RAFT_BATCH_TXNS_MAX = 256
RAFT_BATCH_BYTES_MAX = 1 * MIB
# Entries after which a replica writes a snapshot and drops its log on disk.
RAFT_SNAPSHOT_ENTRIES = 100_000
RAFT_SNAPSHOT_LOG_BYTES = 64 * MIB
# How many times as long as the last snapshot the log on disk may become before the next: snapshots
# cost a heavy writer half of what the log does, and a start reads three times the state at most.
RAFT_LOG_TO_SNAPSHOT = 2
# Of the log in memory: what stays of what is applied, for followers that are a little behind, and
# after how much more that is looked at.
RAFT_KEEP_ENTRIES = 10_000
RAFT_KEEP_BYTES = 16 * MIB
RAFT_TRIM_ENTRIES = 2_500
RAFT_TRIM_BYTES = 4 * MIB
# What stays for a follower that is alive and lacks more, or is being sent a snapshot: several
# seconds of full load, the time that the snapshot of a large cluster takes.
RAFT_HOLD_BYTES = 128 * MIB
RAFT_SNAPSHOT_CHUNK_BYTES = 512 * KIB
# Control-plane replicas: Raft's cost grows with each, and five already bear two losses at once; a
# change from one to another five needs room for both (etcd advises at most seven).
REPLICAS_MAX = 9
# Operations of one transaction (etcd: 128), and its keys, values and indexes together (etcd: a
# request of 1.5 MiB): the largest object with its index fits, and one append message holds it.
TXN_OPERATIONS_MAX = 128
TXN_BYTES_MAX = 3 * MIB
# A key, UTF-8: a group, a resource, a namespace and a name of 253 each fit.
KEY_BYTES_MAX = 2 * KIB
# The parsed index beside a value: labels make it, and they may be most of an object.
INDEX_BYTES_MAX = MIB
# Names that travel with a transaction: a trace context is 49 characters, a session's name about 40.
TRACE_CHARS_MAX = 256
CLIENT_CHARS_MAX = 256
# Leases: ids and times as etcd's (the shortest is one second; the longest, 285 years); so many that
# each node and each elected component has some, and that listing them is still one answer.
LEASE_ID_MAX = (1 << 63) - 1
LEASE_TTL_SECONDS_MIN = 1
LEASE_TTL_SECONDS_MAX = 9_000_000_000
LEASES_MAX = 100_000
# Leases ended by one entry: bounds how long applying it takes.
LEASES_EXPIRED_AT_ONCE = 1000
# Alarms: one per member that ever was, and how long each text may be.
ALARMS_MAX = 64
ALARM_CHARS_MAX = 1024
# Revisions of history kept for watches and old reads before automatic compaction.
HISTORY_REVISIONS_MAX = 100_000
# Old versions kept for the same, in bytes: the other bound on what a replica's memory holds.
HISTORY_BYTES_MAX = 64 * MIB
# Exactly-once: clients remembered (a store actor's incarnation is one), results of each.
SESSIONS_MAX = 1024
SESSION_RESULTS_MAX = 16_384
# Bytes that remembered results may hold on to, as much as may wait for a quorum.
SESSIONS_BYTES_MAX = RAFT_PENDING_BYTES_MAX
# Messages waiting in an actor's mailbox.
MAILBOX_MESSAGES_MAX = 10_000
# Unconsumed items of one stream (credit).
STREAM_CREDIT = 64
# Events a watcher may lag behind before its stream is closed with 410.
WATCH_LAG_EVENTS_MAX = 20_000
# JSON patch operations (kube-apiserver: 10,000).
JSON_PATCH_OPERATIONS_MAX = 10_000
# List page if the client names none: 0 is all, as Kubernetes; the server's own informers page so.
LIST_PAGE_DEFAULT = 500
# Pods a node takes (Kubernetes' default).
NODE_PODS_MAX = 110
# Pod starts in parallel on one machine: measured best on 2 cores (docker: CPU-bound).
POD_STARTS_PARALLEL = 4

assert OBJECT_BYTES_MAX < BODY_BYTES_MAX < FRAME_BYTES_MAX
assert OBJECT_BYTES_MAX + INDEX_BYTES_MAX + KEY_BYTES_MAX <= TXN_BYTES_MAX
assert TXN_BYTES_MAX < RAFT_APPEND_BYTES_MAX < FRAME_BYTES_MAX
assert TXN_BYTES_MAX < RAFT_PROPOSAL_BYTES_MAX <= RAFT_APPEND_BYTES_MAX <= RAFT_INFLIGHT_BYTES_MAX
assert RAFT_INFLIGHT_BYTES_MAX < PEER_QUEUE_BYTES_MAX
assert SESSION_RESULTS_MAX > RAFT_PENDING_PROPOSALS_MAX
