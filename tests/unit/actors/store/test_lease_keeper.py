"""The log's time passes while a leader leads; the end of a lease is proposed when it is due."""

import asyncio

from actors.store.lease_keeper import LeaseKeeper
from cluster.errors import NotLeader
from cluster.state.commands import Command, LeaseExpireCommand, LeaseGrantCommand
from cluster.state.mvcc import StateMachine
from tests.simulation.loop import run_simulation


class Replica:
    """A state machine that applies at once what its keeper proposes, unless it refuses."""

    def __init__(self) -> None:
        self.machine = StateMachine()
        self.proposed: list[tuple[float, int]] = []
        self.refuse = 0
        self.keeper = LeaseKeeper(lambda: self.machine, self.propose)

    def propose(self, command: Command) -> None:
        assert isinstance(command, LeaseExpireCommand)
        if self.refuse:
            self.refuse -= 1
            raise NotLeader("handing over")
        self.proposed.append((asyncio.get_running_loop().time(), command.now))
        self.apply(command)

    def apply(self, command: Command) -> None:
        self.machine.apply(self.machine.applied + 1, 1, command)

    def grant(self, number: int, ttl: int) -> None:
        self.apply(LeaseGrantCommand(number, ttl, self.keeper.now()))
        self.keeper.look()


def test_each_lease_is_ended_when_it_is_due_and_nothing_is_proposed_before() -> None:
    async def main() -> None:
        replica = Replica()
        loop = asyncio.get_running_loop()
        replica.keeper.lead(True)
        began = loop.time()
        replica.grant(1, 10)
        await asyncio.sleep(1)
        replica.grant(2, 5)
        await asyncio.sleep(30)
        moments = [round(at - began, 2) for at, _ in replica.proposed]
        assert moments == [6.0, 10.0]
        assert not replica.machine.leases
        replica.keeper.close()

    run_simulation(main)


def test_time_stands_still_without_a_leader_and_goes_on_from_the_log() -> None:
    async def main() -> None:
        replica = Replica()
        assert replica.keeper.now() == 0
        replica.keeper.lead(True)
        await asyncio.sleep(2)
        assert 1990 <= replica.keeper.now() <= 2010
        replica.grant(1, 10)
        replica.keeper.lead(False)
        await asyncio.sleep(60)
        assert replica.keeper.now() == replica.machine.time < 2100
        assert not replica.proposed
        replica.keeper.lead(True)
        await asyncio.sleep(9)
        assert replica.machine.leases.ids() == (1,)
        await asyncio.sleep(2)
        assert not replica.machine.leases
        replica.keeper.close()

    run_simulation(main)


def test_a_refused_expiry_is_proposed_again() -> None:
    async def main() -> None:
        replica = Replica()
        replica.refuse = 3
        replica.keeper.lead(True)
        replica.grant(1, 1)
        await asyncio.sleep(3)
        assert len(replica.proposed) == 1
        replica.keeper.close()

    run_simulation(main)


def test_a_lease_kept_alive_moves_the_timer() -> None:
    async def main() -> None:
        replica = Replica()
        replica.keeper.lead(True)
        replica.grant(1, 3)
        await asyncio.sleep(2)
        replica.machine.leases.keep_alive(1, replica.keeper.now())
        replica.keeper.look()
        await asyncio.sleep(2)
        assert not replica.proposed
        await asyncio.sleep(2)
        assert len(replica.proposed) == 1
        replica.keeper.close()

    run_simulation(main)
