"""Transactions of a store get a session, and are tried again until their deadline."""

import pytest

from cluster.errors import AskTimeout, NotLeader, Overloaded, SessionExpired
from cluster.messages.store import TxnRecord
from tests.simulation.loop import simulated
from tests.unit.actors.store.lone_leader import DONE, RECORD, LoneLeader


@simulated
async def test_each_transaction_has_a_number_of_its_own_in_one_session() -> None:
    leader = LoneLeader()
    foreign = TxnRecord((), (), client="c", sequence=9)
    assert await leader.txns(foreign) == [DONE]
    assert await leader.txns(RECORD, foreign, RECORD) == [DONE] * 3
    assert await leader.txns(RECORD) == [DONE]
    kept = ("c", 9, 0, False)
    _, one, second, two, three = leader.sessions()
    client = one[0]
    assert client.startswith("r1/") and second == kept
    assert (one, two) == ((client, 1, 1, False), (client, 2, 1, False))
    assert three == (client, 3, 3, True)


@simulated
async def test_a_session_that_is_gone_is_replaced_and_told() -> None:
    leader = LoneLeader()
    leader.fails = [SessionExpired("gone")]
    (outcome,) = await leader.txns(RECORD)
    assert isinstance(outcome, SessionExpired)
    await leader.txns(RECORD)
    old, new = leader.sessions()
    assert old[0] != new[0] and new[1:] == (1, 1, False)


@simulated
async def test_a_write_is_tried_again_until_its_deadline() -> None:
    leader = LoneLeader()
    leader.fails = [NotLeader("no"), Overloaded("full"), NotLeader("no")]
    assert await leader.txns(RECORD) == [DONE]
    leader.fails = [Overloaded("full")]
    with pytest.raises(Overloaded):
        await leader.txns(RECORD)
    leader.fails = [NotLeader("no")] * 100
    with pytest.raises(AskTimeout, match="outcome unknown"):
        await leader.txns(RECORD)
