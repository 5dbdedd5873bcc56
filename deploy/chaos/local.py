"""Breaks and mends a real cluster on this machine, whatever state it is in: ``Hands``.

Job: the order of the steps: the ledger first, then the deed, then what is known of it. Must not
know: how anything is broken (``means``), how orders are typed.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec

from cluster.chaos import plan
from cluster.chaos.orders import Active, Healed, Order, View
from cluster.settings import ClusterSettings
from deploy import processes, state
from deploy.chaos import history, journal, looking, words
from deploy.chaos.containers import Containers
from deploy.chaos.evidence import Evidence
from deploy.chaos.hands import Hindered
from deploy.chaos.inner import Inner
from deploy.chaos.ledger import Entry, Ledger, Page
from deploy.chaos.means import Means, Power
from deploy.engine import EngineError

Words = ParamSpec("Words")
Found = TypeVar("Found")

# A process ends a fault by itself so much later than it was to end, if nobody else has.
LATE_SECONDS = 10.0


def means_of(settings: ClusterSettings, order: Order) -> Means:
    """By what an order is carried out."""
    if order.verb in plan.OUTER:
        return Power()
    simulated = settings.runtime != "docker" and order.verb == "engine-restart"
    return Containers() if order.verb in plan.CONTAINERS and not simulated else Inner()


class Chaos:
    """Of the cluster in ``data_dir``; ``user``: who asks. Blocks; see ``LocalHands``."""

    def __init__(self, data_dir: str, user: str = "") -> None:
        self._data_dir = data_dir
        self._user = user
        self.ledger = Ledger(data_dir)

    def view(self) -> View:
        """See ``Hands``."""
        return looking.view(self._settings())

    def active(self) -> list[Active]:
        """See ``Hands``."""
        return [entry.active for entry in self.ledger.entries()]

    def inject(
        self, order: Order, seed: int = 0, begun: Callable[[Active], None] = lambda active: None
    ) -> Active:
        """See ``Hands``. ``begun``: called once it is in the ledger, before anything is broken."""
        settings = self._settings()
        sides = plan.who(order, looking.view(settings), seed)
        means = means_of(settings, order)
        means.refuse(settings, order, sides)
        with self.ledger.changing() as page:
            entry = self._entry(page, order, sides)
            page.put(entry)
        begun(entry.active)
        try:
            begins = history.line(entry.name, words.about(order), victims(entry.active))
            journal.write(self._data_dir, self._user, begins)
            found = means.strike(settings, entry, seed)
        except Exception as error:
            self._keep(entry, "standing", Evidence(doubt=f"cut short: {error}"))
            self.heal(entry.active)
            raise
        broken = self._keep(entry, "standing", found).active
        self._note(f"{broken.name}: {broken.order.verb} of {', '.join(broken.names)}", found)
        return broken

    def heal(self, active: Active) -> Healed:
        """See ``Hands``. What is healed already stays so. Raises NoCluster if that is gone."""
        self._settings()
        with self.ledger.changing() as page:
            entry = page.entry(active.name)
            if entry is None:
                return Healed(active, time.time(), "it was healed before")
            check_free(entry)
            entry = msgspec.structs.replace(entry, phase="healing", **keeper())
            page.put(entry)
            others = [other for other in page.entries if other.name != entry.name]
        try:
            settings = self._settings()
            found = means_of(settings, entry.active.order).mend(settings, entry, others)
        except BaseException as error:
            self._keep(entry, "standing", Evidence(doubt=f"not healed: {error or 'cut short'}"))
            raise
        self._note(f"{entry.name}: healed", found)
        if found.left:
            self._keep(entry, "standing", Evidence(doubt=f"not healed: {found.doubt}"))
        else:
            with self.ledger.changing() as page:
                page.drop(entry.name)
        return Healed(entry.active, time.time(), found.proof, found.doubt)

    def _settings(self) -> ClusterSettings:
        return state.load(self._data_dir)

    def _note(self, text: str, found: Evidence) -> None:
        doubt = f"; IN DOUBT: {found.doubt}" if found.doubt else ""
        journal.write(self._data_dir, self._user, f"{text} ({found.proof}{doubt})")

    def _entry(self, page: Page, order: Order, sides: plan.Sides) -> Entry:
        name, now = f"{order.verb}-{page.number}", time.time()
        page.number += 1
        until = now + order.seconds if order.seconds else 0.0
        names, others = sides
        active = Active(name, order, names, others, now, until, user=self._user)
        inner = plan.faults(order, name, sides, until and until + LATE_SECONDS)
        return Entry(active, "beginning", **keeper(), inner=inner)

    def _keep(self, entry: Entry, phase: str, found: Evidence) -> Entry:
        """Write what is known of it now."""
        with self.ledger.changing() as page:
            known = msgspec.structs.replace(
                entry.active,
                proof=found.proof,
                doubt=found.doubt,
                details=found.details or entry.active.details,
            )
            kept = msgspec.structs.replace(entry, active=known, phase=phase)
            page.put(kept)
        return kept


def victims(active: Active) -> tuple[str, ...]:
    """Those that suffer: of one and all others the one, for the others have each other."""
    rest = not active.order.other and active.order.way != "bridge"
    return active.names if rest else (*active.names, *active.others)


def keeper() -> dict[str, int]:
    """This process, as the one that works on an entry."""
    return {"keeper": os.getpid(), "started": processes.started_at(os.getpid()) or 0}


def check_free(entry: Entry) -> None:
    """Raises ValueError if another process works on this one just now."""
    if entry.phase != "standing" and entry.kept() and entry.keeper != os.getpid():
        doing = "putting it in" if entry.phase == "beginning" else "healing it"
        raise ValueError(f"{entry.name}: process {entry.keeper} is {doing}")


class LocalHands:
    """``Hands`` of the cluster in ``data_dir``: as ``Chaos``, in threads."""

    def __init__(self, data_dir: str, user: str = "") -> None:
        self._chaos = Chaos(data_dir, user)

    async def view(self) -> View:
        """See ``Hands``."""
        return await asyncio.to_thread(self._chaos.view)

    async def inject(self, order: Order, seed: int = 0) -> Active:
        """See ``Hands``."""
        return await in_thread(self._chaos.inject, order, seed)

    async def heal(self, active: Active) -> Healed:
        """See ``Hands``."""
        return await in_thread(self._chaos.heal, active)

    async def active(self) -> list[Active]:
        """See ``Hands``."""
        return await asyncio.to_thread(self._chaos.active)


async def in_thread(
    work: Callable[Words, Found], *args: Words.args, **named: Words.kwargs
) -> Found:
    """In a thread. Raises Hindered for an engine that does not answer."""
    try:
        return await asyncio.to_thread(work, *args, **named)
    except (OSError, EngineError) as error:
        raise Hindered(str(error)) from error
