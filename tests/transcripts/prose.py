"""Raft messages and Readys as sentences.

Job: words. Must not know: scripts, clusters.
"""

from collections.abc import Iterator

from cluster.raft.messages import (
    MEMBERSHIP,
    AppendRequest,
    AppendResponse,
    Entry,
    Membership,
    RaftRpc,
    SnapshotRequest,
    SnapshotResponse,
    TimeoutNow,
    VoteRequest,
    VoteResponse,
    membership_of,
)
from cluster.raft.ready import Ready


def sentence(m: RaftRpc) -> str:
    """What is said, by whom and to whom."""
    match m:
        case VoteRequest():
            asked = "would you vote for me" if m.pre else "vote for me"
            ends = f"my log ends with {m.last_index} of term {m.last_term}"
            wish = "; the leader wants it" if m.transfer else ""
            said = f"{asked} in term {m.term}? ({ends}{wish})"
        case VoteResponse():
            what = " (pre-vote)" if m.pre else ""
            said = f"{'yes' if m.granted else 'no'}, term {m.term}{what}"
        case AppendRequest():
            empty = "news" if m.quiet else "heartbeat"
            what = _entries(m.entries) if m.entries else empty
            read = f", read round {m.read}" if m.read else ""
            after = f"after {m.prev_index} of term {m.prev_term}"
            said = f"term {m.term}: {what} {after}; {m.commit} is committed{read}"
        case AppendResponse():
            read = f", read round {m.read}" if m.read else ""
            if m.accepted:
                said = f"term {m.term}: I hold all up to {m.index}{read}"
            else:
                hint = f"mine below that ends with {m.hint_index} of term {m.hint_term}"
                said = f"term {m.term}: {m.index} does not match, {hint}{read}"
        case SnapshotRequest():
            end = ", the last" if m.done else ""
            what = f"snapshot of {m.meta.index}"
            said = f"term {m.term}: {what}, {len(m.data)} bytes from {m.offset}{end}"
        case SnapshotResponse():
            said = f"term {m.term}: of snapshot {m.last_index} I want byte {m.offset} next"
        case TimeoutNow():
            said = f"term {m.term}: campaign at once"
    return f"{m.sender} to {m.to}: {said}"


def _entries(entries: tuple[Entry, ...]) -> str:
    return ", ".join(_entry(entry) for entry in entries)


def _entry(entry: Entry) -> str:
    if entry.kind == MEMBERSHIP:
        return f"{entry.index}={{{members(membership_of(entry))}}}"
    return f"{entry.index}={entry.data.decode() or 'no-op'}"


def members(membership: Membership) -> str:
    """As "a b c, before a b, learning d"."""
    text = " ".join(membership.voters) or "nobody known"
    if membership.outgoing:
        text += f", with {' '.join(membership.outgoing)} of before"
    if membership.learners:
        text += f", learning {' '.join(membership.learners)}"
    return text


def changes(name: str, ready: Ready, brief: bool) -> Iterator[str]:
    """What a Ready says of the member itself, in the order of its doing. ``brief``: without what it
    writes down."""
    if not brief:
        yield from _written(name, ready)
    if ready.snapshot is not None:
        yield f"{name} installs the snapshot of {ready.snapshot.index}"
    if ready.membership is not None:
        yield f"{name} goes by the members {members(ready.membership)}"
    if ready.standing is not None:
        standing = ready.standing
        whom = f" of {standing.leader}" if standing.leader not in ("", name) else ""
        yield f"{name} is {standing.role}{whom} in term {standing.term}"
    if ready.committed:
        yield f"{name} applies {_entries(ready.committed)}"
    for read in ready.reads:
        found = "must be asked anew" if read.index is None else f"may be served at {read.index}"
        yield f"{name}: read {read.context} {found}"


def _written(name: str, ready: Ready) -> Iterator[str]:
    if ready.hard_state is not None:
        state = ready.hard_state
        vote = f", vote for {state.vote}" if state.vote else ""
        tenure = f", tenure {state.tenure}" if state.tenure else ""
        yield f"{name} writes down: term {state.term}{vote}{tenure}"
    for chunk in ready.chunks:
        yield f"{name} spools bytes {chunk.offset} to {chunk.offset + len(chunk.data)}"
    if ready.entries:
        yield f"{name} writes down: {_entries(ready.entries)} (term {ready.entries[-1].term})"
