"""Carrying a plan out: actions in order, creates in growing batches, deletes side by side.

Job: turn actions into calls, stop at the first that fails, remember what was written so that the
next plan waits for it. Must not know: controllers, keys' meaning, when a plan is made.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import orjson

from actors.client.api_client import ApiClient
from actors.client.cache import Cache
from actors.client.event_recorder import EventRecorder
from actors.controllers import reasons
from actors.controllers.expectations import Expectations
from actors.controllers.plan import (
    Action,
    Announce,
    Announcement,
    Create,
    Delete,
    DeleteCollection,
    Key,
    Patch,
    RequeueAfter,
    RequireAbsent,
    RequireEmpty,
    RequireLiving,
    RequireNone,
    Update,
)
from cluster.api.resources import Resource
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError

# Creates start with a batch of one, doubling: if the API refuses them all (a quota, a bad
# template) it is asked a few times and not hundreds (Kubernetes: "slow start").
SLOW_START_FIRST = 1
PARALLEL_MAX = 64


class Unmet(Exception):
    """A requirement of the plan does not hold: internal to carrying out one plan."""


@dataclass(frozen=True)
class Outcome:
    """``failed``: the first action that failed, with its error. ``unmet``: a requirement did not
    hold. ``requeue``: seconds after which the plan wants to be made again; ``caused``: then too for
    what it was made for now."""

    failed: tuple[Action, SteersmanError] | None = None
    unmet: bool = False
    requeue: float | None = None
    caused: bool = False


class Executor:
    """Carries out the plans of one controller. ``note``: as ``Context.note``."""

    def __init__(
        self,
        client: ApiClient,
        recorder: EventRecorder,
        expectations: Expectations,
        caches: Mapping[Resource, Cache],
        note: Callable[..., None] = lambda *_, **__: None,
    ) -> None:
        self._client = client
        self._recorder = recorder
        self._expectations = expectations
        self._caches = caches
        self._note = note

    async def execute(self, key: Key, actions: Sequence[Action]) -> Outcome:
        """Carry the actions out in order. API errors are in the outcome, not raised."""
        again = [item for item in actions if isinstance(item, RequeueAfter)]
        requeue = min((max(0.0, item.seconds) for item in again), default=None)
        caused = any(item.caused for item in again)
        for kind, group in groupby(actions, type):
            size = {Create: SLOW_START_FIRST, Delete: PARALLEL_MAX}.get(kind, 0)
            try:
                failed = await self._in_batches(key, list(group), size)
            except Unmet:
                return Outcome(unmet=True, requeue=requeue, caused=caused)
            if failed is not None:
                return Outcome(failed=failed, requeue=requeue, caused=caused)
        return Outcome(requeue=requeue, caused=caused)

    async def _in_batches(
        self, key: Key, actions: Sequence[Action], size: int
    ) -> tuple[Action, SteersmanError] | None:
        """``size`` 0: one after the other; else the first batch's size, doubling."""
        position = 0
        while position < len(actions):
            batch = actions[position : position + max(size, 1)]
            results = await asyncio.gather(*(self._try(key, action) for action in batch))
            for action, error in zip(batch, results, strict=True):
                if error is not None:
                    return action, error
            position += len(batch)
            size = min(size * 2, PARALLEL_MAX)
        return None

    async def _try(self, key: Key, action: Action) -> SteersmanError | None:
        try:
            await self._do(key, action)
        except SteersmanError as error:
            return error
        return None

    async def _do(self, key: Key, action: Action) -> None:
        match action:
            case Create():
                await self._create(key, action)
            case Update(resource=resource):
                self._tell_why(key, action, "changing", action.obj["metadata"])
                done = await self._client.update(resource, action.obj, action.subresource)
                self._wrote(key, resource, done)
            case Patch():
                await self._patch(key, action)
            case Delete():
                await self._delete(key, action)
            case DeleteCollection():
                await self._client.delete_collection(action.resource, action.namespace)
            case RequireAbsent():
                await self._require_absent(action)
            case RequireLiving():
                await self._require_living(action)
            case RequireEmpty():
                items, _ = await self._client.list_raw(action.resource, action.namespace, limit=1)
                if items:
                    raise Unmet
            case RequireNone():
                items, _ = await self._client.list_raw(action.resource, action.namespace)
                if any(action.matches(orjson.loads(item)) for item in items):
                    raise Unmet
            case Announce(announcement=said):
                self._say(said, {})
            case RequeueAfter():
                pass

    async def _create(self, key: Key, action: Create) -> None:
        try:
            made = await self._client.create(action.resource, action.obj)
        except StatusError as error:
            if action.may_exist and error.reason == "AlreadyExists":
                return
            if action.complain is not None and error.code not in (404, 409):
                self._say(action.complain, {}, str(error))
            raise
        self._wrote(key, action.resource, made)
        self._tell_why(key, action, "created", made["metadata"])
        if action.announce is not None:
            self._say(action.announce, made)

    async def _patch(self, key: Key, action: Patch) -> None:
        self._tell_why(
            key, action, "changing", {"namespace": action.namespace, "name": action.name}
        )
        try:
            done = await self._client.patch(
                action.resource,
                action.namespace,
                action.name,
                action.patch,
                action.content_type,
                action.subresource,
            )
        except StatusError as error:
            if action.may_miss and error.code == 404:
                return
            raise
        self._wrote(key, action.resource, done)

    async def _delete(self, key: Key, action: Delete) -> None:
        resource, namespace, name, uid = action.resource, action.namespace, action.name, action.uid
        self._tell_why(key, action, "deleting", {"namespace": namespace, "name": name})
        try:
            await self._client.delete(
                resource, namespace, name, uid, action.grace, action.propagation, action.version
            )
        except StatusError as error:
            if error.code == 404 or is_other_uid(error):
                return
            raise
        if resource in self._caches:
            self._expectations.deleted(key, resource, namespace, name, uid, _now())
        if action.announce is not None:
            self._say(action.announce, {"metadata": {"name": name}})

    async def _require_absent(self, action: RequireAbsent) -> None:
        try:
            found = await self._client.get(action.resource, action.namespace, action.name)
        except StatusError as error:
            if error.code == 404:
                return
            raise
        if not action.uid or found["metadata"].get("uid") == action.uid:
            raise Unmet

    async def _require_living(self, action: RequireLiving) -> None:
        try:
            found = await self._client.get(action.resource, action.namespace, action.name)
        except StatusError as error:
            if error.code == 404:
                raise Unmet from error
            raise
        meta = found["metadata"]
        if meta.get("uid") != action.uid or meta.get("deletionTimestamp"):
            raise Unmet

    def _tell_why(
        self, key: Key, action: Create | Update | Patch | Delete, step: str, meta: Object
    ) -> None:
        """A note on the object acted on: what was decided, and for which key."""
        if action.why:
            subject = reasons.path(str(meta.get("namespace") or ""), str(meta.get("name", "")))
            what = reasons.note_name(action.resource, step)
            words = action.why[: reasons.WORDS_MAX]
            self._note(what, subject, why=words, key="/".join(filter(None, key)))

    def _wrote(self, key: Key, resource: Resource, obj: Object) -> None:
        revision = (obj.get("metadata") or {}).get("resourceVersion")
        if resource in self._caches and revision:
            self._expectations.wrote(key, resource, int(revision), _now())

    def _say(self, said: Announcement, obj: Object, error: str = "") -> None:
        name = str((obj.get("metadata") or {}).get("name", ""))
        message = said.message.replace("{name}", name).replace("{error}", error)
        self._recorder.event(said.about, said.type, said.reason, message)


def is_other_uid(error: StatusError) -> bool:
    """True if a delete was refused because the name now is another object's."""
    return error.code == 409 and "uid" in str(error).lower()


def _now() -> float:
    return asyncio.get_running_loop().time()
