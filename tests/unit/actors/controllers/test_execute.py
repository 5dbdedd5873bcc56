"""Carrying plans out: order, batches, requirements, what counts as done."""

from typing import Any

from actors.client.api_client import ApiClient
from actors.client.cache import Cache
from actors.client.event_recorder import EventRecorder
from actors.controllers.execute import Executor, is_other_uid
from actors.controllers.expectations import Expectations
from actors.controllers.plan import (
    Announce,
    Announcement,
    Create,
    Delete,
    DeleteCollection,
    Patch,
    RequeueAfter,
    RequireAbsent,
    RequireEmpty,
    RequireLiving,
    Update,
)
from cluster.api.resources import CONFIGMAPS, EVENTS, PODS
from cluster.api.status import status_error
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.fake_apiserver import pod
from tests.unit.actors.client.harness import Bench, simulated, until

KEY = ("default", "k")


class Tools:
    def __init__(self, executor: Executor, expectations: Expectations, cache: Cache) -> None:
        self.executor, self.expectations, self.cache = executor, expectations, cache

    async def run(self, *actions: Any) -> Any:
        return await self.executor.execute(KEY, actions)


async def tools(bench: Bench) -> Tools:
    client = ApiClient(await bench.context(), bench.servers)
    cache, expectations = Cache(PODS), Expectations()
    recorder = EventRecorder(client, "tester")
    return Tools(Executor(client, recorder, expectations, {PODS: cache}), expectations, cache)


def thing(name: str) -> Object:
    return {"metadata": {"name": name, "namespace": "default"}}


@simulated
async def test_actions_are_done_in_order_and_expected_back(bench: Bench) -> None:
    run = await tools(bench)
    said = Announcement(pod("k"), "Normal", "Made", "made {name}")
    outcome = await run.run(
        Create(PODS, pod("a"), said),
        Patch(PODS, "default", "a", {"metadata": {"labels": {"x": "y"}}}),
        RequeueAfter(9.0),
        RequeueAfter(4.0),
    )
    assert (outcome.failed, outcome.unmet, outcome.requeue) == (None, False, 4.0)
    assert not run.expectations.fulfilled(KEY, {PODS: run.cache}, 1.0)
    run.cache.revision = bench.state.revision
    assert run.expectations.fulfilled(KEY, {PODS: run.cache}, 1.0)
    await until(lambda: bench.state.all(EVENTS))
    assert bench.state.all(EVENTS)[0]["message"] == "made a"


@simulated
async def test_the_first_failure_ends_the_plan(bench: Bench) -> None:
    run = await tools(bench)
    stale = {**pod("a"), "metadata": {"name": "a", "namespace": "default", "uid": "other"}}
    bench.state.put(PODS, pod("a"))
    outcome = await run.run(Update(PODS, stale), Create(PODS, pod("b")))
    action, error = outcome.failed
    assert isinstance(action, Update) and isinstance(error, StatusError) and error.code == 409
    assert bench.state.find(PODS, "default", "b") is None


@simulated
async def test_creates_start_slowly(bench: Bench) -> None:
    run = await tools(bench)
    count = 0

    def fault(request: ApiRequest) -> None:
        nonlocal count
        if request.verb == "create":
            count += 1
            if count > 5:
                raise status_error(403, "Forbidden", "quota")

    bench.state.fault = fault
    outcome = await run.run(*(Create(CONFIGMAPS, thing(f"c{n:02}")) for n in range(40)))
    assert outcome.failed is not None
    assert count == 1 + 2 + 4


@simulated
async def test_what_is_as_good_as_done(bench: Bench) -> None:
    run = await tools(bench)
    made = bench.state.put(CONFIGMAPS, thing("a"))
    outcome = await run.run(
        Create(CONFIGMAPS, thing("a"), may_exist=True),
        Patch(CONFIGMAPS, "default", "gone", {}, may_miss=True),
        Delete(CONFIGMAPS, "default", "gone", "uid-x"),
        Delete(CONFIGMAPS, "default", "a", "another uid"),
    )
    assert outcome.failed is None
    assert bench.state.find(CONFIGMAPS, "default", "a") == made
    assert (await run.run(Create(CONFIGMAPS, thing("a")))).failed is not None


@simulated
async def test_requirements(bench: Bench) -> None:
    run = await tools(bench)
    uid = bench.state.put(CONFIGMAPS, thing("a"))["metadata"]["uid"]
    create = Create(CONFIGMAPS, thing("b"))
    assert (await run.run(RequireAbsent(CONFIGMAPS, "default", "a", uid), create)).unmet
    assert (await run.run(RequireAbsent(CONFIGMAPS, "default", "a", ""), create)).unmet
    assert (await run.run(RequireEmpty(CONFIGMAPS, "default"), create)).unmet
    assert bench.state.find(CONFIGMAPS, "default", "b") is None
    met = await run.run(
        RequireAbsent(CONFIGMAPS, "default", "a", "uid-before"),
        RequireAbsent(CONFIGMAPS, "default", "nothing", "u"),
        RequireEmpty(CONFIGMAPS, "elsewhere"),
        create,
    )
    assert met.failed is None and not met.unmet
    await run.run(DeleteCollection(CONFIGMAPS, "default"))
    assert bench.state.all(CONFIGMAPS) == []


@simulated
async def test_an_owner_that_must_live(bench: Bench) -> None:
    run = await tools(bench)
    uid = bench.state.put(CONFIGMAPS, thing("a"))["metadata"]["uid"]
    going = thing("going")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    gone_soon = bench.state.put(CONFIGMAPS, going)["metadata"]["uid"]
    create = Create(CONFIGMAPS, thing("b"))
    for name, known in (("a", "uid-before"), ("going", gone_soon), ("nothing", "u")):
        assert (await run.run(RequireLiving(CONFIGMAPS, "default", name, known), create)).unmet
    assert bench.state.find(CONFIGMAPS, "default", "b") is None
    assert not (await run.run(RequireLiving(CONFIGMAPS, "default", "a", uid), create)).unmet
    assert bench.state.find(CONFIGMAPS, "default", "b") is not None


@simulated
async def test_announcements(bench: Bench) -> None:
    run = await tools(bench)
    await run.run(Announce(Announcement(pod("k"), "Warning", "Why", "because")))
    await until(lambda: bench.state.all(EVENTS))

    def fault(request: ApiRequest) -> None:
        if request.resource == "configmaps":
            raise status_error(403, "Forbidden", "quota")

    bench.state.fault = fault
    complaint = Announcement(pod("k"), "Warning", "Failed", "cannot: {error}")
    await run.run(Create(CONFIGMAPS, thing("x"), complain=complaint))
    await until(lambda: len(bench.state.all(EVENTS)) == 2)
    assert bench.state.all(EVENTS)[1]["message"] == "cannot: quota"


def test_a_refused_uid_is_told_from_other_conflicts() -> None:
    text = "the UID in the precondition (a) does not match the UID in record (b)"
    assert is_other_uid(status_error(409, "Conflict", text))
    assert not is_other_uid(status_error(409, "Conflict", "modified"))


@simulated
async def test_why_is_noted_where_it_was_given(bench: Bench) -> None:
    notes: list[tuple[str, str, dict[str, Any]]] = []
    client = ApiClient(await bench.context(), bench.servers)
    recorder = EventRecorder(client, "tester")
    executor = Executor(
        client,
        recorder,
        Expectations(),
        {},
        lambda what, subject, **fields: notes.append((what, subject, fields)),
    )
    await executor.execute(
        ("default", "web"),
        [
            Create(PODS, {"metadata": {"generateName": "a-", "namespace": "default"}}, why="one"),
            Create(PODS, pod("b")),
            Patch(PODS, "default", "b", {}, why="x" * 1000),
            Delete(PODS, "default", "b", "", why="gone"),
        ],
    )
    made, changed, deleted = notes
    assert made[0] == "pod.created"
    assert made[1].startswith("default/a-")
    assert made[2] == {"why": "one", "key": "default/web"}
    assert changed[:2] == ("pod.changing", "default/b")
    assert len(changed[2]["why"]) == 300
    assert deleted[:2] == ("pod.deleting", "default/b")
