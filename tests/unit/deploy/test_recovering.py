"""Recovery from a lost quorum: cut short anywhere, the command run again completes it."""

import msgspec
import pytest

from cluster.settings import StoreSettings
from deploy import recovering
from tests.unit.deploy.test_replicas import FakeHands, cluster, cut_short_anywhere, quiet


def lost() -> FakeHands:
    """Of five replicas two are left; replica-4 holds most."""
    hands = cluster(5)
    hands.running = {"replica-2", "replica-4"}
    hands.logs = {"replica-2": (3, 90), "replica-4": (3, 95), "replica-5": "damaged at offset 7"}
    return hands


def test_recover_cut_short_anywhere_is_completed() -> None:
    def command(hands: FakeHands) -> None:
        if hands.led() is not None and "join" not in [one.initial for one in hands.kept.replicas]:
            hands.tell()
        else:
            assert recovering.recover(hands, quiet()) in hands.voters

    everyone = {f"replica-{number}" for number in range(1, 6)}
    assert cut_short_anywhere(lost, command, everyone) >= 25
    hands = lost()
    assert recovering.recover(hands, quiet()) == "replica-4"
    assert "wipe replica-4" not in hands.acts


def test_replicas_that_may_find_a_leader_are_given_the_time() -> None:
    hands = lost()
    hands.running = {"replica-2", "replica-4", "replica-5"}
    hands.led = lambda: None  # type: ignore[method-assign]  # slow to find one
    with pytest.raises(ValueError, match="name it"):
        recovering.recover(hands, quiet())
    assert hands.running == {"replica-2", "replica-4", "replica-5"}


def test_recover_from_a_named_replica() -> None:
    hands = lost()
    assert recovering.recover(hands, quiet(), "replica-2") == "replica-2"
    assert "wipe replica-2" not in hands.acts


def test_a_named_replica_without_a_log_costs_nobody_theirs() -> None:
    hands = lost()
    before = dict(hands.logs)
    for name, problem in (("replica-5", "damaged at offset 7"), ("replica-1", "has no log")):
        with pytest.raises(ValueError, match=f"{name} cannot go on alone: .*{problem}"):
            recovering.recover(hands, quiet(), name)
    assert hands.logs == before


def test_recover_is_refused_where_nothing_is_lost_or_everything() -> None:
    with pytest.raises(ValueError, match="have a leader: nothing is lost"):
        recovering.recover(cluster(3), quiet())
    hands = lost()
    hands.logs = {}
    with pytest.raises(ValueError, match="snapshot restore"):
        recovering.recover(hands, quiet())


def test_an_external_store_is_recovered_by_its_own_tools() -> None:
    hands = lost()
    store = StoreSettings(engine="etcd", endpoints="http://127.0.0.1:2379")
    hands.kept = msgspec.structs.replace(hands.kept, store=store)
    with pytest.raises(ValueError, match="kept by etcd"):
        recovering.recover(hands, quiet())
    assert hands.running == {"replica-2", "replica-4"}
