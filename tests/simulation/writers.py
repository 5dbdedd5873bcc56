"""Writers and readers that keep what the cluster said it did, with the times of asking.

Must not know: what is right (the checkers do).
"""

import asyncio
from dataclasses import dataclass, field

from cluster.errors import StatusError, SteersmanError
from tests.simulation.client import Client, config_map, config_maps

PAUSE_SECONDS = 0.1
RETRY_SECONDS = 0.05
COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One write that the cluster said it did. ``begin``: when it was first asked for (an earlier
    try whose answer was lost may be the one that did it); virtual seconds. ``value`` None: deleted;
    ``revision`` 0 then (a delete's answer does not tell it)."""

    name: str
    value: str | None
    revision: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Read:
    """One answered read: value None if there was no such object. ``ordinal``: of its reader."""

    name: str
    value: str | None
    revision: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Increment:
    """One acknowledged compare-and-swap of the counter: it took it to ``value``."""

    value: int
    revision: int


@dataclass
class Load:
    """What all writers and readers of a run kept. ``unknown``: increments without an answer. Once
    ``stopping``, each ends with its next answer: no outcome is left open."""

    client: Client
    acknowledged: list[Acknowledged] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    increments: list[Increment] = field(default_factory=list)
    unknown: int = 0
    stopping: bool = False

    # -- objects that have one writer each

    async def write_on(self, number: int) -> None:
        """Until stopping: create an object, update it twice, delete every other.

        A request whose answer was lost may still be carried out any time later. So updates name
        the revision they follow, and what may be created late is not deleted before.
        """
        step = 0
        while not self.stopping:
            name = f"w{number}-{step // 3}"
            if step % 3 == 0:
                revision, surely = await self.write(name, str(step + 1), number + step)
            else:
                revision, _ = await self.write(name, str(step + 1), number + step, revision)
            if step % 6 == 5 and surely:
                await self.delete(name, number + step)
            step += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def write(self, name: str, value: str, turn: int, revision: str = "") -> tuple[str, bool]:
        """Create a ConfigMap, or update it after ``revision``, until acknowledged. Returns its
        new revision, and whether all tries but the last surely did nothing."""
        begin, surely = _now(), True
        body = config_map(name, value, revision)
        request = config_maps("update", name, body) if revision else config_maps("create", "", body)
        while True:
            try:
                found = await self.client.ask(request, turn)
                break
            except SteersmanError as error:
                if isinstance(error, StatusError) and error.code == 409:
                    # An earlier try of this very write: nobody else writes the object.
                    found = await self.client.insist(config_maps("get", name))
                    assert found["data"]["value"] == value, f"{name}: {value} became {found}"
                    break
                surely = surely and isinstance(error, StatusError) and error.code == 429
                turn += 1
                await asyncio.sleep(RETRY_SECONDS)
        after: str = found["metadata"]["resourceVersion"]
        self.acknowledged.append(Acknowledged(name, value, int(after), begin, _now()))
        return after, surely

    async def delete(self, name: str, turn: int) -> None:
        """Delete a ConfigMap, until acknowledged (404: an earlier try did it)."""
        begin = _now()
        while True:
            try:
                await self.client.ask(config_maps("delete", name), turn)
            except SteersmanError as error:
                if not (isinstance(error, StatusError) and error.code == 404):
                    turn += 1
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
            self.acknowledged.append(Acknowledged(name, None, 0, begin, _now()))
            return

    # -- reads of what others write

    async def read_on(self, number: int) -> None:
        """Until stopping: read the newest objects, at one server after the other."""
        turn = number
        while not self.stopping:
            await asyncio.sleep(PAUSE_SECONDS)
            if not self.acknowledged:
                continue
            turn += 1
            begin, name = _now(), self.acknowledged[-1].name
            try:
                found = await self.client.ask(config_maps("get", name), turn)
            except StatusError as error:
                if error.code == 404:
                    self.reads.append(Read(name, None, 0, begin, _now()))
                continue
            except SteersmanError:
                continue
            revision = int(found["metadata"]["resourceVersion"])
            self.reads.append(Read(name, found["data"]["value"], revision, begin, _now()))

    # -- one object that all want to change

    async def count_on(self, number: int) -> None:
        """Until stopping: take the counter one further, if nobody did since it was read."""
        turn = number
        while not self.stopping:
            await asyncio.sleep(PAUSE_SECONDS * 2)
            turn += 1
            try:
                value, revision = await self._counter(turn)
            except SteersmanError:
                continue
            body = config_map(COUNTER, str(value + 1), revision)
            request = config_maps("update", COUNTER, body)
            try:
                answer = await self.client.ask(request, turn)
            except StatusError as error:
                # A conflict or a missing object is a definite no.
                self.unknown += error.code not in (404, 409, 429)
            except SteersmanError:
                self.unknown += 1
            else:
                after = int(answer["metadata"]["resourceVersion"])
                self.increments.append(Increment(int(answer["data"]["value"]), after))

    async def _counter(self, turn: int) -> tuple[int, str]:
        try:
            found = await self.client.ask(config_maps("get", COUNTER), turn)
        except StatusError as error:
            if error.code == 404:
                await self.client.ask(config_maps("create", body=config_map(COUNTER, "0")), turn)
            raise
        return int(found["data"]["value"]), found["metadata"]["resourceVersion"]


def _now() -> float:
    return asyncio.get_running_loop().time()
