"""One actor's life: mailbox loop, owned tasks and timers, children, crash, restart, escalation.

The only place that catches what an actor raises. Must not know: transports, message types.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal

from actors.kit.actor import Actor, Later
from actors.kit.context import Context, Timer
from actors.kit.mailbox import Delivery, Mailbox, Request
from actors.kit.recorder import DOWN, EXPIRED
from actors.kit.ref import Ref
from actors.kit.stream import Sink
from actors.kit.supervisor import RestartPolicy, RestartWindow, Unrecoverable
from actors.kit.tracing import CURRENT
from cluster.errors import ActorDown, SteersmanError
from cluster.limits import MAILBOX_MESSAGES_MAX
from cluster.messages.base import Done, Message

if TYPE_CHECKING:
    from actors.kit.system import ActorSystem

# Messages handled without a pause before other tasks of the loop get their turn.
BATCH_MESSAGES = 64
# An actor's cleanup may take this long.
STOPPED_SECONDS_MAX = 10.0

State = Literal["starting", "running", "ending", "waiting", "gone"]


class Cell:
    """An actor under supervision. Lives across its restarts."""

    def __init__(
        self,
        system: "ActorSystem",
        name: str,
        factory: Callable[[], Actor],
        policy: RestartPolicy,
        parent: "Cell | None",
    ) -> None:
        self.system = system
        self.name = name
        self.address = f"{name}@{system.process}"
        self.policy = policy
        self.state: State = "starting"
        self.children: dict[str, Cell] = {}
        self._factory = factory
        self._parent = parent
        self._mailbox = Mailbox(MAILBOX_MESSAGES_MAX)
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._promises: dict[asyncio.Future[Message], None] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._loop_task: asyncio.Task[None] | None = None
        # The actor, if it takes messages at once and does not do so just now.
        self._prompt: Actor | None = None
        self._failure: BaseException | None = None
        self._leaving = False
        self._stop = asyncio.Event()
        self._settled = asyncio.Event()
        self._proven = asyncio.Event()
        self._life = asyncio.get_running_loop().create_task(self._live(), name=self.address)

    # What others do to the actor.

    async def settled(self) -> None:
        """Return once the first start has succeeded or failed."""
        await self._settled.wait()

    async def proven(self) -> None:
        """Return once a start has succeeded, or the actor is gone for good."""
        await self._proven.wait()

    def offer(self, request: Request) -> None:
        """Put a request into the mailbox. Raises ActorDown, Overloaded."""
        if self.state not in ("starting", "running"):
            raise ActorDown(f"{self.address} is down")
        # (Not from within the process: the sender's handler is not through yet.)
        if self._prompt is not None and self._mailbox.idle and not request.principal.local:
            self._take_at_once(self._prompt, request)
        else:
            request.put = self.system.loop.time()
            self._mailbox.put(request)

    def notify(self, request: Request) -> None:
        """Put a message of the kit (Down, a timer) into the mailbox, even if that is full."""
        if self.state in ("starting", "running"):
            self.system.recorder.message("sent", request)
            request.put = self.system.loop.time()
            self._mailbox.put_anyway(request)

    def crash(self, error: BaseException) -> None:
        """End this incarnation because of ``error``."""
        if self.state in ("starting", "running") and self._failure is None:
            self._failure = error
            if self._loop_task is not None:
                self._loop_task.cancel()

    async def stop(self) -> None:
        """End for good; returns once all is cleaned up."""
        self._stop.set()
        if self._loop_task is not None and self.state in ("starting", "running"):
            self._loop_task.cancel()
        await asyncio.shield(self._life)

    # What the actor does, through its context.

    async def spawn(self, name: str, factory: Callable[[], Actor], policy: RestartPolicy) -> Ref:
        """Start a child."""
        child = self.system.make_cell(f"{self.name}/{name}", factory, policy, self)
        self.children[child.address] = child
        await child.settled()
        return self.system.ref(child.address, sender=self.address)

    async def stop_child(self, address: str) -> None:
        """Stop a child, if it is there."""
        child = self.children.get(address)
        if child is not None:
            await child.stop()

    def exit(self) -> None:
        """End after the present message."""
        self._leaving = True
        self._mailbox.wake()

    def own(self, coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        """Run a coroutine as a task that lives no longer than this incarnation."""
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self.address}:{name}")
        self._tasks[task] = None
        task.add_done_callback(self._task_done)
        return task

    def after(self, seconds: float, message: Message) -> Timer:
        """Put ``message`` into the own mailbox later."""
        key = self.system.next_id()
        request = self.system.request(message, self.address, self.address)

        def forget() -> None:
            self._timers.pop(key, None)

        def fire() -> None:
            forget()
            self.notify(request)

        handle = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers[key] = handle
        return Timer(handle, forget)

    # The life.

    async def _live(self) -> None:
        window = RestartWindow(self.policy)
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            failure = await self._incarnation()
            self._settled.set()
            if isinstance(failure, Unrecoverable):
                self._escalate(failure)
                break
            if self._stop.is_set() or not self.policy.wants_restart(failure is not None):
                break
            passing = self._proven.is_set() and self.policy.waits_for(failure)
            delay = window.next_delay(clock(), clock() - began, passing)
            if delay is None:
                self._escalate(failure)
                break
            self.state = "waiting"
            if await _is_set_within(self._stop, delay):
                break
        self.state = "gone"
        self._proven.set()
        self.system.forget(self)
        if self._parent is not None:
            self._parent.children.pop(self.address, None)

    async def _incarnation(self) -> BaseException | None:
        """Start the actor, feed it, clean up after it. Returns what it crashed of, if it did."""
        self.state = "starting"
        self._failure = None
        self._leaving = False
        actor = None
        failure: BaseException | None = None
        try:
            actor = self._factory()
            actor.ctx = Context(self)
            self._loop_task = asyncio.get_running_loop().create_task(
                self._run(actor), name=f"{self.address}:loop"
            )
            await asyncio.wait([self._loop_task])
            failure = self._verdict(self._loop_task)
        except Exception as error:
            failure = error
        await self._end(actor, failure)
        return failure

    def _verdict(self, loop_task: "asyncio.Task[None]") -> BaseException | None:
        error = None if loop_task.cancelled() else loop_task.exception()
        if self._failure is not None:
            return self._failure
        if loop_task.cancelled() and not self._stop.is_set():
            return RuntimeError("a handler was cancelled")
        return error

    async def _run(self, actor: Actor) -> None:
        if self._stop.is_set():
            return
        await actor.started()
        self.state = "running"
        self._settled.set()
        self._proven.set()
        self._prompt = actor if actor.prompt else None
        await self._consume(actor)

    async def _consume(self, actor: Actor) -> None:
        mailbox, budget = self._mailbox, BATCH_MESSAGES
        while not self._leaving:
            request = mailbox.take()
            if request is None:
                await mailbox.wait()
                budget = BATCH_MESSAGES
                continue
            await self._dispatch(actor, request)
            budget -= 1
            if not budget:
                await asyncio.sleep(0)
                budget = BATCH_MESSAGES

    def _take_at_once(self, actor: Actor, request: Request) -> None:
        """Let an idle actor handle a request now. A crash leaves the mailbox idle no more."""
        self._prompt = None
        work = self._dispatch(actor, request)
        try:
            work.send(None)
        except StopIteration:
            self._prompt = actor
        except Exception as error:
            self.crash(error)
        else:
            work.close()
            self.crash(RuntimeError(f"{self.address} is to be prompt, and waits"))

    async def _dispatch(self, actor: Actor, request: Request) -> None:
        """Let the actor handle one request; its answer, or its error, goes to the asker."""
        loop = self.system.loop
        began = loop.time()
        recorder = self.system.recorder
        if request.deadline is not None and began >= request.deadline:
            recorder.dropped(request, EXPIRED)
            return
        put = request.put
        recorder.message("received", request, wait=began - put if put else 0.0)
        token = CURRENT.set(request.trace)
        outcome = "down"
        try:
            delivery = Delivery(request.sender, request.principal, request.trace, request.deadline)
            if request.sink is not None:
                self._open(actor, request, request.sink, delivery)
                outcome = "open"
                return
            result = await actor.handle(request.message, delivery)
            if isinstance(result, Later):
                outcome = "later"
                self._run_later(request, result, began)
                return
            outcome = "ok"
            if request.reply is not None:
                request.reply.resolve(Done() if result is None else result)
        except SteersmanError as error:
            outcome = f"error {type(error).__name__}: {error}"
            if request.reply is not None:
                request.reply.fail(error)
        finally:
            if outcome == "down":
                _refuse(request, f"{self.address} went down")
            if outcome != "later":
                recorder.message("handled", request, seconds=loop.time() - began, outcome=outcome)
            CURRENT.reset(token)

    def _run_later(self, request: Request, later: Later, began: float) -> None:
        work = later.work
        if isinstance(work, asyncio.Future):
            self._promise(request, work, began)
            return
        task = self.own(self._finish_later(request, work, began), "later")

        def ended(task: "asyncio.Task[Any]") -> None:
            # A task cancelled before its first step has run none of its code.
            work.close()
            if task.cancelled():
                _refuse(request, f"{self.address} went down")

        task.add_done_callback(ended)

    def _promise(self, request: Request, future: "asyncio.Future[Message]", began: float) -> None:
        """The reply is the future's result. It is cancelled with the actor's tasks."""
        self._promises[future] = None

        def resolved(future: "asyncio.Future[Message]") -> None:
            self._promises.pop(future, None)
            outcome = "ok"
            if future.cancelled():
                outcome = "down"
                _refuse(request, f"{self.address} went down")
            elif (error := future.exception()) is None:
                if request.reply is not None:
                    request.reply.resolve(future.result())
            elif isinstance(error, SteersmanError):
                outcome = f"error {type(error).__name__}: {error}"
                if request.reply is not None:
                    request.reply.fail(error)
            else:
                outcome = "down"
                _refuse(request, f"{self.address} went down")
                self.crash(error)
            seconds = self.system.loop.time() - began
            self.system.recorder.message("handled", request, seconds=seconds, outcome=outcome)

        future.add_done_callback(resolved)

    async def _finish_later(
        self, request: Request, work: Coroutine[Any, Any, Message | None], began: float
    ) -> None:
        outcome = "down"
        try:
            result = await work
            outcome = "ok"
            if request.reply is not None:
                request.reply.resolve(Done() if result is None else result)
        except SteersmanError as error:
            outcome = f"error {type(error).__name__}: {error}"
            if request.reply is not None:
                request.reply.fail(error)
        finally:
            if outcome == "down":
                _refuse(request, f"{self.address} went down")
            seconds = self.system.loop.time() - began
            self.system.recorder.message("handled", request, seconds=seconds, outcome=outcome)

    def _open(self, actor: Actor, request: Request, sink: Sink, delivery: Delivery) -> None:
        serving = self._serve(actor, request, sink, delivery)
        task = self.own(serving, f"serve {type(request.message).__name__}")
        # A task cancelled before its first step has run none of its code.
        task.add_done_callback(lambda _: sink.finish(ActorDown(f"{self.address} went down")))
        sink.bind(task)

    async def _serve(self, actor: Actor, request: Request, sink: Sink, delivery: Delivery) -> None:
        outcome: SteersmanError | None = ActorDown(f"{self.address} went down")
        try:
            await actor.serve(request.message, sink, delivery)
            outcome = None
        except SteersmanError as error:
            outcome = error
        finally:
            sink.finish(outcome)

    # The end of an incarnation.

    def _task_done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crash(error)

    async def _end(self, actor: Actor | None, failure: BaseException | None) -> None:
        self.state = "ending"
        self._prompt = None
        for request in self._mailbox.drain():
            _refuse(request, f"{self.address} is down")
            self.system.recorder.dropped(request, DOWN)
        if failure is not None:
            self.system.report_crash(self.address, failure)
        self.system.announce_down(self.address, "normal" if failure is None else "crash")
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        await self._cancel_tasks()
        for child in reversed(list(self.children.values())):
            await child.stop()
        self.children.clear()
        if actor is not None:
            await self._clean_up(actor)
            await self._cancel_tasks()
        self.system.drop_interests(self.address)

    async def _cancel_tasks(self) -> None:
        while self._tasks or self._promises:
            tasks: list[asyncio.Future[Any]] = [*self._tasks, *self._promises]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            # Their done callbacks, which remove them, run in the loop's next round.
            await asyncio.sleep(0)

    async def _clean_up(self, actor: Actor) -> None:
        try:
            async with asyncio.timeout(STOPPED_SECONDS_MAX):
                await actor.stopped()
        except Exception as error:
            self.system.report_crash(self.address, error)

    def _escalate(self, failure: BaseException | None) -> None:
        error = failure or RuntimeError(f"{self.address} ended again and again")
        if self._parent is not None:
            self._parent.crash(error)
        else:
            self.system.fail(error)


def _refuse(request: Request, text: str) -> None:
    """Tell whoever waits for an answer to this that none will come."""
    if request.reply is not None:
        request.reply.fail(ActorDown(text))
    if request.sink is not None:
        request.sink.finish(ActorDown(text))


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event for that long; whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
