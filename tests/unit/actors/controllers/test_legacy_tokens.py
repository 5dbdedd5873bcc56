"""Tokens in Secrets that nobody uses: marked after a while, deleted after as long again."""

import asyncio
from functools import partial
from typing import Any

import pytest

from actors.client.api_client import ApiClient
from actors.client.informer import SharedInformers
from actors.controllers import legacy_tokens
from actors.controllers.actor import ControllerActor
from actors.controllers.legacy_tokens import TRACKING_KEY, Cleaner, track
from actors.controllers.plan import Create, Delete, RequeueAfter, Update
from cluster.api.resources import CONFIGMAPS, NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS, Resource
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.api.validation.configuration import ACCOUNT_NAME, TOKEN_TYPE
from cluster.security import secret_tokens
from cluster.security.secret_tokens import INVALID_SINCE, LAST_USED, day_of
from tests.unit.actors.client.harness import Bench, simulated, until
from tests.unit.actors.controllers.views import NOW, make_view

DAY = 86400.0
YEAR = 365 * DAY
# NOW is the midnight at which 2026 begins.
SYSTEM = (NAMESPACES, {"metadata": {"name": "kube-system"}})


def secret(created: float = 0.0, **labels: str) -> tuple[Resource, Object]:
    names = {"used": LAST_USED, "invalid": INVALID_SINCE}
    meta = {
        "name": "s",
        "namespace": "ns",
        "uid": "u2",
        "creationTimestamp": rfc3339(created),
        "annotations": {ACCOUNT_NAME: "robot", secret_tokens.ACCOUNT_UID: "u1"},
        "labels": {names[name]: value for name, value in labels.items()},
    }
    return SECRETS, {"metadata": meta, "type": TOKEN_TYPE}


def account(*secrets: str, uid: str = "u1") -> tuple[Resource, Object]:
    meta = {"name": "robot", "namespace": "ns", "uid": uid}
    return SERVICE_ACCOUNTS, {"metadata": meta, "secrets": [{"name": name} for name in secrets]}


def tracking(since: str = "2024-01-01") -> tuple[Resource, Object]:
    meta = dict(zip(("namespace", "name"), TRACKING_KEY, strict=True))
    return CONFIGMAPS, {"metadata": meta, "data": {"since": since}}


def pod(spec: Object) -> tuple[Resource, Object]:
    return PODS, {"metadata": {"name": "p", "namespace": "ns"}, "spec": spec}


def planned(*objects: Any, now: float = NOW) -> list[Any]:
    wanted = (SECRETS, SERVICE_ACCOUNTS, PODS, CONFIGMAPS)
    return Cleaner().plan(("ns", "s"), make_view(*objects, resources=wanted), now)


def test_an_unused_token_is_marked_and_keeps_what_it_has() -> None:
    (update,) = planned(tracking(), account("s"), secret(used="2024-12-31"))
    assert isinstance(update, Update)
    expected = {LAST_USED: "2024-12-31", INVALID_SINCE: "2026-01-01"}
    assert update.obj["metadata"]["labels"] == expected
    assert update.obj["metadata"]["annotations"][ACCOUNT_NAME] == "robot"


@pytest.mark.parametrize(
    ("since", "created", "labels", "wait", "then"),
    [
        # The day of the last use ends a day after it begins; a year later it is due.
        ("2024-01-01", 0.0, {"used": "2025-01-01"}, DAY, Update),
        ("2024-01-01", 0.0, {"used": "2025-12-31"}, YEAR, Update),
        # What was noted before uses were is not believed, and none noted is no use since then.
        ("2025-06-01", 0.0, {"used": "2020-01-01"}, 152 * DAY, Update),
        ("2025-06-01", 0.0, {}, 152 * DAY, Update),
        ("2024-01-01", NOW - 100.0, {}, YEAR - 100.0, Update),
        # Shown again although it counts no longer: it stays for another year.
        ("2024-01-01", 0.0, {"used": "2025-12-31", "invalid": "2024-06-01"}, YEAR, Delete),
        ("2024-01-01", 0.0, {"used": "2024-02-01", "invalid": "2025-12-31"}, YEAR, Delete),
    ],
)
def test_when_it_is_due(
    since: str, created: float, labels: dict[str, str], wait: float, then: type
) -> None:
    objects = (tracking(since), account("s"), secret(created, **labels))
    assert planned(*objects) == [RequeueAfter(wait)]
    (last,) = planned(*objects, now=NOW + wait - 1.0)
    assert last == RequeueAfter(1.0)
    (done,) = planned(*objects, now=NOW + wait)
    assert isinstance(done, then)


def test_a_marked_token_goes_as_it_was_seen() -> None:
    (delete,) = planned(tracking(), account("s"), secret(used="2023-01-01", invalid="2024-12-31"))
    assert isinstance(delete, Delete)
    assert (delete.resource, delete.uid, delete.version) == (SECRETS, "u2", "4")
    (marked,) = planned(tracking(), account("s"), secret(used="2023-01-01", invalid="soon"))
    assert marked.obj["metadata"]["labels"][INVALID_SINCE] == "2026-01-01"


@pytest.mark.parametrize(
    "objects",
    [
        (account("s"), secret()),
        (tracking("long ago"), account("s"), secret()),
        (tracking(), secret()),
        (tracking(), account("other"), secret()),
        (tracking(), account("s", uid="another"), secret()),
        (tracking(), account("s"), secret(used="yesterday")),
        (tracking(), account("s"), (SECRETS, {**secret()[1], "type": "Opaque"})),
        (tracking(), account("s"), secret(), pod({"volumes": [{"secret": {"secretName": "s"}}]})),
        (tracking(), account("s"), secret(), pod({"imagePullSecrets": [{"name": "s"}]})),
        (
            tracking(),
            account("s"),
            secret(),
            pod({"containers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}),
        ),
    ],
)
def test_what_stays(objects: Any) -> None:
    assert planned(*objects, now=NOW + 10 * YEAR) == []


def test_since_when_uses_are_noted() -> None:
    def tracked(*objects: Any) -> list[Any]:
        view = make_view(*objects, resources=(NAMESPACES, CONFIGMAPS))
        return track(TRACKING_KEY, view, NOW + 5.0)

    (create,) = tracked(SYSTEM)
    assert isinstance(create, Create) and create.may_exist
    assert create.obj["data"] == {"since": "2026-01-01"}
    assert tracked(SYSTEM, tracking()) == [] == tracked()
    (update,) = tracked(SYSTEM, tracking("x"))
    assert update.obj["data"] == {"since": "2026-01-01"}


def test_what_wakes_it() -> None:
    view = make_view(secret(), resources=(SERVICE_ACCOUNTS,))
    (_, one), (_, robot), (_, config) = secret(), account("s", "t"), tracking()
    _, user = pod({"volumes": [{"secret": {"secretName": "s"}}]})
    assert list(legacy_tokens.secret_keys(view, None, one)) == [("ns", "s")]
    assert list(legacy_tokens.secret_keys(view, one, None)) == []
    assert list(legacy_tokens.secret_keys(view, None, {**one, "type": "Opaque"})) == []
    assert list(legacy_tokens.account_keys(view, None, robot)) == [("ns", "s"), ("ns", "t")]
    assert list(legacy_tokens.pod_keys(view, user, None)) == [("ns", "s")]
    assert list(legacy_tokens.pod_keys(view, None, user)) == []
    assert list(legacy_tokens.tracking_keys(view, None, config)) == [("ns", "s")]
    assert list(legacy_tokens.tracking_keys(view, None, one)) == []
    assert list(legacy_tokens.own_map(view, config, None)) == [TRACKING_KEY]
    assert list(legacy_tokens.own_namespace(view, None, SYSTEM[1])) == [TRACKING_KEY]


@simulated
async def test_by_the_clock(bench: Bench) -> None:
    context = await bench.context()
    state, clock, period = bench.state, context.world.clock, 3 * DAY
    state.now = lambda: rfc3339(clock.now())
    informers = SharedInformers(ApiClient(context, bench.servers))
    for controller in (legacy_tokens.TRACKING_CONTROLLER, legacy_tokens.make_cleaner(period)):
        make = partial(ControllerActor, controller, bench.servers, informers, 1)
        await bench.system.spawn(controller.name, make)
    state.put(*SYSTEM)
    await until(lambda: state.find(CONFIGMAPS, *TRACKING_KEY))
    first = (clock.now() // DAY) * DAY
    state.put(*account("s"))
    state.put(*secret(clock.now()))

    def labels() -> Object:
        found = state.find(SECRETS, "ns", "s")
        assert found is not None
        return dict(found["metadata"]["labels"])

    async def sleep_until(moment: float) -> None:
        await asyncio.sleep(moment - clock.now())

    # Made on the first day, after it had begun: three days after that day has ended.
    await sleep_until(first + DAY + period - 1.0)
    assert labels() == {}
    await sleep_until(first + DAY + period + 1.0)
    assert labels() == {INVALID_SINCE: day_of(clock.now())}
    # Shown, in vain: the deletion is put off.
    put_off = clock.now() + 2 * DAY
    await sleep_until(put_off)
    found = state.find(SECRETS, "ns", "s")
    assert found is not None
    shown = {**labels(), LAST_USED: day_of(put_off)}
    state.put(SECRETS, {**found, "metadata": {**found["metadata"], "labels": shown}})
    due = (put_off // DAY) * DAY + DAY + period
    await sleep_until(due - 1.0)
    assert labels() == shown
    await sleep_until(due + 1.0)
    assert state.find(SECRETS, "ns", "s") is None
