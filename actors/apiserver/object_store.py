"""Objects in the store: get, list, create, and read-decide-write loops with compare-and-swap.

Job: keys, revisions, paging and optimistic concurrency. Must not know: admission, strategies,
what a kind means. Source: docs "Kubernetes API concepts", Resource versions and Retrieving large
result sets in chunks.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from actors.apiserver import codec, portions
from actors.apiserver.continue_token import NEWEST, ContinueTokens
from actors.apiserver.custom.conversion import Conversion
from actors.apiserver.list_options import ListOptions
from actors.apiserver.local_cache import LocalCache
from actors.apiserver.selection import Selection
from actors.apiserver.shared_watch import SharedWatches
from actors.apiserver.store_client import StoreClient, prefix_end
from cluster import limits
from cluster.api import status
from cluster.api.encoding import stamped, unstamped
from cluster.api.kinds import Kind, storage_key
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.store import Compare, Delete, KeyValue, Put, Range, Txn

# A write that keeps losing the race against others gives up with a conflict.
ATTEMPTS_MAX = 12
# Items read from the store at once while a selector picks among them.
SELECT_CHUNK = 1000
# Objects that are held against selectors in one go: a few milliseconds.
SELECT_PORTION = 512


@dataclass(frozen=True)
class Page:
    """One page of a list. ``remaining`` is None when unknown or zero."""

    items: tuple[KeyValue, ...]
    revision: int
    token: str = ""
    remaining: int | None = None


@dataclass(frozen=True)
class Write:
    """Decision: store ``obj``, together with ``operations`` if ``guards`` hold."""

    obj: Object
    operations: tuple[Put | Delete, ...] = ()
    guards: tuple[Compare, ...] = ()


@dataclass(frozen=True)
class Remove:
    """Decision: delete the object, together with ``operations`` if ``guards`` hold.

    ``last``: what the writer made of it that let it go (None: a plain delete).
    """

    operations: tuple[Put | Delete, ...] = ()
    last: Object | None = None
    guards: tuple[Compare, ...] = ()


@dataclass(frozen=True)
class Keep:
    """Decision: nothing changes."""


# Inside the class "list" is the verb.
Kept: TypeAlias = list[KeyValue]
Items: TypeAlias = tuple[KeyValue, ...]
Step = Write | Remove | Keep
# (the live version or None, whether it is known to be the newest) to a decision.
Decide = Callable[[KeyValue | None, bool], Awaitable[Step]]


@dataclass(frozen=True)
class Outcome:
    """``item``: the object as it now is, or as it was when ``removed``."""

    item: KeyValue
    removed: bool = False
    created: bool = False


@dataclass(frozen=True)
class WriteContext:
    """``fence``: see ``messages.store.Txn``. ``dry_run``: decide and validate, store nothing."""

    fence: int = 0
    dry_run: bool = False


@dataclass
class ObjectStore:
    """All methods raise StatusError only. ``watches``: None where nothing is watched."""

    store: StoreClient
    tokens: ContinueTokens
    plain: WriteContext = field(default_factory=WriteContext)
    cache: LocalCache = field(default_factory=LocalCache)
    conversion: Conversion = field(default_factory=Conversion)
    watches: SharedWatches | None = None

    async def get(self, kind: Kind, namespace: str, name: str, revision: int | None) -> KeyValue:
        """``revision``: None linearizable, 0 whatever is here, N at least that. Raises 404."""
        found = await self.store.get(
            storage_key(kind, namespace, name),
            linearizable=revision is None,
            at_least=revision or 0,
        )
        if found is None:
            raise status.not_found(kind, name)
        return await self._shown(kind, found)

    async def find(self, kind: Kind, namespace: str, name: str, fresh: bool) -> KeyValue | None:
        """One object or None; from this replica's state unless ``fresh``."""
        key = storage_key(kind, namespace, name)
        table = None if fresh else self.cache.table(kind)
        if table is not None:
            return table.get(key)
        return await self._read(kind, key, fresh)

    async def _read(self, kind: Kind, key: str, fresh: bool) -> KeyValue | None:
        found = await self.store.get(key, linearizable=fresh)
        return None if found is None else await self._shown(kind, found)

    async def _shown(self, kind: Kind, item: KeyValue) -> KeyValue:
        """As ``kind`` shows it: custom resources may be stored in another version."""
        if kind.custom is None:
            return item
        [shown] = await self.conversion.shown(kind, [item])
        return shown

    async def all(self, selection: Selection, fresh: bool = False) -> Items:
        """Everything chosen, from this replica's own state, for rules that tolerate a lag; or as
        it is now if ``fresh``."""
        table = None if fresh else self.cache.table(selection.kind)
        if table is not None:
            found = table.between(selection.start, selection.end)
            return tuple([item for item in found if selection.matches(item.index)])
        page = await self._page(
            selection, Range(key="", linearizable=fresh), selection.start, selection.end, 0
        )
        return page.items

    async def list(self, selection: Selection, options: ListOptions) -> Page:
        """A page at one revision. Raises 410 Expired with a token to go on inconsistently."""
        start, end, request = selection.start, selection.end, options.range_request()
        since = None
        if options.token:
            position = self.tokens.open(options.token, selection.start)
            start = position.start
            if self.tokens.is_expired(position):
                raise self._expired_page(start)
            since = position.since if position.revision > 0 else None
            request = Range(key="", revision=max(position.revision, 0))
        try:
            return await self._page(selection, request, start, end, options.limit, since)
        except StatusError as error:
            if error.code == 410 and options.token:
                raise self._expired_page(start) from error
            raise

    async def _page(
        self,
        selection: Selection,
        base: Range,
        start: str,
        end: str,
        limit: int,
        since: int | None = None,
    ) -> Page:
        kept: Kept = []
        revision = base.revision
        while True:
            chunk = limit - len(kept) if limit else 0
            if limit and selection.selective:
                chunk = max(chunk, SELECT_CHUNK)
            found = await self.store.range(
                Range(
                    key=start,
                    end=end,
                    limit=chunk,
                    revision=revision,
                    linearizable=base.linearizable and not revision,
                    at_least=max(base.at_least, revision),
                )
            )
            revision = revision or found.revision
            items: Sequence[KeyValue] = found.items
            if selection.kind.custom is not None:
                items = await self.conversion.shown(selection.kind, items)
            if not selection.selective:
                kept.extend(items)
                items = ()
            for position, item in enumerate(items):
                if position % SELECT_PORTION == SELECT_PORTION - 1:
                    await portions.others()
                if limit and len(kept) == limit:
                    rest = found.count - position
                    token = self.tokens.seal(revision, item.key, since)
                    return _unfinished(selection, kept, revision, token, rest)
                if selection.matches(item.index):
                    kept.append(item)
            if not found.more:
                return Page(tuple(kept), revision)
            start = found.items[-1].key + "\x00"
            if limit and len(kept) == limit:
                rest = found.count - len(found.items)
                token = self.tokens.seal(revision, start, since)
                return _unfinished(selection, kept, revision, token, rest)

    def _expired_page(self, start: str) -> StatusError:
        error = status.expired(
            "The provided continue parameter is too old to display a consistent list result. "
            "You can start a new list without the continue parameter, or use the continue token "
            "in this response to retrieve the remainder of the results. Continuing with the "
            "provided token results in an inconsistent list - objects that were created, modified, "
            "or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        )
        error.status["metadata"] = {"continue": self.tokens.seal(NEWEST, start)}
        return error

    async def create(
        self, kind: Kind, namespace: str, name: str, decide: Decide, context: WriteContext
    ) -> Outcome:
        """Store what ``decide(None)`` says, if the name is free. Raises 409 AlreadyExists."""
        key = storage_key(kind, namespace, name)
        fresh = context.dry_run
        present = await self.store.get(key) if fresh else None
        if present is not None:
            raise _taken(kind, name, present)
        for _ in range(ATTEMPTS_MAX):
            step = await decide(None, fresh)
            assert isinstance(step, Write)
            written, present = await self._write(kind, key, None, step, context)
            if written is not None:
                return Outcome(written, created=True)
            if present is not None:
                raise _taken(kind, name, present)
            fresh = True  # a guard failed: what it watched has changed, decide again
        raise status.conflict(kind, name)

    async def change(
        self, kind: Kind, namespace: str, name: str, decide: Decide, context: WriteContext
    ) -> Outcome:
        """Read, decide, write, until no one else wrote in between.

        The first read is this replica's own state: usually the newest, and if not the compare
        fails, or the refusal is looked at again with a linearizable read.
        """
        key = storage_key(kind, namespace, name)
        fresh = context.dry_run
        current = await self._read(kind, key, fresh)
        for _ in range(ATTEMPTS_MAX):
            try:
                step = await decide(current, fresh)
                refusal = None
            except StatusError as error:
                step, refusal = Keep(), error
            if isinstance(step, Keep):
                if not fresh:
                    latest = await self._read(kind, key, True)
                    fresh = True
                    doubtful = refusal is not None and not refusal.final
                    if doubtful or not _same(latest, current):
                        current = latest
                        continue
                if refusal is not None:
                    raise refusal
                assert current is not None
                return Outcome(current)
            if isinstance(step, Remove):
                assert current is not None
                done, present = await self._remove(kind, key, current, step, context)
                if done:
                    gone = present or current
                    if step.last is not None:
                        gone = _shown_as(kind, gone, step.last)
                    return Outcome(gone, removed=True)
            else:
                written, present = await self._write(kind, key, current, step, context)
                if written is not None:
                    return Outcome(written, created=current is None)
            current, fresh = present, True
        raise status.conflict(kind, name)

    async def _write(
        self, kind: Kind, key: str, current: KeyValue | None, step: Write, context: WriteContext
    ) -> tuple[KeyValue | None, KeyValue | None]:
        """(what was written, None), or (None, what is there instead)."""
        obj = step.obj
        if kind.custom is not None:
            obj = await self.conversion.stored(kind, obj)
        data, stamp, index = codec.dump(kind, obj)
        if len(data) > limits.OBJECT_BYTES_MAX:
            raise status.too_large(
                f"the object is too large: {len(data)} bytes, limit is {limits.OBJECT_BYTES_MAX}"
            )
        mod_revision = current.mod_revision if current else 0
        if context.dry_run:
            value = stamped(data, stamp, mod_revision) if current else unstamped(data, stamp)
            item = KeyValue(key, value, 0, mod_revision, 0, index)
            return await self._shown(kind, item), None
        result = await self.store.txn(
            Txn(
                compare=(Compare(key, "mod", mod_revision), *step.guards),
                success=(Put(key, data, stamp, index), *step.operations),
                fence=context.fence,
            )
        )
        there = result.items[0]
        if there is not None:
            there = await self._shown(kind, there)
        return (there, None) if result.succeeded else (None, there)

    async def _remove(
        self, kind: Kind, key: str, current: KeyValue, step: Remove, context: WriteContext
    ) -> tuple[bool, KeyValue | None]:
        """(True, the removed version), or (False, what is there instead)."""
        if context.dry_run:
            return True, current
        result = await self.store.txn(
            Txn(
                compare=(Compare(key, "mod", current.mod_revision), *step.guards),
                success=(Delete(key), *step.operations),
                fence=context.fence,
            )
        )
        present = result.items[0]
        return result.succeeded, None if present is None else await self._shown(kind, present)


def _taken(kind: Kind, name: str, present: KeyValue) -> StatusError:
    going = bool(codec.load(kind, present.value)["metadata"].get("deletionTimestamp"))
    return status.already_exists(kind, name, going)


def _shown_as(kind: Kind, item: KeyValue, obj: Object) -> KeyValue:
    data, stamp, index = codec.dump(kind, obj)
    value = stamped(data, stamp, item.mod_revision)
    return msgspec.structs.replace(item, value=value, index=index)


def _same(one: KeyValue | None, other: KeyValue | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.mod_revision == other.mod_revision


def whole(prefix: str) -> tuple[str, str]:
    """The key range of everything below ``prefix``."""
    return prefix, prefix_end(prefix)


def _unfinished(selection: Selection, kept: Kept, revision: int, token: str, rest: int) -> Page:
    # With a selector the number of what remains is not known without reading it all.
    remaining = None if selection.selective else rest
    return Page(tuple(kept), revision, token, remaining)
