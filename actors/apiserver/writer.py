"""Creates, updates, patches and deletes: the middle of the request chain for writes.

Job: body → defaults → admission → strategy → validation → ownership → store, the same order for
every kind. Must not know: HTTP, who may do what. Each decision is made anew when another writer
came first, so it starts from bytes, never from an object an earlier try has changed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from actors.apiserver import bodies, codec, deletion, patching, service_allocator
from actors.apiserver.admission import chain as admission
from actors.apiserver.admission import resource_quota, webhooks
from actors.apiserver.admission.matching import Asked
from actors.apiserver.admission.plugin import Review
from actors.apiserver.call import Call, DeleteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.identity import check_identity, is_version
from actors.apiserver.object_store import (
    Keep,
    ObjectStore,
    Outcome,
    Remove,
    Step,
    Write,
    WriteContext,
)
from actors.apiserver.patience import unhurried
from actors.apiserver.strategies import pods
from actors.apiserver.strategies import strategy as rules
from actors.apiserver.strategies.table import strategy_of
from cluster.api import status
from cluster.api.bare_objects import bare_object
from cluster.api.custom import typed
from cluster.api.custom.form import CustomForm
from cluster.api.defaults import apply_defaults
from cluster.api.encoding import decode, encode
from cluster.api.names import SUFFIX_LENGTH, random_suffix
from cluster.api.owner_references import drop_duplicates
from cluster.api.ownership import Scope, update_managed_fields
from cluster.api.ownership_managers import only_times_differ
from cluster.api.schema import Definitions
from cluster.api.schema_conform import Blank, put_back
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation.table import validate_create, validate_update
from cluster.api.warnings.pods import app_armor_warnings
from cluster.api.warnings.table import create_warnings, status_warnings, update_warnings
from cluster.errors import StatusError
from cluster.messages.store import Compare, Delete, KeyValue, Put

# For a name made from generateName.
NAME_TRIES = 8
NAME_PREFIX_MAX = 63 - SUFFIX_LENGTH

# From the live object to the next one. May raise StatusError.
Revise = Callable[[Object], Object]
# (the live object, whether it is known to be the newest) to what is deleted. May raise StatusError.
Before = Callable[[Object, bool], Awaitable[Object]]
_PODS = ("", "pods")
_SERVICES = ("", "services")
# Parts of a spec that are written by themselves, under rules of their own.
_JUDGED_PARTS = ("ephemeralcontainers", "resize")
# Written every few seconds by every node: nobody applies them, so nobody's fields are tracked.
_UNTRACKED = (("coordination.k8s.io", "leases"), ("", "events"), ("events.k8s.io", "events"))


@dataclass
class Writer:
    """All methods raise StatusError, or Fenced if the writer's term is over."""

    environment: Environment
    definitions: Definitions

    @property
    def objects(self) -> ObjectStore:
        """The store of objects."""
        return self.environment.objects

    def schema(self, call: Call) -> SchemaNode:
        """The schema of the call's kind."""
        return self.definitions.node_of(call.kind)

    async def create(self, call: Call) -> Outcome:
        """Store the object in the body. Raises 409 AlreadyExists, 422 Invalid, 403 by admission."""
        obj = bodies.decode_body(self.definitions, call)
        return await self.create_object(call, obj)

    async def create_object(self, call: Call, obj: Object, applied: bool = False) -> Outcome:
        """Store a decoded object. ``applied``: its managedFields are already right."""
        bodies.check_place(call, obj)
        metadata = obj["metadata"]
        prefix = metadata.get("generateName") if not metadata.get("name") else ""
        versioned = not applied and is_version(metadata.get("resourceVersion"))
        if not prefix and not metadata.get("name") and strategy_of(call.kind).nameless:
            metadata["name"] = self.environment.entropy.uuid()
        if not prefix and not metadata.get("name"):
            # Never stored: whatever else is wrong with it is told too.
            metadata["name"] = ""
            await self._prepare_create(call, obj, applied, fresh=True)
            raise AssertionError("what has no name is invalid")
        for attempt in range(NAME_TRIES if prefix else 1):
            named = obj
            if prefix:
                metadata["name"] = self._generated_name(prefix)
                named = decode(orjson.dumps(obj))
            try:
                return await self._create_named(call, named, applied, versioned)
            except StatusError as error:
                last = attempt == NAME_TRIES - 1
                if not prefix or error.reason != "AlreadyExists" or last:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _create_named(
        self, call: Call, given: Object, applied: bool, versioned: bool
    ) -> Outcome:
        """Changes ``given``. ``versioned``: it says which version it is of, which is told when
        nothing else is wrong with it."""
        pristine, untried = orjson.dumps(given), [given]

        async def decide(current: KeyValue | None, fresh: bool) -> Step:
            obj = untried.pop() if untried else decode(pristine)
            call.undecided()
            operations, guards = await self._prepare_create(call, obj, applied, fresh)
            if versioned and not call.options.dry_run:
                raise status.bad_request(
                    "resourceVersion should not be set on objects to be created"
                )
            return Write(obj, (*operations, *call.operations), (*guards, *call.guards))

        name: str = given["metadata"]["name"]
        async with self.environment.turns.of(self._turn(call)):
            return await self.objects.create(
                call.kind, call.namespace, name, decide, self._context(call)
            )

    def _turn(self, call: Call) -> str:
        # A webhook may write to the same namespace before it answers, and it may be slow: who waits
        # for one holds no turn.
        if webhooks.concern(self.environment, Asked("CREATE", call.kind)):
            return ""
        return resource_quota.turn(self.environment, call)

    async def _prepare_create(
        self, call: Call, obj: Object, applied: bool, fresh: bool
    ) -> tuple[tuple[Put | Delete, ...], tuple[Compare, ...]]:
        kind, environment = call.kind, self.environment
        apply_defaults(kind, obj)
        if not applied:
            drop_duplicates(obj, call.warnings)
            # Before admission: what the server chooses is nobody's.
            rules.drop_unwanted(obj["metadata"])
            self._own(call, None, obj, Scope())
        review = Review(environment, call, obj, None, fresh)
        await admission.admit(review)
        drop_duplicates(obj, call.warnings, admitted=True)
        if call.resource == _PODS:
            _warn(call, app_armor_warnings(obj))
        rules.prepare_create(
            obj,
            strategy_of(kind),
            has_status="status" in kind.subresources,
            uid=environment.entropy.uuid(),
            now=environment.clock.now(),
            created=environment.timestamp(),
            custom=kind.custom is not None,
        )
        name = obj["metadata"].get("name") or ""
        found = await unhurried(lambda units: validate_create(kind, obj, units))
        found = [*self.definitions.missing(kind.definition, obj), *found]
        if found:
            raise status.invalid(kind, name, found)
        _warn(call, create_warnings(kind, obj))
        await admission.validate(review)
        if call.resource == _SERVICES:
            return await service_allocator.reserve(environment, kind, obj, None, fresh)
        return (), ()

    async def update(self, call: Call, scope: str = "") -> Outcome:
        """Replace the object with the body. Raises 404, 409 Conflict, 422."""
        body = bodies.decode_body(self.definitions, call)
        bodies.check_named(call, body)
        bodies.check_place(call, body)
        return await self.modify(call, lambda live: rules.copy_of(body), scope)

    async def patch(self, call: Call, scope: str = "") -> Outcome:
        """Apply the body's patch to the live object; server-side apply may create it."""
        if patching.patch_type(call.request.content_type, call.kind.custom is not None) == "apply":
            return await self._apply(call, scope)
        patch = patching.patcher(call, self.schema(call))

        def patched(live: Object) -> Object:
            obj = patch.revise(live)
            patching.conform(self.definitions, call, patch, live, obj)
            bodies.check_named(call, obj)
            bodies.check_place(call, obj)
            return obj

        return await self.modify(call, patched, scope)

    async def _apply(self, call: Call, scope: str) -> Outcome:
        config, duplicates = patching.apply_configuration(call)
        blanks: list[Blank] = []
        if call.kind.custom is not None:
            await self._check_custom(call, call.kind.custom, config, scope)
        else:
            node = self.definitions.schema_for(call.kind.definition)
            typed.check(
                node, config, f"{call.kind.group}/{call.kind.version}, Kind={call.kind.kind}"
            )
            bodies.conform(self.definitions, call, config, None, (), blanks)
        # Nulls and empty lists are nothing to a decoder, but belong to who applies them.
        put_back(blanks)
        said = {"metadata": dict(config["metadata"])}  # before the URL fills in its name
        if "name" in said["metadata"]:
            bodies.check_named(call, said)
        bodies.check_place(call, config)
        part = Scope(scope, "status" in call.kind.subresources)
        now = self.environment.clock.now()
        definitions = self.definitions if blanks else None
        merged = patching.strictly(
            call,
            duplicates,
            patching.applier(call, config, self.schema(call), now, part, definitions),
        )
        try:
            return await self.modify(call, merged, scope, applied=True)
        except StatusError as error:
            if error.code != 404 or scope:
                raise
        if call.may_create is not None:
            await call.may_create()
        bodies.check_named(call, said)
        uid = config["metadata"].get("uid")
        if uid:
            why = f"the provided object specified uid {uid}, and no existing object was found"
            raise status.conflict(call.kind, call.request.name, f"uid mismatch: {why}")
        try:
            return await self.create_object(call, merged(None), applied=True)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise
        return await self.modify(call, merged, scope, applied=True)

    async def _check_custom(self, call: Call, form: CustomForm, config: Object, scope: str) -> None:
        """What is applied, by the schema. Raises StatusError 400, and 404 for a subresource of what
        is not there."""
        try:
            form.check_applied(config)
        except StatusError:
            if scope:
                await self.objects.get(call.kind, call.namespace, call.request.name, None)
            raise

    async def modify(
        self, call: Call, revise: Revise, scope: str = "", *, applied: bool = False
    ) -> Outcome:
        """Read, revise, write. ``scope``: the subresource that is written.

        ``applied``: ``revise`` has set managedFields itself.
        """
        kind, name = call.kind, call.request.name
        warned = len(call.warnings)

        async def decide(current: KeyValue | None, fresh: bool) -> Step:
            if current is None:
                raise status.not_found(kind, name)
            del call.warnings[warned:]
            call.undecided()
            old = codec.load(kind, current.value)
            return await self._revised(
                call, old, revise(codec.load(kind, current.value)), scope, applied, fresh
            )

        return await self.objects.change(kind, call.namespace, name, decide, self._context(call))

    async def _revised(
        self, call: Call, old: Object, given: Object, scope: str, applied: bool, fresh: bool
    ) -> Step:
        kind = call.kind
        check_identity(call, old, given, scope)
        if call.request.verb == "update":
            drop_duplicates(given, call.warnings)
        new = self._prepare_update(call, old, given, scope)
        review = Review(self.environment, call, new, old, fresh)
        if await admission.admit(review):
            new = self._prepare_update(call, old, new, scope)
            review = Review(self.environment, call, new, old, fresh)
        drop_duplicates(new, call.warnings, admitted=True)
        found = await self._wrong_with(call, old, new, scope)
        if not scope:
            found = [*self.definitions.missing(kind.definition, new), *found]
        if found:
            raise status.invalid(kind, old["metadata"]["name"], found)
        if not scope or kind.custom is not None:
            _warn(call, update_warnings(kind, old, new))
        elif scope == "status":
            _warn(call, status_warnings(kind, new))
        if not applied:
            self._own(call, old, new, Scope(scope, "status" in kind.subresources))
        new["metadata"]["resourceVersion"] = old["metadata"].get("resourceVersion", "")
        await admission.validate(review)
        if deletion.complete(new):
            return Remove(self._released(call, old), new)
        if new == old or only_times_differ(old, new):
            return Keep()
        if call.resource == _SERVICES and not scope:
            environment = self.environment
            operations, guards = await service_allocator.reserve(environment, kind, new, old, fresh)
            operations = (*operations, *call.operations)
            return Write(new, operations, (*guards, *call.guards))
        return Write(new, tuple(call.operations), tuple(call.guards))

    async def _wrong_with(self, call: Call, old: Object, new: Object, scope: str) -> list[Cause]:
        """Why an update is refused."""
        kind, warned = call.kind, len(call.warnings)

        async def judged(before: Object) -> list[Cause]:
            del call.warnings[warned:]
            return await unhurried(
                lambda units: validate_update(kind, before, new, scope, call.warnings, units)
            )

        found = await judged(old)
        if not found or kind.custom is not None:
            return found
        # An earlier version of this server may have stored what says nothing (``zero_fields``): to
        # leave it out is no change.
        tidy = decode(encode(old))
        try:
            self.definitions.conform(kind, tidy, "Ignore")
        except StatusError:
            return found
        return found if tidy == old else await judged(tidy)

    def _prepare_update(self, call: Call, old: Object, new: Object, scope: str) -> Object:
        kind = call.kind
        strategy = strategy_of(kind)
        part = strategy.parts.get(scope)
        if part is not None:
            return part(new, old, self.environment.clock.now())
        if scope == "status":
            custom = kind.custom is not None
            if kind.custom is not None:
                kind.custom.fill_in(new)
            return rules.prepare_status_update(new, old, strategy, custom=custom)
        if scope == "ephemeralcontainers":
            new = pods.with_ephemeral_containers(new, old)
        if scope == "resize":
            new = pods.with_resized_containers(new, old)
        if not scope or scope in _JUDGED_PARTS:
            apply_defaults(kind, new)
            has_status = "status" in kind.subresources
            rules.prepare_update(new, old, strategy, has_status=has_status)
        return new

    async def delete(
        self, call: Call, options: DeleteOptions, before: Before | None = None
    ) -> Outcome:
        """Delete, or mark for deletion, the object the call names. Raises 404, 409.

        ``before``: looks at the live object first; what it gives is marked, and what it adds to
        the call is written in the same transaction.
        """
        kind, name = call.kind, call.request.name

        async def decide(current: KeyValue | None, fresh: bool) -> Step:
            if current is None:
                raise status.not_found(kind, name)
            live = codec.load(kind, current.value)
            deletion.check_preconditions(kind, live, options.preconditions, strategy_of(kind))
            call.undecided()
            review = Review(self.environment, call, None, live, fresh, options=options)
            await admission.admit(review)
            await admission.validate(review)
            if before is not None:
                live = await before(live, fresh)
            now = self.environment.clock.now()
            warning = deletion.warning(call.resource, live, options)
            if warning and warning not in call.warnings:
                call.warnings.append(warning)
            planned = deletion.plan(live, options, strategy_of(kind), now)
            if planned.removed:
                released = (*self._released(call, live), *call.operations)
                return Remove(released, guards=tuple(call.guards))
            if not planned.changed:
                return Keep()
            return Write(planned.obj, tuple(call.operations), tuple(call.guards))

        context = WriteContext(call.request.fence, call.options.dry_run or options.dry_run)
        return await self.objects.change(kind, call.namespace, name, decide, context)

    def _released(self, call: Call, old: Object) -> tuple[Delete, ...]:
        return service_allocator.release(old) if call.resource == _SERVICES else ()

    def _own(self, call: Call, old: Object | None, new: Object, scope: Scope) -> None:
        if call.resource in _UNTRACKED and not (old or {}).get("metadata", {}).get("managedFields"):
            new["metadata"].pop("managedFields", None)
            return
        manager = call.options.manager or call.caller.component or "unknown"
        now = self.environment.clock.now()
        bare = bare_object(call.kind)
        update_managed_fields(old, new, manager, self.schema(call), now, scope, bare)

    def _context(self, call: Call) -> WriteContext:
        return WriteContext(call.request.fence, call.options.dry_run)

    def _generated_name(self, prefix: str) -> str:
        return prefix[:NAME_PREFIX_MAX] + random_suffix(self.environment.entropy.choice)


def _warn(call: Call, texts: list[str]) -> None:
    """Once, however often the write is tried."""
    call.warnings.extend(text for text in texts if text not in call.warnings)
