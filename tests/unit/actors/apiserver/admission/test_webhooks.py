"""Admission webhooks through the real request chain, asked over real TLS."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane, free_port
from tests.support.webhook_server import (
    GROUP,
    WebhookServer,
    allowed,
    denied,
    patched,
    rules,
    webhook_server,
)
from tests.support.widgets import GROUP as WIDGETS
from tests.support.widgets import definition, established, version, widget

Json = dict[str, Any]
MAPS = rules("configmaps")


@pytest.fixture
async def server(plane: ControlPlane) -> AsyncIterator[WebhookServer]:
    async with webhook_server(plane) as started:
        yield started


async def make(plane: ControlPlane, name: str = "m", **query: str) -> Json:
    obj = {"metadata": {"name": name}, "data": {"a": "b"}}
    return await plane.create("configmaps", obj, "default", **query)


async def refusal(plane: ControlPlane, name: str = "m", **query: str) -> StatusError:
    with pytest.raises(StatusError) as refused:
        await make(plane, name, **query)
    return refused.value


async def test_a_denial_and_what_was_asked(plane: ControlPlane, server: WebhookServer) -> None:
    server.answers["/v"] = lambda _: denied("too blue", code=403, reason="Forbidden")
    await server.register("validating", server.hook("v", MAPS))
    error = await refusal(plane, fieldManager="me")
    said = 'admission webhook "v.hooks.example.com" denied the request: too blue'
    assert (error.code, error.reason, str(error)) == (403, "Forbidden", said)
    [asked] = server.asked["/v"]
    assert asked["kind"] == asked["requestKind"] == {
        "group": "", "version": "v1", "kind": "ConfigMap",
    }  # fmt: skip
    assert asked["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
    assert (asked["name"], asked["namespace"], asked["operation"]) == ("m", "default", "CREATE")
    assert asked["object"]["metadata"]["uid"] and asked["oldObject"] is None
    assert asked["dryRun"] is False
    assert asked["options"] == {
        "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "me",
    }  # fmt: skip
    assert "system:masters" in asked["userInfo"]["groups"]
    assert "subResource" not in asked


async def test_a_namespace_is_in_itself(plane: ControlPlane, server: WebhookServer) -> None:
    await server.register("validating", server.hook("v", rules("namespaces")))
    await plane.create("namespaces", {"metadata": {"name": "new"}})
    [asked] = server.asked["/v"]
    assert (asked["name"], asked["namespace"]) == ("new", "new")


async def test_a_patch_that_does_not_apply(plane: ControlPlane, server: WebhookServer) -> None:
    server.answers["/m"] = lambda _: patched({"op": "replace", "path": "/spec/x", "value": 1})
    await server.register("mutating", server.hook("m", MAPS))
    assert str(await refusal(plane)) == (
        'Internal error occurred: admission webhook "m.hooks.example.com": replace operation does '
        "not apply: /spec/x: there is no such place"
    )


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (denied(), 400, " without explanation"),
        (denied(reason="Teapot"), 400, ": Teapot"),
        (denied("no", code=200), 400, ": no"),
        (denied("no", code=409, reason="Conflict"), 409, ": no"),
    ],
)
async def test_words_of_a_denial(
    plane: ControlPlane, server: WebhookServer, answer: Json, code: int, said: str
) -> None:
    server.answers["/v"] = lambda _: answer
    await server.register("validating", server.hook("v", MAPS))
    error = await refusal(plane)
    assert error.code == code
    assert str(error) == f'admission webhook "v.hooks.example.com" denied the request{said}'


async def test_mutations_come_before_validation_and_get_defaults(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.answers["/m"] = lambda _: patched(
        {"op": "add", "path": "/spec/containers/-", "value": {"name": "side", "image": "s"}},
        {"op": "add", "path": "/spec/unheard", "value": 1},
    )
    server.answers["/v"] = lambda asked: (
        allowed(warnings=["that is much"])
        if len(asked["object"]["spec"]["containers"]) == 2
        else denied("one")
    )
    pods = rules("pods", operations=("CREATE",))
    await server.register("mutating", server.hook("m", pods), name="a")
    await server.register("validating", server.hook("v", pods), name="b")
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    request = ApiRequest("create", "pods", namespace="default", body=orjson.dumps(body))
    answer = await plane.ask(request)
    assert answer.warnings == ("that is much",)
    made = orjson.loads(answer.body)
    assert [item["name"] for item in made["spec"]["containers"]] == ["c", "side"]
    assert made["spec"]["containers"][1]["imagePullPolicy"] == "Always"
    assert "unheard" not in made["spec"]
    assert server.order == ["/m", "/v"]


async def test_what_a_webhook_breaks_is_refused_by_validation(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.answers["/m"] = lambda _: patched({"op": "add", "path": "/data", "value": {"/": "x"}})
    await server.register("mutating", server.hook("m", MAPS))
    error = await refusal(plane)
    assert (error.code, error.reason) == (422, "Invalid")
    server.answers["/m"] = lambda _: patched({"op": "add", "path": "/data", "value": 5})
    assert (await refusal(plane)).code == 500


async def test_updates_count_and_keep_what_is_the_servers(
    plane: ControlPlane, server: WebhookServer
) -> None:
    body = {
        "metadata": {"name": "d"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "x"}]},
            },
        },
    }
    await plane.create("deployments", body, "default", "apps")
    server.answers["/m"] = lambda _: patched(
        {"op": "replace", "path": "/spec/replicas", "value": 5},
        {"op": "add", "path": "/status", "value": {"replicas": 9}},
        {"op": "replace", "path": "/metadata/uid", "value": "mine"},
    )
    apps = rules("deployments", group="apps", operations=("UPDATE",))
    await server.register("mutating", server.hook("m", apps))
    found = await plane.get("deployments", "d", "default", "apps")
    changed = await plane.patch(
        "deployments", "d", {"metadata": {"labels": {"x": "y"}}}, "default", "apps"
    )
    assert changed["spec"]["replicas"] == 5 and changed["metadata"]["generation"] == 2
    assert changed["metadata"]["uid"] == found["metadata"]["uid"]
    assert changed.get("status") == found.get("status")
    [asked] = server.asked["/m"]
    assert asked["oldObject"]["spec"]["replicas"] == 1
    assert asked["object"]["metadata"]["labels"] == {"x": "y"}


async def test_scale_is_shown_and_changed_as_a_scale(
    plane: ControlPlane, server: WebhookServer
) -> None:
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    await plane.create("deployments", {"metadata": {"name": "d"}, "spec": spec}, "default", "apps")
    server.answers["/m"] = lambda asked: patched(
        {
            "op": "replace",
            "path": "/spec/replicas",
            "value": asked["object"]["spec"]["replicas"] + 1,
        }
    )
    apps = rules("deployments/scale", group="apps")
    await server.register("mutating", server.hook("m", apps))
    scale = await plane.patch(
        "deployments", "d", {"spec": {"replicas": 3}}, "default", "apps", "scale"
    )
    assert scale["spec"]["replicas"] == 4
    [asked] = server.asked["/m"]
    assert asked["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert asked["subResource"] == "scale" and asked["oldObject"]["spec"]["replicas"] == 1
    found = await plane.get("deployments", "d", "default", "apps")
    assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (4, 2)


async def test_those_that_want_it_are_asked_again(
    plane: ControlPlane, server: WebhookServer
) -> None:
    def add(key: str) -> Any:
        def answer(asked: Json) -> Json:
            data = asked["object"]["data"]
            if key in data:
                return allowed()
            return patched({"op": "add", "path": f"/data/{key}", "value": str(len(data))})

        return answer

    server.answers.update({"/one": add("one"), "/two": add("two"), "/three": add("three")})
    again = {"reinvocationPolicy": "IfNeeded"}
    await server.register(
        "mutating",
        server.hook("one", MAPS, **again),
        server.hook("two", MAPS),
        server.hook("three", MAPS, **again),
    )
    made = await make(plane)
    assert made["data"] == {"a": "b", "one": "1", "two": "2", "three": "3"}
    # The last one saw the object as it was left.
    assert server.order == ["/one", "/two", "/three", "/one"]


async def test_order_is_of_names(plane: ControlPlane, server: WebhookServer) -> None:
    for name in ("c", "a", "b"):
        await server.register("mutating", server.hook(f"h{name}", MAPS), name=name)
    await make(plane)
    assert server.order == ["/ha", "/hb", "/hc"]


async def test_validating_ones_are_asked_at_once(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.slow["/one"] = asyncio.Event()

    def release(asked: Json) -> Json:
        server.slow["/one"].set()
        return denied("two")

    server.answers.update({"/two": release, "/one": lambda _: denied("one")})
    maps = rules("configmaps", operations=("CREATE",))
    hooks = (server.hook("one", maps), server.hook("two", maps))
    await server.register("validating", *hooks)
    assert str(await refusal(plane)).endswith("denied the request: one")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"uid": "other", "allowed": True}, 'expected response.uid="'),
        (allowed(patch="e30="), "response.patch but not response.patchType"),
        (allowed(patchType="JSONPatch"), "response.patchType but not response.patch"),
        (allowed(patch="e30=", patchType="Other"), 'invalid response.patchType of "Other"'),
        (web.Response(status=404), "the server could not find the requested resource"),
        (web.Response(status=500, text="bang"), 'an error on the server ("bang") has prevented'),
        (web.Response(text="nonsense"), "failed to call webhook"),
        (web.json_response({"kind": "Other"}), "Kind=AdmissionReview, got"),
    ],
)
async def test_an_answer_that_is_none(
    plane: ControlPlane, server: WebhookServer, answer: Any, said: str
) -> None:
    body = answer.body if isinstance(answer, web.Response) else None

    def once(asked: Json) -> Any:
        if isinstance(answer, web.Response):
            return web.Response(status=answer.status, body=body)
        return answer

    server.answers["/m"] = once
    await server.register("mutating", server.hook("m", MAPS))
    error = await refusal(plane)
    assert error.code == 500 and error.reason == "InternalError"
    assert str(error).startswith(
        'Internal error occurred: failed calling webhook "m.hooks.example.com": '
    )
    assert said in str(error)


async def test_nobody_listens(plane: ControlPlane, server: WebhookServer) -> None:
    port = free_port()
    client = {"url": f"https://127.0.0.1:{port}/x", "caBundle": server.bundle}
    await server.register("validating", server.hook("v", MAPS, clientConfig=client))
    assert str(await refusal(plane)) == (
        'Internal error occurred: failed calling webhook "v.hooks.example.com": failed to call '
        f'webhook: Post "https://127.0.0.1:{port}/x?timeout=10s": dial tcp 127.0.0.1:{port}: '
        "connect: connection refused"
    )


async def test_a_stranger_is_not_believed(plane: ControlPlane, server: WebhookServer) -> None:
    client = {"url": f"https://127.0.0.1:{server.port}/x"}
    await server.register("validating", server.hook("v", MAPS, clientConfig=client))
    assert "tls: failed to verify certificate" in str(await refusal(plane))
    assert server.asked["/x"] == []


async def test_failure_may_be_ignored(plane: ControlPlane, server: WebhookServer) -> None:
    server.answers["/m"] = lambda _: web.Response(status=500)
    await server.register("mutating", server.hook("m", MAPS, failurePolicy="Ignore"))
    await make(plane)
    assert len(server.asked["/m"]) == 1


async def test_time_is_short(plane: ControlPlane, server: WebhookServer) -> None:
    server.slow["/v"] = asyncio.Event()
    await server.register("validating", server.hook("v", rules("secrets"), timeoutSeconds=1))
    secret = {"metadata": {"name": "s"}}
    with pytest.raises(StatusError, match=r"timeout=1s\": context deadline exceeded"):
        await plane.create("secrets", secret, "default")
    with pytest.raises(StatusError) as refused:
        await plane.create("secrets", secret, "default", timeout="0.2s")
    assert refused.value.code == 504
    assert "request did not complete within requested timeout" in str(refused.value)


async def test_dry_run_needs_webhooks_without_side_effects(
    plane: ControlPlane, server: WebhookServer
) -> None:
    await server.register("mutating", server.hook("m", MAPS, sideEffects="NoneOnDryRun"))
    await make(plane, dryRun="All")
    [asked] = server.asked["/m"]
    assert asked["dryRun"] is True and asked["options"]["dryRun"] == ["All"]


async def test_deletes_show_the_old_object(plane: ControlPlane, server: WebhookServer) -> None:
    await make(plane)
    server.answers["/v"] = lambda asked: denied("keep it")
    deletes = rules("configmaps", operations=("DELETE",))
    await server.register("validating", server.hook("v", deletes))
    with pytest.raises(StatusError, match="denied the request: keep it"):
        await plane.delete("configmaps", "m", "default", options={"gracePeriodSeconds": 0})
    [asked] = server.asked["/v"]
    assert asked["object"] is None and asked["oldObject"]["data"] == {"a": "b"}
    assert asked["options"] == {
        "kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1", "gracePeriodSeconds": 0,
    }  # fmt: skip
    with pytest.raises(StatusError, match="keep it"):
        await plane.ask(ApiRequest("deletecollection", "configmaps", namespace="default"))


async def test_binding_eviction_and_tokens_are_creates_of_their_bodies(
    plane: ControlPlane, server: WebhookServer
) -> None:
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    await plane.create("pods", body, "default")
    await plane.create("serviceaccounts", {"metadata": {"name": "bot"}}, "default")
    everything = rules("*/*", operations=("*",))
    await server.register("validating", server.hook("v", everything))

    async def post(resource: str, name: str, part: str, obj: Json) -> None:
        await plane.ask(
            ApiRequest("create", resource, namespace="default", name=name, subresource=part,
                       body=orjson.dumps(obj))
        )  # fmt: skip

    await post("serviceaccounts", "bot", "token", {"spec": {}})
    await post("pods", "p", "binding", {"metadata": {"name": "p"}, "target": {"name": "n1"}})
    await post("pods", "p", "eviction", {"metadata": {"name": "p"}})
    seen = [
        (asked["kind"]["kind"], asked["subResource"], asked["operation"])
        for asked in server.asked["/v"]
        if asked.get("subResource") in ("token", "binding", "eviction")
    ]
    assert seen == [
        ("TokenRequest", "token", "CREATE"),
        ("Binding", "binding", "CREATE"),
        ("Eviction", "eviction", "CREATE"),
    ]
    assert not any(asked["operation"] == "DELETE" for asked in server.asked["/v"])


async def test_webhooks_cannot_lock_out_their_own_repair(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.answers["/v"] = lambda _: denied("all")
    everything = {**rules("*/*"), "apiGroups": ["*"], "apiVersions": ["*"]}
    made = await server.register("validating", server.hook("v", everything))
    assert "all" in str(await refusal(plane))
    made["webhooks"] = made["webhooks"][:1]
    changed = await plane.update("validatingwebhookconfigurations", made, GROUP)
    assert changed["metadata"]["generation"] == 2
    await plane.delete("validatingwebhookconfigurations", "test", group=GROUP)
    assert not any(asked["kind"]["group"] == GROUP for asked in server.asked["/v"])


async def test_selectors(plane: ControlPlane, server: WebhookServer) -> None:
    await plane.create("namespaces", {"metadata": {"name": "watched", "labels": {"w": "y"}}})
    chosen = {"matchLabels": {"w": "y"}}
    await server.register(
        "validating",
        server.hook("space", MAPS, namespaceSelector=chosen),
        server.hook("own", rules("namespaces"), namespaceSelector=chosen),
        server.hook("label", MAPS, objectSelector={"matchLabels": {"x": "y"}}),
    )
    body = {"metadata": {"name": "m", "labels": {"x": "y"}}}
    made = await plane.create("configmaps", body, "default")
    made["metadata"]["labels"] = {}
    await plane.update("configmaps", made)
    assert server.order == ["/label", "/label"]
    await plane.create("configmaps", {"metadata": {"name": "n"}}, "watched")
    await plane.create("namespaces", {"metadata": {"name": "plain"}})
    await plane.create("namespaces", {"metadata": {"name": "more", "labels": {"w": "y"}}})
    assert server.order[2:] == ["/space", "/own"]
    assert server.asked["/own"][0]["name"] == "more"


async def test_equivalent_versions_are_asked_in_the_webhooks_own(
    plane: ControlPlane, server: WebhookServer
) -> None:
    await established(plane, definition(version("v1"), version("v2", storage=False)))
    both = rules("widgets", group=WIDGETS)
    server.answers["/same"] = lambda asked: patched(
        {"op": "replace", "path": "/spec/color", "value": "blue"}
    )
    await server.register(
        "mutating",
        server.hook("same", both),
        server.hook("exact", both, matchPolicy="Exact"),
    )
    obj = {**widget(), "apiVersion": f"{WIDGETS}/v2"}
    request = ApiRequest(
        "create", "widgets", WIDGETS, "v2", namespace="default", body=orjson.dumps(obj)
    )
    made = orjson.loads((await plane.ask(request)).body)
    assert made["apiVersion"] == f"{WIDGETS}/v2" and made["spec"]["color"] == "blue"
    assert server.order == ["/same"]
    [asked] = server.asked["/same"]
    assert asked["object"]["apiVersion"] == f"{WIDGETS}/v1"
    assert (asked["kind"]["version"], asked["requestKind"]["version"]) == ("v1", "v2")


async def test_a_webhook_may_write_where_a_quota_counts(
    plane: ControlPlane, server: WebhookServer
) -> None:
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"count/configmaps": "50"}}}
    await plane.create("resourcequotas", quota, "default")

    async def write(asked: Json) -> Json:
        if not asked["name"].startswith("by-"):
            await make(plane, f"by-{asked['name']}")
        return allowed()

    server.answers["/v"] = write
    creates = rules("configmaps", operations=("CREATE",))
    await server.register("validating", server.hook("v", creates, timeoutSeconds=5))
    await make(plane, "m")
    assert [asked["name"] for asked in server.asked["/v"]] == ["m", "by-m"]


async def test_an_event_is_asked_of_in_the_group_of_the_rule(
    plane: ControlPlane, server: WebhookServer
) -> None:
    server.answers["/m"] = lambda _: patched({"op": "replace", "path": "/note", "value": "new"})
    events = rules("events", group="events.k8s.io", operations=("CREATE",))
    await server.register("mutating", server.hook("m", events))
    body = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
        "reason": "Tested",
        "message": "old",
        "type": "Normal",
    }
    made = await plane.create("events", body, "default")
    assert (made["apiVersion"], made["message"], made["reason"]) == ("v1", "new", "Tested")
    mine = [asked for asked in server.asked["/m"] if asked["name"] == "e"]
    assert mine[0]["object"]["note"] == "old" and mine[0]["object"]["regarding"]["name"] == "p"
    assert mine[0]["resource"]["group"] == "events.k8s.io"
    assert mine[0]["requestResource"]["group"] == ""


async def test_questions_are_not_admitted(plane: ControlPlane, server: WebhookServer) -> None:
    everything = {**rules("*/*"), "apiGroups": ["*"]}
    server.answers["/v"] = lambda asked: denied("all")
    await server.register("validating", server.hook("v", everything))
    review = {"spec": {"nonResourceAttributes": {"path": "/x", "verb": "get"}}}
    answer = await plane.create("selfsubjectaccessreviews", review, group="authorization.k8s.io")
    assert answer["status"]["allowed"] is True


async def test_a_refused_change_is_asked_once(plane: ControlPlane, server: WebhookServer) -> None:
    await make(plane)
    server.answers["/v"] = lambda asked: denied("no")
    await server.register(
        "validating", server.hook("v", rules("configmaps", operations=("UPDATE",)))
    )
    with pytest.raises(StatusError, match="denied"):
        await plane.patch("configmaps", "m", {"data": {"a": "c"}}, "default")
    assert server.order == ["/v"]
