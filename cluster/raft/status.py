"""What an operator is shown of the members.

Job: PeerStatus records out of MemberState. Must not know: who asks.
"""

from cluster.raft.member_state import MemberState
from cluster.raft.memberships import kind_of, names_of
from cluster.raft.ready import PeerStatus


def of_peers(state: MemberState) -> tuple[PeerStatus, ...]:
    """Every member, this one too; what is known of their logs, if this one leads."""
    return tuple(_of(state, name) for name in names_of(state.membership))


def _of(state: MemberState, name: str) -> PeerStatus:
    kind = kind_of(state.membership, name)
    if state.role != "leader":
        return PeerStatus(name, 0, "", 0.0, kind)
    if name == state.config.member:
        return PeerStatus(name, state.log.persisted, "", state.now, kind)
    progress = state.progress[name]
    return PeerStatus(name, progress.match, progress.state, progress.contact, kind)
