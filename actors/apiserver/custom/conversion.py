"""Custom resources in the version that is asked for, and in the one that is stored.

Job: between the store and everybody above it, every object of a custom kind is made what its
version shows: with the defaults of today's schema of the version it is stored in, pruned, the
version's apiVersion, the fields it can be selected by. Strategy None changes the apiVersion only;
Webhook asks a ``Converter``. Built-in kinds never come here.
Source: "Versions in CustomResourceDefinitions".
Must not know: HTTP, what objects mean.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from actors.apiserver.portions import in_portions
from cluster.api import status
from cluster.api.custom.form import CustomForm
from cluster.api.custom.walks import whole_numbers
from cluster.api.encoding import decode, encode_for_store, stamped, unstamped
from cluster.api.index import make_index
from cluster.api.kinds import Kind
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent

Items = list[KeyValue]
# Objects of one version that are remembered to need no second look.
CLEAN_MAX = 100_000
# Objects looked at before other tasks get the loop: 10 to 20 ms of small ones.
PORTION = 500


class Converter(Protocol):
    """Asks a conversion webhook."""

    async def convert(self, form: CustomForm, version: str, objects: list[Object]) -> list[Object]:
        """The objects in ``version``, in the same order. Raises StatusError 500 if the webhook
        cannot be asked or says no."""


class Conversion:
    """``converter``: None where no webhook can be asked."""

    def __init__(self, converter: Converter | None = None) -> None:
        self._converter = converter
        self._clean: dict[tuple[str, str, str], tuple[CustomForm, dict[str, int]]] = {}

    async def shown(self, kind: Kind, items: Sequence[KeyValue]) -> Items:
        """Stored versions as ``kind`` shows them; of a long list a portion at a time."""
        found: Items = []
        async for portion in in_portions(items, PORTION):
            found += await self._portion(kind, portion)
        return found

    async def _portion(self, kind: Kind, items: Sequence[KeyValue]) -> Items:
        form = kind.custom
        assert form is not None
        clean = self._clean_of(kind, form)
        found = list(items)
        decoded: dict[int, Object] = {}
        foreign: dict[int, Object] = {}
        renewed: dict[int, bool] = {}
        for position, item in enumerate(items):
            if item.value and clean.get(item.key) != item.mod_revision:
                obj = decode(item.value)
                renewed[position] = form.renew(obj)
                same = obj.get("apiVersion") == kind.api_version
                (decoded if same else foreign)[position] = obj
        if foreign:
            converted = await self.to_version(form, form.name, list(foreign.values()))
            decoded.update(zip(foreign, converted, strict=True))
        for position, obj in decoded.items():
            item = found[position]
            changed = renewed[position]
            if position in foreign:
                form.take_over(obj)
            index = make_index(kind, obj)
            if changed or position in foreign or index != item.index:
                found[position] = _with(item, obj, index)
            elif item.mod_revision:
                # Bytes that say all there is to say stay the very same bytes.
                clean[item.key] = item.mod_revision
        return found

    def _clean_of(self, kind: Kind, form: CustomForm) -> dict[str, int]:
        """Key → revision of objects known to be as this form shows them."""
        key = (kind.group, kind.plural, kind.version)
        known = self._clean.get(key)
        if known is None or known[0] is not form or len(known[1]) > CLEAN_MAX:
            known = self._clean[key] = (form, {})
        return known[1]

    async def shown_events(self, kind: Kind, events: Sequence[StoreEvent]) -> list[StoreEvent]:
        """The same for what a watch of the store tells."""
        items = [event.item for event in events]
        before = [event.previous for event in events if event.previous is not None]
        shown = await self.shown(kind, [*items, *before])
        previous = iter(shown[len(items) :])
        return [
            msgspec.structs.replace(
                event, item=item, previous=next(previous) if event.previous is not None else None
            )
            for event, item in zip(events, shown, strict=False)
        ]

    async def stored(self, kind: Kind, obj: Object) -> Object:
        """An object of ``kind`` as it is stored, and in the version that is."""
        form = kind.custom
        assert form is not None
        if form.name != form.storage:
            [obj] = await self.to_version(form, form.storage, [obj])
        whole_numbers(obj)
        return obj

    async def to_version(
        self, form: CustomForm, version: str, objects: list[Object]
    ) -> list[Object]:
        """Whatever version the objects have, in that one."""
        wanted = f"{form.group}/{version}"
        if form.conversion.get("strategy") != "Webhook":
            return [{**obj, "apiVersion": wanted} for obj in objects]
        foreign = [obj for obj in objects if obj.get("apiVersion") != wanted]
        if self._converter is None and foreign:
            raise status.internal_error("no conversion webhook can be asked")
        converted: list[Object] = []
        if foreign:
            assert self._converter is not None
            converted = await self._converter.convert(form, version, foreign)
        answers = iter(converted)
        return [obj if obj.get("apiVersion") == wanted else next(answers) for obj in objects]


def _with(item: KeyValue, obj: Object, index: bytes) -> KeyValue:
    revision = int((obj.get("metadata") or {}).get("resourceVersion") or item.mod_revision)
    data, stamp = encode_for_store(obj)
    value = stamped(data, stamp, revision) if revision else unstamped(data, stamp)
    return msgspec.structs.replace(item, value=value, index=index)
