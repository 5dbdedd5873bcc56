"""Match conditions of webhooks: which requests they are asked of at all."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.support.webhook_server import WebhookServer, patched, rules, webhook_server

Json = dict[str, Any]
MAPS = rules("configmaps")


@pytest.fixture
async def server(plane: ControlPlane) -> AsyncIterator[WebhookServer]:
    async with webhook_server(plane) as started:
        yield started


async def make(plane: ControlPlane, name: str = "m", **data: str) -> Json:
    return await plane.create("configmaps", {"metadata": {"name": name}, "data": data}, "default")


def conditions(*expressions: str) -> list[Json]:
    """What has labels is left alone: so is the probe that ``register`` sends."""
    return [
        {"name": f"c{number}.example.com", "expression": expression}
        for number, expression in enumerate(("!has(object.metadata.labels)", *expressions))
    ]


@pytest.mark.parametrize("kind", ["validating", "mutating"])
async def test_all_must_be_true(plane: ControlPlane, server: WebhookServer, kind: str) -> None:
    both = conditions(
        "request.resource.resource == 'configmaps' && !('skip' in object.data)",
        "authorizer.group('').resource('configmaps').check('create').allowed()",
        "'system:masters' in request.userInfo.groups && request.name != 'other'",
    )
    await server.register(kind, server.hook("h", MAPS, matchConditions=both))
    await make(plane, a="b")
    assert len(server.asked["/h"]) == 1
    await make(plane, "skipped", skip="x")
    await make(plane, "other", a="b")
    assert len(server.asked["/h"]) == 1


async def test_one_that_fails_is_the_failure_policys(
    plane: ControlPlane, server: WebhookServer
) -> None:
    broken = conditions("object.nothing == 1", "true")
    await server.register("validating", server.hook("h", MAPS, matchConditions=broken))
    with pytest.raises(StatusError) as refused:
        await make(plane)
    error = refused.value
    assert (error.code, error.reason) == (403, "Forbidden")
    assert str(error) == (
        "configmaps \"m\" is forbidden: expression 'object.nothing == 1' resulted in error: "
        "no such key: nothing"
    )
    assert not server.asked["/h"]


async def test_a_false_one_goes_before_one_that_fails(
    plane: ControlPlane, server: WebhookServer
) -> None:
    hooks = (
        server.hook("a", MAPS, matchConditions=conditions("object.nothing == 1", "false")),
        server.hook(
            "b", MAPS, matchConditions=conditions("object.nothing == 1"), failurePolicy="Ignore"
        ),
    )
    await server.register("validating", *hooks)
    await make(plane)
    assert not server.asked["/a"] and not server.asked["/b"]


async def test_they_see_what_earlier_webhooks_made(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.answers["/a"] = lambda _: patched({"op": "add", "path": "/data/a", "value": "x"})
    added = conditions("'a' in object.data")
    hooks = (server.hook("a", MAPS), server.hook("b", MAPS, matchConditions=added))
    await server.register("mutating", *hooks)
    await make(plane, k="v")
    assert server.order == ["/a", "/b"]


async def test_what_does_not_compile_is_not_stored(
    plane: ControlPlane, server: WebhookServer
) -> None:
    wrong = server.hook("h", MAPS, matchConditions=conditions("object.x =="))
    body = {"metadata": {"name": "w"}, "webhooks": [wrong]}
    with pytest.raises(StatusError, match="compilation failed") as refused:
        await plane.create(
            "validatingwebhookconfigurations", body, group="admissionregistration.k8s.io"
        )
    assert refused.value.code == 422
