"""The one loop that runs every controller: events to keys, keys to plans, plans to writes.

Job: level-triggered, serial per key, parallel over keys; failures back off per key; a plan is only
made on a view that shows the key's own earlier writes; a fenced write ends all writing.
Must not know: what any controller decides.
"""

import asyncio

from actors.client.api_client import ApiClient
from actors.client.event_recorder import EventRecorder
from actors.client.informer import Callback, Change, Informer, SharedInformers
from actors.client.workqueue import WorkQueue
from actors.controllers.custom_resources import CustomResources
from actors.controllers.execute import Executor, Outcome
from actors.controllers.expectations import PATIENCE_SECONDS, Expectations
from actors.controllers.plan import Action, Controller, Failure, Key, View, Watch
from actors.kit.causes import COALESCED
from actors.kit.context import Context
from actors.kit.tracing import current_trace, resume_trace
from cluster.api.resources import Resource
from cluster.api.types import Object
from cluster.errors import Fenced, StatusError, SteersmanError

# What a plan raises on an object that it does not understand, such as one with a field of a wrong
# type that slipped through: that object must not stop the work on all others.
PLAN_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Reconciler:
    """One running controller: ``run`` it as an owned task."""

    def __init__(
        self,
        ctx: Context,
        client: ApiClient,
        informers: SharedInformers,
        controller: Controller,
    ) -> None:
        self._ctx = ctx
        self._controller = controller
        self._informers: dict[Resource, Informer] = {
            resource: informers.get(resource) for resource in controller.resources
        }
        self._caches = {res: informer.cache for res, informer in self._informers.items()}
        self._bare = View(self._caches)
        make_keys = controller.custom
        self._custom: CustomResources | None = None
        if make_keys is not None:
            self._custom = CustomResources(
                ctx, informers, self._caches, lambda res: self._callback(Watch(res, make_keys(res)))
            )
        self._queue: WorkQueue[Key] = WorkQueue()
        recorder = EventRecorder(client, controller.name)
        expectations = self._expectations = Expectations()
        self._executor = Executor(client, recorder, expectations, self._caches, ctx.note)
        self._failures: dict[Key, Failure] = {}
        # Keys whose own writes have not come back yet, with the trace to go on with.
        self._waiting: dict[Key, str] = {}
        self._started = 0.0
        # True once a write was refused because this replica's term is over.
        self.fenced = False

    async def run(self) -> None:
        """Wait for the informers, then work until cancelled."""
        for informer in self._informers.values():
            await informer.wait_synced()
        if self._custom is not None:
            await self._custom.start()
        self._started = _now()
        workers = [
            self._ctx.task(self._work(), f"{self._controller.name} worker {number}")
            for number in range(1, self._controller.workers)
        ]
        subscriptions = []
        try:
            for watch in self._controller.watches:
                informer = self._informers[watch.resource]
                subscriptions.append(await informer.follow(self._callback(watch)))
            await self._work()
        finally:
            for unsubscribe in subscriptions:
                unsubscribe()
            if self._custom is not None:
                self._custom.stop()
            for worker in workers:
                worker.cancel()
            self._queue.close()

    def _callback(self, watch: Watch) -> Callback:
        def on_change(kind: Change, old: Object | None, new: Object | None, trace: str) -> None:
            try:
                for key in watch.keys(self._timeless(), old, new):
                    self._queue.add(key, trace)
            except PLAN_FAULTS as error:
                self._log_fault("controller.keys_failed", watch.resource, new or old or {}, error)
            if self._waiting:
                self._wake_waiting()

        return on_change

    def _wake_waiting(self) -> None:
        """Keys whose writes have come back may be planned for again."""
        for key in [
            key for key in self._waiting if self._expectations.fulfilled(key, self._caches, _now())
        ]:
            self._queue.add(key, self._waiting.pop(key))

    async def _work(self) -> None:
        while True:
            work = await self._queue.get()
            try:
                with resume_trace(work.trace):
                    if work.links:
                        subject = "/".join(filter(None, work.key))
                        self._ctx.note(COALESCED, subject, links=work.links)
                    await self._reconcile(work.key)
            finally:
                self._queue.done(work.key)

    async def _reconcile(self, key: Key) -> None:
        if self.fenced:
            return
        if not self._expectations.fulfilled(key, self._caches, _now()):
            self._waiting[key] = current_trace()
            self._queue.add_after(key, PATIENCE_SECONDS + 1.0, current_trace())
            return
        actions = self._plan(key)
        if actions:
            self._settle(key, await self._executor.execute(key, actions))
        elif actions is not None:
            self._settle(key, Outcome())

    def _plan(self, key: Key) -> list[Action] | None:
        view = self._view(self._failures.get(key))
        try:
            return self._controller.plan(key, view, self._ctx.world.clock.now())
        except PLAN_FAULTS as error:
            delay = self._queue.retry(key, current_trace())
            self._log_fault("controller.plan_failed", "/".join(key), {}, error, delay=delay)
            return None

    def _settle(self, key: Key, outcome: Outcome) -> None:
        """Decide when to plan for the key again."""
        if outcome.requeue is not None:
            cause = current_trace() if outcome.caused else ""
            self._queue.add_after(key, outcome.requeue, cause)
        if outcome.unmet:
            self._queue.retry(key, current_trace())
            return
        if outcome.failed is None:
            self._failures.pop(key, None)
            self._queue.forget(key)
            return
        action, error = outcome.failed
        if isinstance(error, Fenced):
            if not self.fenced:
                self._ctx.log.info("controller.fenced", controller=self._controller.name)
            self.fenced = True
            return
        if is_too_late(error):
            self._queue.forget(key)
            return
        self._remember(key, action, error)
        delay = self._queue.retry(key, current_trace())
        self._ctx.log.debug(
            "controller.retry",
            controller=self._controller.name,
            key="/".join(key),
            action=type(action).__name__,
            error=f"{type(error).__name__}: {error}",
            delay=delay,
        )

    def _remember(self, key: Key, action: Action, error: SteersmanError) -> None:
        if isinstance(error, StatusError):
            self._failures[key] = Failure(action, error.code, error.reason, str(error))
        else:
            self._failures[key] = Failure(action, 0, type(error).__name__, str(error))

    def _view(self, failure: Failure | None) -> View:
        now = _now()
        custom = self._custom.resources if self._custom is not None else ()
        return View(self._caches, now, now - self._started, failure, custom)

    def _timeless(self) -> View:
        # One for all changes of all objects, unless the custom resources change.
        custom = self._custom.resources if self._custom is not None else ()
        if self._bare.custom is not custom:
            self._bare = View(self._caches, custom=custom)
        return self._bare

    def _log_fault(
        self, what: str, subject: object, obj: Object, error: Exception, **fields: object
    ) -> None:
        meta = obj.get("metadata") or {}
        self._ctx.log.error(
            what,
            controller=self._controller.name,
            subject=str(subject),
            object=f"{meta.get('namespace', '')}/{meta.get('name', '')}",
            error=f"{type(error).__name__}: {error}",
            exc_info=error,
            **fields,
        )


def is_too_late(error: SteersmanError) -> bool:
    """True if the namespace is being deleted: what the plan wanted there will never be."""
    if not isinstance(error, StatusError):
        return False
    causes = (error.status.get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def _now() -> float:
    return asyncio.get_running_loop().time()
