"""Seats of one level: who waits, whose turn it is, who is refused."""

import asyncio
import http.client
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from actors.apiserver.flow_control import KEPT_SECONDS_MAX, WAIT_SECONDS_MAX, FlowControl
from cluster.api.flow_schemas import GROUP, Flow, Level, seats_of
from cluster.api.work_estimates import ONE, Work
from cluster.errors import StatusError
from deploy import pki
from tests.simulation.loop import simulated
from tests.support.control_plane import ControlPlane, control_plane

RBAC = "rbac.authorization.k8s.io"
LEVEL = Level("l", "uid", seats=2, queues=8, hand=2, length=3)


def flow(name: str, level: Level = LEVEL) -> Flow:
    return Flow(name, "", level, name)


@simulated
async def test_seats_are_taken_and_given_back() -> None:
    control = FlowControl()
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(control.seat(flow("a")))
        waiting = asyncio.create_task(hold(control, "b", []))
        await asyncio.sleep(1)
        assert not waiting.done()
    await waiting


async def hold(control: FlowControl, name: str, order: list[str], seconds: float = 1.0) -> None:
    async with control.seat(flow(name)):
        order.append(name)
        await asyncio.sleep(seconds)


@simulated
async def test_a_flow_that_asks_much_does_not_starve_another() -> None:
    control = FlowControl()
    order: list[str] = []
    level = Level("l", "", seats=1, queues=64, hand=1, length=50)

    async def ask(name: str) -> None:
        async with control.seat(flow(name, level)):
            order.append(name)
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(ask("greedy")) for _ in range(40)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(ask("modest")) for _ in range(5)]
    await asyncio.gather(*tasks)
    served = [at for at, name in enumerate(order) if name == "modest"]
    assert served[-1] <= 12, order


@simulated
async def test_what_finds_no_room_or_no_seat_in_time_is_refused() -> None:
    control = FlowControl()
    order: list[str] = []
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(hold(control, "a", order, 100)) for _ in range(2)]
    # Two queues of three are this flow's.
    waiting = [asyncio.create_task(hold(control, "a", order)) for _ in range(6)]
    await asyncio.sleep(0)
    with pytest.raises(StatusError) as caught:
        await hold(control, "a", order)
    assert (caught.value.code, loop.time()) == (429, pytest.approx(0))
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in found] == [StatusError] * 6
    assert loop.time() == pytest.approx(WAIT_SECONDS_MAX)
    await asyncio.gather(*tasks)


@simulated
async def test_who_goes_away_leaves_its_place() -> None:
    control = FlowControl()
    order: list[str] = []
    tasks = [asyncio.create_task(hold(control, name, order)) for name in ("a", "b", "gone", "c")]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a", "b", "c"]
    assert control.seats_of(LEVEL).taken == control.seats_of(LEVEL).waiting == 0


@simulated
async def test_who_goes_away_just_as_the_seat_comes_gives_it_back() -> None:
    control = FlowControl()
    seats = control.seats_of(LEVEL)
    async with control.seat(flow("a")):
        leaving = control.seat(flow("b"))
        await leaving.__aenter__()
        gone = asyncio.create_task(hold(control, "c", []))
        await asyncio.sleep(0)
        leaving.leave()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert seats.taken == 1


@simulated
async def test_wide_requests_take_many_seats_and_narrow_ones_go_on() -> None:
    control = FlowControl()
    order: list[str] = []
    level = Level("l", "", seats=10, queues=64, hand=1, length=50)
    loop = asyncio.get_running_loop()

    async def ask(name: str, work: Work, seconds: float) -> None:
        async with control.seat(flow(name, level), work):
            await asyncio.sleep(seconds)
            order.append(f"{name} {loop.time():.1f}")

    lists = [asyncio.create_task(ask("lists", Work(5), 1.0)) for _ in range(20)]
    await asyncio.sleep(0.1)
    reads = [asyncio.create_task(ask("reads", ONE, 0.01)) for _ in range(30)]
    await asyncio.gather(*reads)
    assert loop.time() < 2.2, order
    await asyncio.gather(*lists)
    assert loop.time() >= 10


@simulated
async def test_seats_are_kept_a_while_after_a_write_that_many_watch() -> None:
    control = FlowControl()
    seats = control.seats_of(LEVEL)
    async with control.seat(flow("a"), Work(1, 2, 0.05)):
        assert seats.taken == 2
    assert seats.taken == 2
    await asyncio.sleep(0.04)
    assert seats.taken == 2
    await asyncio.sleep(0.02)
    assert seats.taken == 0


@simulated
async def test_what_is_kept_outlives_its_block_but_not_for_ever() -> None:
    control = FlowControl()
    seats = control.seats_of(LEVEL)
    async with control.seat(flow("a")) as first:
        first.keep()
    async with control.seat(flow("a")) as second:
        second.keep()
    assert seats.taken == 2
    first.leave()
    first.leave()
    assert seats.taken == 1
    await asyncio.sleep(KEPT_SECONDS_MAX + 1)
    assert seats.taken == 0
    second.leave()
    assert seats.taken == 0
    with pytest.raises(ValueError, match="broke"):
        async with control.seat(flow("a")) as third:
            third.keep()
            raise ValueError("broke")
    assert seats.taken == 0


@simulated
async def test_a_level_that_rejects_has_no_queues() -> None:
    control = FlowControl()
    level = Level("reject", "", seats=1)
    async with control.seat(flow("a", level)):
        with pytest.raises(StatusError):
            async with control.seat(flow("b", level)):
                raise AssertionError("let in")


@simulated
async def test_the_exempt_never_wait() -> None:
    control = FlowControl()
    async with AsyncExitStack() as stack:
        for _ in range(5000):
            await stack.enter_async_context(control.seat(flow("a", Level("exempt"))))
            await stack.enter_async_context(control.seat(None))


def test_levels_know_what_they_lend() -> None:
    def level(name: str, **limited: int) -> dict[str, object]:
        spec = {"type": "Limited", "limited": {"nominalConcurrencyShares": 50, **limited}}
        return {"metadata": {"name": name}, "spec": spec}

    one, two = seats_of([level("a", lendablePercent=33), level("b", borrowingLimitPercent=50)], 200)
    assert (one.seats, one.lendable, one.borrowing) == (100, 33, None)
    assert (two.seats, two.lendable, two.borrowing) == (100, 0, 50)


async def test_requests_by_http_are_told_their_flow(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane:
        schema = await plane.get("flowschemas", "exempt", group=GROUP)
        level = await plane.get("prioritylevelconfigurations", "exempt", group=GROUP)
        path = "/api/v1/namespaces/default/pods"
        for _ in range(200):
            answer = await asyncio.to_thread(headers_of, plane, path)
            if "X-Kubernetes-PF-FlowSchema-UID" in answer:
                break
        assert answer["X-Kubernetes-PF-FlowSchema-UID"] == schema["metadata"]["uid"]
        assert answer["X-Kubernetes-PF-PriorityLevel-UID"] == level["metadata"]["uid"]


async def test_a_level_without_room_answers_429(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane:
        level = {
            "metadata": {"name": "narrow"},
            "spec": {
                "type": "Limited",
                "limited": {
                    "nominalConcurrencyShares": 0,
                    "borrowingLimitPercent": 0,
                    "limitResponse": {"type": "Reject"},
                },
            },
        }
        await plane.create("prioritylevelconfigurations", level, group=GROUP)
        rule = {
            "subjects": [{"kind": "User", "user": {"name": "bob"}}],
            "resourceRules": [
                {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["*"]}
            ],
        }
        spec = {
            "priorityLevelConfiguration": {"name": "narrow"},
            "matchingPrecedence": 2,
            "rules": [rule],
        }
        await plane.create(
            "flowschemas", {"metadata": {"name": "narrow"}, "spec": spec}, group=GROUP
        )
        binding = {
            "metadata": {"name": "bob"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "bob"}],
        }
        await plane.create("clusterrolebindings", binding, group=RBAC)
        path = "/api/v1/namespaces/default/pods"
        async with asyncio.timeout(20):
            codes: set[int] = set()
            while 429 not in codes:
                asks = (asyncio.to_thread(code_of, plane, path) for _ in range(16))
                codes |= set(await asyncio.gather(*asks))
        assert {200, 429} <= codes <= {200, 403, 429}


def asked(plane: ControlPlane, path: str, **headers: str) -> http.client.HTTPResponse:
    settings = plane.settings
    context = ssl.create_default_context(cafile=pki.path(settings, "ca.crt"))
    context.load_cert_chain(pki.path(settings, "admin.crt"), pki.path(settings, "admin.key"))
    host = settings.replicas[0].api_addresses[0]
    connection = http.client.HTTPSConnection(host, context=context, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def headers_of(plane: ControlPlane, path: str) -> dict[str, str]:
    return dict(asked(plane, path).getheaders())


def code_of(plane: ControlPlane, path: str) -> int:
    return asked(plane, path, **{"Impersonate-User": "bob"}).status
