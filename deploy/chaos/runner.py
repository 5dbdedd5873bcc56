"""A scenario from begin to end: use, break, mend, wait, judge.

Runs on any ground (real, or simulated on virtual time); tasks are those of the running loop. Must
not know: how anything is broken or shown.
"""

import asyncio
from collections.abc import Callable, Coroutine

from cluster.chaos.checkers import bounds
from cluster.chaos.dice import Dice
from cluster.chaos.observations import Violation
from cluster.chaos.picking import pod_seen, set_size, slice_seen
from cluster.chaos.report import Report
from cluster.chaos.scenario import DeploymentLoad, Scenario, StatefulSetLoad
from cluster.chaos.schedule import schedule
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from deploy.chaos.apps import App
from deploy.chaos.asking import insist, list_all, make
from deploy.chaos.breaking import Breaker
from deploy.chaos.ground import Ground
from deploy.chaos.hands import Hands
from deploy.chaos.judging import Evidence, Judge
from deploy.chaos.load import Load
from deploy.chaos.looks import SLICES, Looks
from deploy.chaos.manifests import named
from deploy.chaos.registers import LABEL, ApiRegister
from deploy.chaos.reporting import Facts, report
from deploy.chaos.settling import Settling
from deploy.chaos.watching import ApiWatcher

NAMESPACE = "chaos"
LOOK_SECONDS = 2.0
# Until all apps are there, before anything is broken.
PREPARE_SECONDS = 120.0
# After the last fault: until everybody's last request is answered.
ANSWERS_SECONDS = 30.0
# Of the phase without faults, at most this share may pass without an acknowledged write.
STEADY_GAP_SHARE = 0.5
STEADY_GAP_LEAST = 2.0


class Run:
    """One run. ``say``: told what happens, a line each. ``cluster``: its name, for the report."""

    def __init__(
        self, scenario: Scenario, seed: int | str, ground: Ground, hands: Hands,
        say: Callable[[str], None], namespace: str = NAMESPACE, cluster: str = "",
    ) -> None:  # fmt: skip
        self._scenario = scenario
        self._ground = ground
        self._namespace = namespace
        self._cluster = cluster
        self._say = say
        dice = Dice(seed)
        self.seed = str(seed)
        self.load = Load(ApiRegister(ground, namespace), sticky=True)
        workload = scenario.workload
        loads: list[DeploymentLoad | StatefulSetLoad] = [*workload.deployments]
        loads += workload.statefulsets
        self.apps = [App(ground, namespace, load, dice.fork("apps")) for load in loads]
        count = len(ground.replicas)
        watch = self._watcher
        self.watchers = [watch("configmaps", pinned=n % count) for n in range(workload.watchers)]
        if workload.watchers:
            self.watchers.append(watch("configmaps"))
        self.pods = ApiWatcher(ground, "pods", pick=pod_seen, namespace=namespace)
        self.sets = ApiWatcher(ground, "replicasets", "apps", set_size, namespace=namespace)
        self.slices = ApiWatcher(ground, *SLICES, pick=slice_seen, namespace=namespace)
        self.looks = Looks(ground, namespace)
        self.breaker = Breaker(hands, say)
        self.evidence = Evidence(
            self.load, self.watchers, self.pods, self.sets, self.slices, self.apps, self.looks,
            self.breaker.sufferings,
        )  # fmt: skip
        self.judge = Judge(self.evidence, scenario.bounds, self._tell)
        self.settling = Settling(ground, namespace, self.apps)
        self._nothing: list[str] = []

    def _watcher(self, resource: str, pinned: int | None = None) -> ApiWatcher:
        label = f"{LABEL}=yes"
        return ApiWatcher(
            self._ground, resource, pinned=pinned, label=label, namespace=self._namespace
        )

    def _tell(self, violation: Violation) -> None:
        self._say(f"VIOLATION {violation}")

    async def outcome(self) -> Report:
        """Everything. Raises only what is no finding: a cluster that is not there at all."""
        scenario = self._scenario
        facts = Facts(
            scenario, self.seed, self._ground.wall(), _now(), self._namespace, self._cluster
        )
        background: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as group:
            try:
                await self._prepare(group, background)
                facts.begin = _now()
                works = await self._steady(group, background)
                facts.faults_begin = self.judge.begin = _now()
                await self._break()
                facts.faults_end = _now()
                await self._end(works)
                self.judge.look(_now())
                await self._settle()
            except (TimeoutError, SteersmanError) as error:
                self._nothing.append(f"{type(error).__name__}: {error}")
                await self.breaker.mend()
            facts.end = _now()
            for task in background:
                task.cancel()
        await self._close(facts)
        found = await report(
            facts, self.evidence, self.judge, self.breaker, self._ground, self._nothing
        )
        await self._clean()
        return found

    async def _prepare(
        self, group: asyncio.TaskGroup, background: list[asyncio.Task[None]]
    ) -> None:
        await self._clean()
        self._say(f"{self._scenario.name}: seed {self.seed}; making the workload")
        await make(self._ground, "", named("v1", "Namespace", self._namespace))
        # Those whose histories are compared begin before there is anything to see.
        watchers = (self.pods, self.sets, self.slices)
        self._spawn(group, background, *(watcher.run() for watcher in watchers))
        async with asyncio.timeout(PREPARE_SECONDS):
            for watcher in watchers:
                await watcher.begun.wait()
        for app in self.apps:
            await app.begin()
        problem = await self._await_settled(PREPARE_SECONDS)
        if problem:
            raise TimeoutError(f"the workload is not as desired before the faults: {problem}")

    async def _steady(
        self, group: asyncio.TaskGroup, background: list[asyncio.Task[None]]
    ) -> list["asyncio.Task[None]"]:
        """Everybody at work, no fault yet."""
        workload = self._scenario.workload
        looks = self.looks
        self._spawn(
            group, background, looks.survey_on(), looks.stores_on(), looks.containers_on(),
            self._look_on(), *(watcher.run() for watcher in self.watchers),
        )  # fmt: skip
        load = self.load
        works = [load.write_on(number) for number in range(workload.writers)]
        works += [load.count_on(number) for number in range(workload.counters)]
        works += [load.read_on(number) for number in range(workload.readers)]
        works += [work for app in self.apps for work in app.works()]
        tasks = [group.create_task(self._job(work)) for work in works]
        begin = _now()
        self._say(f"workload at work; faults begin in {self._scenario.steady:g} s")
        await asyncio.sleep(self._scenario.steady)
        self._judge_steady(begin)
        return tasks

    async def _job(self, work: Coroutine[None, None, None]) -> None:
        """What a user does; that there is no answer for a minute is a violation."""
        try:
            await work
        except (TimeoutError, StatusError) as error:
            text = f"{error or 'no answer for a minute'}"
            self.judge.take([Violation("answers", _now(), text)])

    def _spawn(
        self, group: asyncio.TaskGroup, kept: list[asyncio.Task[None]],
        *works: Coroutine[None, None, None],
    ) -> None:  # fmt: skip
        kept += [group.create_task(work) for work in works]

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.judge.look(_now())

    def _judge_steady(self, begin: float) -> None:
        """A workload that does not do well before the faults says nothing of them."""
        now = _now()
        if self._scenario.workload.writers and now > begin:
            writes = [ack.end for ack in self.load.acknowledged]
            gap, _ = bounds.longest_gap(writes, begin, now)
            if gap > max(STEADY_GAP_LEAST, STEADY_GAP_SHARE * (now - begin)):
                self._nothing.append(f"before the faults no write was acknowledged for {gap:.1f} s")
        for app in self.apps:
            share = bounds.failed_share(app.visits)
            if share > 0.02:
                text = f"before the faults {share:.0%} of the requests to {app.name} failed"
                self._nothing.append(text)

    async def _break(self) -> None:
        orders = schedule(self._scenario, self.seed)
        self._say(f"{len(orders)} faults in {self._scenario.seconds:g} s")
        begin = _now()
        await self.breaker.run(orders)
        await asyncio.sleep(max(0.0, begin + self._scenario.seconds - _now()))
        await self.breaker.mend()

    async def _end(self, works: list["asyncio.Task[None]"]) -> None:
        """Everybody ends with the next answer."""
        self.judge.ended = True
        self._say("faults healed; waiting for the last answers")
        self.load.stopping = True
        for app in self.apps:
            app.stopping = True
        _, late = await asyncio.wait(works, timeout=ANSWERS_SECONDS)
        for task in late:
            text = "a request has no answer, though all faults are healed"
            self.judge.take([Violation("answers", _now(), text)])
            task.cancel()

    async def _settle(self) -> None:
        for app in self.apps:
            # An earlier change whose answer was lost may have come late.
            await app.scale(app.replicas)
        limit = self._scenario.bounds.settle
        problem = await self._await_settled(limit)
        if problem:
            text = f"not as desired {limit:g} s after the last fault: {problem}"
            self.judge.take([Violation("convergence", _now(), text)])
            try:
                self.judge.take(await self.settling.leftovers(at=_now()))
            except SteersmanError as error:
                self._say(f"leftovers could not be looked at: {error}")

    async def _await_settled(self, seconds: float) -> str:
        """Until there is no problem, twice in a row; '' then, else what is wrong."""
        deadline, turn, good, problem = _now() + seconds, 0, 0, ""
        while good < 2:
            try:
                problem = await self.settling.problem(turn)
            except SteersmanError as error:
                problem, turn = f"{type(error).__name__}: {error}", turn + 1
            good = 0 if problem else good + 1
            if _now() > deadline:
                return problem
            await asyncio.sleep(0.5)
        return ""

    async def _close(self, facts: Facts) -> None:
        if not facts.faults_end:
            return
        try:
            maps = await list_all(self._ground, "configmaps", namespace=self._namespace)
        except SteersmanError as error:
            text = f"the cluster does not answer any more: {error}"
            self.judge.take([Violation("answers", _now(), text)])
            return
        named_data = ((item["metadata"]["name"], item.get("data") or {}) for item in maps)
        stored = {name: str(data["value"]) for name, data in named_data if "value" in data}
        self.judge.close(stored, facts.faults_end)

    async def _clean(self) -> None:
        """The namespace, and all that is in it, goes."""
        request = ApiRequest("delete", "namespaces", name=self._namespace)
        look = ApiRequest("get", "namespaces", name=self._namespace)
        try:
            await insist(self._ground, request)
            async with asyncio.timeout(PREPARE_SECONDS):
                while True:
                    await insist(self._ground, look)
                    await asyncio.sleep(0.25)
        except StatusError:
            return
        except TimeoutError:
            self._nothing.append(f"namespace {self._namespace} does not go")


def _now() -> float:
    return asyncio.get_running_loop().time()
