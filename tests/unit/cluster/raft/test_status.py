"""What an operator is shown of the members."""

import pytest

from cluster.errors import NotLeader
from tests.unit.cluster.raft.paper import Server


def test_status_is_of_every_member_as_the_leader_knows_it() -> None:
    server = Server(learners=("d",))
    server.elect()
    server.accept(1, "b")
    status = {item.name: item for item in server.member.peers_status()}
    assert [(n, s.kind, s.match, s.state) for n, s in status.items()] == [
        ("a", "voter", 1, ""),
        ("b", "voter", 1, "replicate"),
        ("c", "voter", 0, "probe"),
        ("d", "learner", 0, "probe"),
    ]
    follower = Server()
    assert [(s.name, s.match, s.contact) for s in follower.member.peers_status()] == [
        ("a", 0, 0.0),
        ("b", 0, 0.0),
        ("c", 0, 0.0),
    ]
    with pytest.raises(NotLeader):
        follower.member.change_membership("remove", "c")
