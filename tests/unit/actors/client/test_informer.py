"""Informers against fake servers: every change is told once, in order, whatever breaks."""

import asyncio

from actors.client.api_client import ApiClient
from actors.client.informer import Informer, SharedInformers
from actors.kit.tracing import resume_trace
from cluster.api.resources import CONFIGMAPS, PODS
from cluster.api.types import Object
from cluster.errors import ActorDown
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.fake_apiserver import pod
from tests.unit.actors.client.harness import Bench, simulated, until


class Story:
    """Writes down what a subscriber is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.traces: list[str] = []

    def __call__(self, kind: str, old: Object | None, new: Object | None, trace: str) -> None:
        obj = new or old or {}
        self.told.append((kind, obj["metadata"]["name"]))
        self.traces.append(trace)


async def start(bench: Bench, **scope: str) -> tuple[Informer, Story]:
    context = await bench.context(f"reader-{len(bench.state.requests)}")
    informer = Informer(ApiClient(context, bench.servers), PODS, **scope)
    story = Story()
    informer.subscribe(story)
    context.task(informer.run(), "informer")
    await informer.wait_synced()
    return informer, story


def lists(bench: Bench) -> int:
    return sum(request.verb == "list" for request in bench.state.requests)


@simulated
async def test_lists_then_follows(bench: Bench) -> None:
    bench.state.put(PODS, pod("a"))
    informer, story = await start(bench)
    assert story.told == [("ADDED", "a")] and informer.synced
    bench.state.put(PODS, pod("b"))
    bench.state.put(PODS, pod("a", phase="Running"))
    bench.state.remove(PODS, "default", "b")
    await until(lambda: len(story.told) == 4)
    assert story.told[1:] == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert informer.cache.revision == bench.state.revision
    found = informer.cache.get("default", "a")
    assert found is not None and found["status"]["phase"] == "Running"


@simulated
async def test_a_broken_watch_is_resumed_without_a_list(bench: Bench) -> None:
    informer, story = await start(bench)
    bench.state.put(PODS, pod("a"))
    await until(lambda: story.told)
    bench.state.close_streams()
    bench.state.put(PODS, pod("b"))
    await until(lambda: len(story.told) == 2)

    def fault(request: ApiRequest) -> None:
        raise ActorDown("no one there")

    bench.state.fault = fault
    bench.state.close_streams()
    bench.state.put(PODS, pod("c"))
    await until(lambda: informer.reflector.failures > 3)
    bench.state.fault = None
    await until(lambda: len(story.told) == 3)
    assert lists(bench) == 1


@simulated
async def test_lost_history_is_made_up_by_a_list(bench: Bench) -> None:
    for name in ("stays", "goes", "changes", "returns"):
        bench.state.put(PODS, pod(name))
    informer, story = await start(bench)
    story.told.clear()

    def fault(request: ApiRequest) -> None:
        raise ActorDown("no one there")

    bench.state.fault = fault
    bench.state.close_streams()
    bench.state.remove(PODS, "default", "goes")
    bench.state.put(PODS, pod("changes", phase="Running"))
    bench.state.remove(PODS, "default", "returns")
    bench.state.put(PODS, pod("returns"))
    bench.state.put(PODS, pod("comes"))
    bench.state.compact()
    bench.state.fault = None
    await until(lambda: len(informer.cache) == 4 and len(story.told) >= 5)
    assert sorted(story.told) == [
        ("ADDED", "comes"),
        ("ADDED", "returns"),
        ("DELETED", "goes"),
        ("DELETED", "returns"),
        ("MODIFIED", "changes"),
    ]
    assert lists(bench) == 2


@simulated
async def test_bookmarks_move_the_place_to_resume_from(bench: Bench) -> None:
    informer, _ = await start(bench)
    bench.state.put(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "default"}})
    bench.state.bookmark(PODS)
    await until(lambda: informer.reflector.revision == bench.state.revision)
    bench.state.close_streams()
    await until(lambda: bench.state.requests[-1].verb == "watch")
    assert lists(bench) == 1


@simulated
async def test_a_late_subscriber_hears_of_what_is_there(bench: Bench) -> None:
    bench.state.put(PODS, pod("a"))
    informer, _ = await start(bench)
    late = Story()
    unsubscribe = informer.subscribe(late)
    assert late.told == [("ADDED", "a")]
    unsubscribe()
    bench.state.put(PODS, pod("b"))
    await until(lambda: len(informer.cache) == 2)
    assert len(late.told) == 1


@simulated
async def test_a_follower_hears_of_much_in_portions(bench: Bench) -> None:
    for number in range(1000):
        bench.state.put(PODS, pod(f"p{number}"))
    informer, _ = await start(bench)
    late = Story()
    following = asyncio.ensure_future(informer.follow(late))
    await asyncio.sleep(0)
    assert 0 < len(late.told) < 1000
    unsubscribe = await following
    assert len(set(late.told)) == len(late.told) == 1000
    unsubscribe()


@simulated
async def test_the_trace_of_a_write_arrives_with_its_event(bench: Bench) -> None:
    _, story = await start(bench)
    trace = "0123456789abcdef0123456789abcdef-0123456789abcdef"
    with resume_trace(trace):
        bench.state.put(PODS, pod("a"))
    await until(lambda: story.told)
    assert story.traces == [trace]


@simulated
async def test_a_scope_is_kept(bench: Bench) -> None:
    bench.state.put(PODS, pod("a", "one"))
    bench.state.put(PODS, pod("b", "two"))
    informer, story = await start(bench, namespace="two")
    bench.state.put(PODS, pod("c", "one"))
    bench.state.put(PODS, pod("d", "two"))
    await until(lambda: len(story.told) == 2)
    assert [name for _, name in story.told] == ["b", "d"]
    assert len(informer.cache) == 2


@simulated
async def test_a_process_shares_its_informers(bench: Bench) -> None:
    informers = SharedInformers(ApiClient(await bench.context(), bench.servers))
    assert informers.known(PODS) is None
    first = informers.get(PODS)
    assert informers.get(PODS) is first is informers.known(PODS)
    assert informers.get(PODS, namespace="one") is not first
    await first.wait_synced()


@simulated
async def test_what_another_server_tells_of_is_listed_anew_at_home(bench: Bench) -> None:
    client = ApiClient(await bench.context(), bench.servers)
    informers = SharedInformers(client)
    pods = informers.get(PODS)
    await pods.wait_synced()
    # Its watch begins.
    await asyncio.sleep(1)
    informers.come_home()
    assert pods.synced and lists(bench) == 1, "it is at home"
    client.fail_over(ActorDown("no one there"), bench.servers[0])
    configmaps = informers.get(CONFIGMAPS)
    await configmaps.wait_synced()
    story = Story()
    configmaps.subscribe(story)
    informers.come_home()
    assert not configmaps.synced and pods.synced
    bench.state.put(CONFIGMAPS, {"metadata": {"namespace": "default", "name": "new"}})
    await configmaps.wait_synced()
    assert configmaps.source == bench.servers[0]
    assert story.told == [("ADDED", "new")]
    assert lists(bench) == 3
    bench.state.put(CONFIGMAPS, {"metadata": {"namespace": "default", "name": "newer"}})
    await until(lambda: len(story.told) == 2)
