"""What Raft members say to each other, and their binary form (Raft paper, Figure 2 and 13).

Job: the records of the protocol. Must not know: who carries them, roles, the log's content.
``term`` is the sender's term, but in a pre-vote the term it would campaign in.
"""

import msgspec


class Membership(msgspec.Struct, frozen=True, array_like=True):
    """Who takes part: ``voters``; ``outgoing``, the old voters while a change is joint (paper 6);
    ``learners``, who get the log but count in no quorum. Names, sorted, each once but in voters
    and outgoing.

    ``tenures``: the log index at which each member last came in, by name (0: founding member).
    Answers echo it, so that nothing said by a member's earlier life counts for its present one.
    """

    voters: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()
    tenures: tuple[tuple[str, int], ...] = ()


class SnapshotMeta(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot stands for: the state after entry (index, term), and the membership as of
    it. (0, 0) is the founding of a cluster: no state, but members."""

    index: int = 0
    term: int = 0
    membership: Membership = Membership()


FOUNDING = SnapshotMeta()

# Kinds of entries.
COMMAND, MEMBERSHIP = 0, 1


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One log entry. ``kind`` COMMAND: ``data`` is the state machine's, b'' the no-op that a leader
    starts its term with. MEMBERSHIP: ``data`` is a Membership, in force from the moment it is in
    the log, committed or not (paper 6)."""

    index: int
    term: int
    data: bytes
    kind: int = COMMAND


class HardState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What must be on disk before a member answers: its term and its vote, always together.

    ``tenure``: of this member, as a leader told it: a membership in its log that tells of an
    earlier life, which its disk has forgotten, gives it no right to campaign. ``told``: the term of
    that leader (0: a founder, or not known).
    """

    term: int = 0
    vote: str = ""
    tenure: int = 0
    told: int = 0


BLANK = HardState()


class VoteRequest(msgspec.Struct, frozen=True, array_like=True, tag="vote"):
    """RequestVote. ``pre``: would you vote for me (thesis 9.6). ``transfer``: the old leader asked
    for this election, so a leader lease does not protect it. ``tenure``: of the receiver, as the
    candidate knows it."""

    sender: str
    to: str
    term: int
    last_index: int
    last_term: int
    pre: bool = False
    transfer: bool = False
    tenure: int = 0


class VoteResponse(msgspec.Struct, frozen=True, array_like=True, tag="voted"):
    """``term``: of the request if granted, else the voter's. ``asked``: of the request."""

    sender: str
    to: str
    term: int
    granted: bool
    pre: bool = False
    asked: int = 0


class AppendRequest(msgspec.Struct, frozen=True, array_like=True, tag="append"):
    """AppendEntries. ``read``: the newest ReadIndex round at the time of sending. ``tenure``: of
    the receiver, as the leader knows it (see Membership). ``quiet``: it only tells the commit
    index; accepting it is no news, so no answer is wanted."""

    sender: str
    to: str
    term: int
    prev_index: int
    prev_term: int
    entries: tuple[Entry, ...]
    commit: int
    read: int = 0
    tenure: int = 0
    quiet: bool = False


class AppendResponse(msgspec.Struct, frozen=True, array_like=True, tag="appended"):
    """``index``: accepted: what is durably held up to; refused: the request's ``prev_index``.

    ``hint_index``/``hint_term`` (refused): the follower's last entry at or below ``prev_index``
    whose term is not above the request's ``prev_term``. ``read`` and ``tenure`` are the request's.
    """

    sender: str
    to: str
    term: int
    accepted: bool
    index: int
    hint_index: int = 0
    hint_term: int = 0
    read: int = 0
    tenure: int = 0


class SnapshotRequest(msgspec.Struct, frozen=True, array_like=True, tag="snapshot"):
    """InstallSnapshot: one chunk at byte ``offset``. The core leaves ``data`` empty and the shell
    fills it in (it has the file); ``done`` marks the last chunk."""

    sender: str
    to: str
    term: int
    meta: SnapshotMeta
    offset: int
    data: bytes = b""
    done: bool = False
    tenure: int = 0


class SnapshotResponse(msgspec.Struct, frozen=True, array_like=True, tag="snapshotted"):
    """``offset``: the byte wanted next of the snapshot that ends at ``last_index``."""

    sender: str
    to: str
    term: int
    last_index: int
    offset: int
    tenure: int = 0


class TimeoutNow(msgspec.Struct, frozen=True, array_like=True, tag="timeout-now"):
    """Leadership transfer (thesis 3.10): campaign at once."""

    sender: str
    to: str
    term: int


RaftRpc = (
    VoteRequest
    | VoteResponse
    | AppendRequest
    | AppendResponse
    | SnapshotRequest
    | SnapshotResponse
    | TimeoutNow
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[RaftRpc] = msgspec.msgpack.Decoder(RaftRpc)
_memberships = msgspec.msgpack.Decoder(Membership)


def encode(message: RaftRpc) -> bytes:
    """msgpack; ``decode`` is its inverse."""
    return _encoder.encode(message)


def decode(payload: bytes) -> RaftRpc:
    """Raises ValueError for anything that is not one of the messages."""
    try:
        return _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a Raft message: {error}") from error


def membership_entry(index: int, term: int, membership: Membership) -> Entry:
    """A MEMBERSHIP entry; ``membership_of`` is its inverse."""
    return Entry(index, term, _encoder.encode(membership), MEMBERSHIP)


def membership_of(entry: Entry) -> Membership:
    """What a MEMBERSHIP entry says. Raises ValueError if it is none."""
    try:
        return _memberships.decode(entry.data)
    except msgspec.DecodeError as error:
        raise ValueError(f"entry {entry.index} is no membership: {error}") from error


def is_routine(message: RaftRpc) -> bool:
    """True for heartbeats and their answers: what an idle cluster says all day."""
    if isinstance(message, AppendRequest):
        return not message.entries
    return isinstance(message, AppendResponse) and message.accepted
