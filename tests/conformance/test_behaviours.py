"""Section B, rows 1 to 5 and 13: lists, watches, forms, field validation, patches, rules.

What a row's other tests show in depth is named at its class.
"""

import asyncio
import json
from typing import Any

import orjson
import pytest
import yaml

from tests.conformance.api import APPLY, JSON_PATCH, STRATEGIC, Api, core
from tests.unit.actors.apiserver.protobuf.test_decoder import body as protobuf
from tests.unit.actors.apiserver.protobuf.test_decoder import field

pytestmark = pytest.mark.asyncio(loop_scope="session")
Json = dict[str, Any]
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def config(name: str, **labels: str) -> Json:
    return {"metadata": {"name": name, "labels": labels}, "data": {"a": "1"}}


def deployments(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def deployment(**spec: Any) -> Json:
    labels = {"app": "web"}
    containers = [{"name": "main", "image": "a"}, {"name": "side", "image": "b"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


class TestChunks:
    """Row 1: lists in chunks, at revisions. In depth:
    tests/unit/actors/apiserver/test_list_options.py, test_continue_token.py."""

    async def test_pages_are_of_one_revision(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        for number in range(7):
            await api.create(path, config(f"c{number}"))
        first = await api.get(path, limit=3)
        assert first.body["metadata"]["remainingItemCount"] == 4
        await api.delete(f"{path}/c5")
        names = [item["metadata"]["name"] for item in first.body["items"]]
        token = first.body["metadata"]["continue"]
        while token:
            page = await api.get(path, limit=3, **{"continue": token})
            assert page.version == first.version
            names += [item["metadata"]["name"] for item in page.body["items"]]
            token = page.body["metadata"].get("continue", "")
        assert names == [f"c{number}" for number in range(7)]

    async def test_bad_tokens(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        refused = await api.get(path, limit=1, code=400, **{"continue": "nonsense"})
        assert refused.body["reason"] == "BadRequest"

    async def test_revisions(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        made = await api.create(path, config("a"))
        await api.create(path, config("b"))
        exact = {"resourceVersion": made.version, "resourceVersionMatch": "Exact"}
        assert len((await api.get(path, **exact)).body["items"]) == 1
        least = {"resourceVersion": made.version, "resourceVersionMatch": "NotOlderThan"}
        assert len((await api.get(path, **least)).body["items"]) == 2
        await api.get(path, code=422, resourceVersionMatch="Exact")
        late = await api.get(path, code=504, resourceVersion="999999999")
        assert late.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


class TestWatches:
    """Row 2: watches. In depth: tests/unit/actors/apiserver/test_watch_stream.py,
    test_watch_events.py."""

    async def test_from_a_revision_in_one_order(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        start = (await api.get(path)).version
        for name in "abc":
            await api.create(path, config(name))
        await api.patch(f"{path}/b", {"data": {"a": "2"}})
        await api.delete(f"{path}/a")
        expected = [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c"), ("MODIFIED", "b"),
                    ("DELETED", "a")]  # fmt: skip
        for _ in range(3):
            async with api.watch(path, resourceVersion=start) as watch:
                assert (await watch.take(5))[-5:] == expected

    async def test_what_stops_matching_is_deleted(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        async with api.watch(path, labelSelector="on=yes") as watch:
            await api.create(path, config("a", on="yes"))
            await api.patch(f"{path}/a", {"metadata": {"labels": {"on": "no"}}})
            await api.patch(f"{path}/a", {"metadata": {"labels": {"on": "yes"}}})
            await api.delete(f"{path}/a")
            assert await watch.take(4) == [
                ("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a"),
            ]  # fmt: skip

    async def test_initial_events_end_with_a_bookmark(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        await api.create(path, config("a", mine="yes"))
        query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true",
                 "resourceVersionMatch": "NotOlderThan", "labelSelector": "mine=yes"}  # fmt: skip
        async with api.watch(path, **query) as watch:
            assert await watch.take(1) == [("ADDED", "a")]
            kind, mark = await watch.next()
        assert kind == "BOOKMARK"
        assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}

    async def test_the_older_form(self, api: Api, namespace: str) -> None:
        start = (await api.get(core("configmaps", namespace))).version
        for name in "ab":
            await api.create(core("configmaps", namespace), config(name))
        base = f"/api/v1/watch/namespaces/{namespace}/configmaps"
        for path, names in ((base, ["a", "b"]), (f"{base}/b", ["b"])):
            async with api.watch(path, resourceVersion=start) as watch:
                told = await watch.take(len(names))
            assert told == [("ADDED", name) for name in names]

    async def test_the_time_of_a_watch(self, api: Api, namespace: str) -> None:
        path = core("secrets", namespace)
        async with api.watch(path, timeoutSeconds=1) as watch:
            assert await watch.ends()

    async def test_as_table_and_metadata(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        await api.create(path, config("a", mine="yes"))
        for accept, kind in ((TABLE, "Table"), (PARTIAL, "PartialObjectMetadata")):
            answer = await api.get(
                path, accept=accept, watch="1", timeoutSeconds=1, labelSelector="mine=yes"
            )
            first = orjson.loads(answer.data.splitlines()[0])
            assert (first["type"], first["object"]["kind"]) == ("ADDED", kind)


def _elder(accept: str) -> str:
    return accept.replace("v=v1", "v=v1beta1")


class TestForms:
    """Row 3: tables, metadata, discovery. In depth:
    tests/unit/actors/apiserver/test_negotiation.py."""

    async def test_tables(self, api: Api, namespace: str) -> None:
        await api.create(core("configmaps", namespace), config("a"))
        table = await api.get(f"{core('configmaps', namespace)}/a", accept=TABLE)
        assert [column["name"] for column in table.body["columnDefinitions"]] == [
            "Name", "Data", "Age",
        ]  # fmt: skip
        assert table.body["rows"][0]["cells"][:2] == ["a", 1]
        whole = await api.get(
            f"{core('configmaps', namespace)}/a", accept=TABLE, includeObject="Object"
        )
        assert whole.body["rows"][0]["object"]["data"] == {"a": "1"}

    async def test_of_the_elder_version(self, api: Api, namespace: str) -> None:
        """meta.k8s.io/v1beta1, throughout."""
        path = core("configmaps", namespace)
        await api.create(path, config("a", mine="yes"))
        elder = "meta.k8s.io/v1beta1"
        table = (await api.get(path, accept=_elder(TABLE))).body
        assert (table["kind"], table["apiVersion"]) == ("Table", elder)
        assert table["rows"][0]["object"]["apiVersion"] == elder
        one = (await api.get(f"{path}/a", accept=_elder(PARTIAL))).body
        assert (one["kind"], one["apiVersion"]) == ("PartialObjectMetadata", elder)
        found = (await api.get(path, accept=_elder(PARTIAL_LIST))).body
        assert (found["kind"], found["apiVersion"]) == ("PartialObjectMetadataList", elder)
        assert [item["apiVersion"] for item in found["items"]] == [elder] * len(found["items"])
        for accept in (TABLE, PARTIAL):
            answer = await api.get(path, accept=_elder(accept), watch="1", timeoutSeconds=1)
            first = orjson.loads(answer.data.splitlines()[0])
            assert first["object"]["apiVersion"] == elder
        both = f"{_elder(TABLE)},{TABLE},application/json"
        assert (await api.get(path, accept=both)).body["apiVersion"] == elder, "the first counts"
        await api.get(path, accept=TABLE.replace("v=v1", "v=v1alpha1"), code=406)

    async def test_yaml(self, api: Api, namespace: str) -> None:
        """Objects, lists, errors and discovery; events are JSON."""
        path = core("configmaps", namespace)
        await api.create(path, config("a"))
        for place, code, kind in (
            (path, 200, "ConfigMapList"),
            (f"{path}/a", 200, "ConfigMap"),
            (f"{path}/missing", 404, "Status"),
            ("/apis", 200, "APIGroupList"),
            ("/api/v1", 200, "APIResourceList"),
        ):
            answer = await api.get(place, accept="application/yaml", code=code)
            assert answer.headers["Content-Type"] == "application/yaml", place
            assert yaml.safe_load(answer.data)["kind"] == kind
        table = await api.get(path, accept="application/yaml;as=Table;g=meta.k8s.io;v=v1")
        assert yaml.safe_load(table.data)["rows"][0]["cells"][0] == "a"
        await api.get(path, accept="application/yaml", watch="1", code=406)

    async def test_metadata_only(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        await api.create(path, config("a", mine="yes"))
        one = await api.get(f"{path}/a", accept=PARTIAL)
        assert one.body["kind"] == "PartialObjectMetadata" and "data" not in one.body
        many = await api.get(path, accept=PARTIAL_LIST)
        assert many.body["kind"] == "PartialObjectMetadataList"

    async def test_long_answers_as_gzip(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        body = config("long") | {"data": {"a": "x" * 200_000}}
        await api.create(path, body)
        for wanted, encoding in (("gzip", "gzip"), ("identity", None)):
            found = await api.get(path, headers={"Accept-Encoding": wanted})
            assert found.headers.get("Content-Encoding") == encoding
            assert found.body["items"][0]["data"] == body["data"]

    async def test_documents_are_json_or_not_acceptable(self, api: Api) -> None:
        protobuf = "application/vnd.kubernetes.protobuf"
        for path in ("/apis", "/apis/apps/v1", "/openapi/v2", "/openapi/v3/apis/apps/v1"):
            await api.get(path, accept=protobuf, code=406)
            assert (await api.get(path, accept=f"{protobuf}, application/json")).body

    async def test_what_is_not_to_be_had(self, api: Api) -> None:
        review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        refused = await api.create(path, review, accept=TABLE, code=406)
        assert refused.body["reason"] == "NotAcceptable"
        await api.get(core("configmaps", "default"), accept="image/png", code=406)

    async def test_discovery(self, api: Api) -> None:
        accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        found = await api.get("/apis", accept=accept)
        assert found.body["kind"] == "APIGroupDiscoveryList"
        assert (await api.get("/apis")).body["kind"] == "APIGroupList"
        elder = accept.replace("v=v2", "v=v2beta1")  # gone since 1.33
        await api.get("/apis", accept=elder, code=406)
        found = await api.get("/apis", accept=f"{elder},application/json")
        assert found.body["kind"] == "APIGroupList"
        assert (await api.get("/apis/apps/v1")).body["kind"] == "APIResourceList"
        index = (await api.get("/openapi/v3")).body["paths"]
        link = index["apis/apps/v1"]["serverRelativeURL"]
        assert "?hash=" in link
        assert (await api.get("/openapi/v3/apis/apps/v1")).body["openapi"].startswith("3.")
        assert (await api.get("/version")).body["minor"].isdigit()


class TestFieldValidation:
    """Row 4: field validation. In depth: tests/unit/cluster/api/test_schema_conform.py."""

    WRONG = (
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME","unknown":1},'
        '"data":{"a":"1"},"data":{"a":"2"},"strange":true}'
    )

    async def call(self, api: Api, namespace: str, name: str, code: int, **query: str) -> Any:
        body = self.WRONG.replace("NAME", name).encode()
        return await api.create(core("configmaps", namespace), body, code=code, **query)

    async def test_strict(self, api: Api, namespace: str) -> None:
        refused = await self.call(api, namespace, "a", 400, fieldValidation="Strict")
        for text in ('unknown field "strange"', 'unknown field "metadata.unknown"',
                     'duplicate field "data"'):  # fmt: skip
            assert text in refused.body["message"]

    async def test_warn(self, api: Api, namespace: str) -> None:
        made = await self.call(api, namespace, "a", 201, fieldValidation="Warn")
        warnings = made.headers.getall("Warning")
        assert any('unknown field \\"strange\\"' in text for text in warnings)

    async def test_ignore(self, api: Api, namespace: str) -> None:
        made = await self.call(api, namespace, "a", 201, fieldValidation="Ignore")
        assert "Warning" not in made.headers and "strange" not in made.body

    async def test_patches(self, api: Api, namespace: str) -> None:
        await api.create(core("configmaps", namespace), config("a"))
        here = f"{core('configmaps', namespace)}/a"
        twice = b'{"data":{"a":"1"},"data":{"a":"2"},"strange":1}'
        for content in ("application/merge-patch+json", STRATEGIC):
            refused = await api.patch(here, twice, content, code=422, fieldValidation="Strict")
            assert refused.body["message"].startswith(' "" is invalid: patch: Invalid value: "')
            for text in ('unknown field "strange"', 'duplicate field "data"'):
                assert text in refused.body["message"]
        odd = (
            b'[{"op":"add","path":"/data/b","value":"1","value":"2"},'
            b'{"op":"test","path":"/data/b","value":"2","odd":1}]'
        )
        refused = await api.patch(here, odd, JSON_PATCH, code=422, fieldValidation="Strict")
        assert refused.body["message"].endswith(
            'strict decoding error: json patch unknown field "[1].odd", '
            'json patch duplicate field "[0].value"'
        )
        warned = await api.patch(here, odd, JSON_PATCH)
        assert len(warned.headers.getall("Warning")) == 2
        silent = await api.patch(here, odd, JSON_PATCH, fieldValidation="Ignore")
        assert "Warning" not in silent.headers


class TestPatches:
    """Row 5: patches, apply, dry runs. In depth: tests/unit/cluster/api/test_patches.py,
    test_strategic.py, test_ownership.py."""

    async def test_four_kinds(self, api: Api, namespace: str) -> None:
        path = deployments(namespace)
        await api.create(path, deployment())
        here = f"{path}/web"
        inner = {"template": {"spec": {"containers": [{"name": "side", "image": "c"}]}}}
        found = await api.patch(here, {"spec": inner}, STRATEGIC)
        images = [item["image"] for item in found.body["spec"]["template"]["spec"]["containers"]]
        assert images == ["a", "c"]
        found = await api.patch(here, {"spec": inner})
        assert len(found.body["spec"]["template"]["spec"]["containers"]) == 1
        change = [{"op": "test", "path": "/spec/replicas", "value": 1},
                  {"op": "replace", "path": "/spec/replicas", "value": 2}]  # fmt: skip
        assert (await api.patch(here, change, JSON_PATCH)).body["spec"]["replicas"] == 2
        await api.patch(here, change, JSON_PATCH, code=422)
        await api.patch(here, change, "text/plain", code=415)

    async def test_of_a_version_that_is_over(self, api: Api, namespace: str) -> None:
        path = deployments(namespace)
        first = await api.create(path, deployment())
        for here in (f"{path}/web", f"{path}/web/status"):
            change = {"status": {"observedGeneration": 1}, "spec": {"replicas": 2}}
            patch = {
                "metadata": {
                    "resourceVersion": first.version,
                    "uid": first.body["metadata"]["uid"],
                },
                **change,
            }
            first = await api.patch(here, patch, STRATEGIC)
            patch["status"] = {"observedGeneration": 2}
            patch["spec"] = {"replicas": 3}
            refused = await api.patch(here, patch, STRATEGIC, code=409)
            assert refused.body["reason"] == "Conflict"

    async def test_apply_and_conflicts(self, api: Api, namespace: str) -> None:
        here = f"{deployments(namespace)}/web"
        await api.patch(here, deployment(replicas=2), APPLY, fieldManager="one", code=201)
        refused = await api.patch(here, deployment(replicas=3), APPLY, fieldManager="two", code=409)
        assert 'conflict with "one"' in refused.body["message"]
        assert refused.body["details"]["causes"][0]["field"] == ".spec.replicas"
        taken = await api.patch(
            here, deployment(replicas=3), APPLY, fieldManager="two", force="true"
        )
        assert taken.body["spec"]["replicas"] == 3
        other = deployment() | {"metadata": {"name": "other", "uid": "u"}}
        path = f"{deployments(namespace)}/other"
        refused = await api.patch(path, other, APPLY, fieldManager="one", code=409)
        assert "no existing object was found" in refused.body["message"]
        left = deployment()
        await api.patch(here, left, APPLY, fieldManager="one")
        given_up = await api.patch(here, left, APPLY, fieldManager="two")
        assert given_up.body["spec"]["replicas"] == 1, "the default, once nobody wants another"
        managers = {item["manager"] for item in given_up.body["metadata"]["managedFields"]}
        assert managers == {"one", "two"}

    async def test_dry_runs_change_nothing(self, api: Api, namespace: str) -> None:
        path = deployments(namespace)
        made = await api.create(path, deployment(), dryRun="All", code=201)
        assert made.body["metadata"]["uid"] and made.body["spec"]["replicas"] == 1
        await api.get(f"{path}/web", code=404)
        await api.create(path, deployment())
        before = (await api.get(f"{path}/web")).version
        await api.patch(f"{path}/web", {"spec": {"replicas": 9}}, dryRun="All")
        await api.delete(f"{path}/web", dryRun="All")
        assert (await api.get(f"{path}/web")).version == before
        await api.create(path, deployment(), dryRun="Some", code=422)


SIZES = {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}


class TestResize:
    """Row 5: pods/resize (KEP-1287, KEP-5419). In depth: tests/unit/actors/kubelet/test_resize.py,
    tests/unit/cluster/api/validation/test_pod_resize.py."""

    async def made(self, api: Api, namespace: str) -> str:
        path = core("pods", namespace)
        containers = [
            {"name": "main", "image": "x", "resources": SIZES},
            {"name": "b", "image": "x"},
        ]
        spec = {"automountServiceAccountToken": False, "containers": containers}
        await api.create(path, {"metadata": {"name": "web"}, "spec": spec})
        return f"{path}/web/resize"

    async def test_all_verbs(self, api: Api, namespace: str) -> None:
        here = await self.made(api, namespace)
        pod = (await api.get(here)).body
        assert pod["kind"] == "Pod" and pod["metadata"]["generation"] == 1
        pod["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "1500m"}
        found = await api.update(here, pod)
        assert found.body["metadata"]["generation"] == 2
        await api.update(here, pod, code=409)
        change = {"spec": {"containers": [{"name": "b", "resources": {"requests": {"cpu": "1"}}}]}}
        found = await api.patch(here, change, STRATEGIC)
        assert found.body["spec"]["containers"][1]["resources"] == {"requests": {"cpu": "1"}}
        config = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, **change}
        await api.patch(here, config, APPLY, fieldManager="one")
        managed = (await api.get(here)).body["metadata"]["managedFields"]
        assert ("one", "resize") in [(item["manager"], item.get("subresource")) for item in managed]

    async def test_what_may_not_be(self, api: Api, namespace: str) -> None:
        here = await self.made(api, namespace)
        change = [{"op": "remove", "path": "/spec/containers/0/resources/limits/cpu"}]
        refused = await api.patch(here, change, JSON_PATCH, code=422)
        assert refused.body["details"]["causes"] == [
            {
                "reason": "FieldValueForbidden",
                "message": "Forbidden: resource limits cannot be removed",
                "field": "spec.containers[0].resources.limits",
            }
        ]
        change = [{"op": "remove", "path": "/spec/containers/1"}]
        await api.patch(here, change, JSON_PATCH, code=422)
        main = {"name": "main", "resources": {"requests": {"cpu": "2"}}}
        more = {"spec": {"containers": [main]}}
        await api.patch(here.removesuffix("/resize"), more, STRATEGIC, code=422)

    async def test_of_what_the_pod_states_itself(self, api: Api, namespace: str) -> None:
        here = await self.made(api, namespace)
        own = {"requests": {"cpu": "3", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "2Gi"}}
        found = await api.patch(here, {"spec": {"resources": own}}, STRATEGIC)
        assert found.body["spec"]["resources"] == own
        assert found.body["metadata"]["generation"] == 2
        change = {"spec": {"resources": {"limits": {"cpu": "5"}}}}
        found = await api.patch(here, change, STRATEGIC)
        assert found.body["spec"]["resources"]["limits"] == {"cpu": "5", "memory": "2Gi"}
        await api.patch(here.removesuffix("/resize"), change, STRATEGIC)
        change["spec"]["resources"]["limits"]["cpu"] = "6"
        await api.patch(here.removesuffix("/resize"), change, STRATEGIC, code=422)
        less = {"spec": {"resources": {"requests": {"cpu": "1m"}}}}
        refused = await api.patch(here, less, STRATEGIC, code=422)
        [cause] = refused.body["details"]["causes"]
        assert cause["field"] == "spec.resources.requests[cpu]"
        gone = [{"op": "remove", "path": "/spec/resources"}]
        refused = await api.patch(here, gone, JSON_PATCH, code=422)
        [cause] = refused.body["details"]["causes"]
        assert cause["message"] == "Forbidden: pod-level resources cannot be removed"


class TestRules:
    """Row 13: rules of objects. In depth: tests/unit/cluster/api/validation/."""

    async def test_generations_converge(self, api: Api, namespace: str) -> None:
        path = deployments(namespace)
        made = await api.create(path, deployment())
        assert made.body["metadata"]["generation"] == 1

        async def scale(number: int) -> None:
            change = {"spec": {"replicas": 2 + number % 2}}
            await api.patch(f"{path}/web/scale", change)

        await asyncio.gather(*(scale(number) for number in range(50)))
        found = (await api.get(f"{path}/web")).body
        assert 2 <= found["metadata"]["generation"] <= 51
        await api.patch(f"{path}/web", {"metadata": {"labels": {"a": "b"}}})
        again = (await api.get(f"{path}/web")).body["metadata"]["generation"]
        assert again == found["metadata"]["generation"]

    @pytest.mark.parametrize("plural", ["configmaps", "secrets"])
    async def test_immutable(self, api: Api, namespace: str, plural: str) -> None:
        path = core(plural, namespace)
        await api.create(path, {"metadata": {"name": "a"}, "immutable": True})
        refused = await api.patch(f"{path}/a", {"data": {"a": "MQ=="}}, code=422)
        assert "field is immutable when `immutable` is set" in refused.body["message"]
        refused = await api.patch(f"{path}/a", {"immutable": False}, code=422)
        await api.patch(f"{path}/a", {"metadata": {"labels": {"a": "b"}}})

    async def test_selectors_are_immutable(self, api: Api, namespace: str) -> None:
        path = deployments(namespace)
        await api.create(path, deployment())
        labels = {"app": "other"}
        change = {"spec": {"selector": {"matchLabels": labels},
                           "template": {"metadata": {"labels": labels}}}}  # fmt: skip
        refused = await api.patch(f"{path}/web", change, code=422)
        assert refused.body["details"]["causes"][0]["field"] == "spec.selector"

    async def test_all_causes_with_their_paths(self, api: Api, namespace: str) -> None:
        wrong = deployment(replicas=-1)
        wrong["spec"]["template"]["metadata"]["labels"] = {"app": "else"}
        wrong["spec"]["template"]["spec"]["containers"][1]["name"] = "main"
        refused = await api.create(deployments(namespace), wrong, code=422)
        assert refused.body["reason"] == "Invalid"
        fields = {cause["field"] for cause in refused.body["details"]["causes"]}
        assert fields == {
            "spec.replicas", "spec.template.metadata.labels",
            "spec.template.spec.containers[1].name",
        }  # fmt: skip

    async def test_without_a_name_all_causes_are_told(self, api: Api, namespace: str) -> None:
        refused = await api.create(deployments(namespace), {}, code=422)
        fields = [cause["field"] for cause in refused.body["details"]["causes"]]
        assert fields[0] == "metadata.name" and "spec.selector" in fields

    async def test_what_was_stored_is_not_created(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        body = config("a") | {"metadata": {"name": "a", "resourceVersion": "5"}}
        refused = await api.create(path, body, code=400)
        text = "resourceVersion should not be set on objects to be created"
        assert refused.body["message"] == text
        await api.get(f"{path}/a", code=404)

    async def test_numbers_of_protobuf_keep_to_their_types(self, api: Api) -> None:
        path, content = (
            "/apis/scheduling.k8s.io/v1/priorityclasses",
            "application/vnd.kubernetes.protobuf",
        )
        for value, code in ((7, 201), (2**31, 400), (2**40, 400), (-(2**31) - 1, 400)):
            raw = protobuf(
                "scheduling.k8s.io/v1", "PriorityClass", field(1, field(1, "a")) + field(2, value)
            )
            await api.call("POST", path, raw, content=content, code=code, dryRun="All")

    async def test_priority_classes(self, api: Api, namespace: str) -> None:
        classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
        name = f"p-{namespace}"
        await api.create(classes, {"metadata": {"name": name}, "value": 77})
        await api.patch(f"{classes}/{name}", {"value": 78}, code=422)
        spec = {"containers": [{"name": "c", "image": "i"}], "priorityClassName": name}
        pod: Json = {"metadata": {"name": "a"}, "spec": spec}
        made = await api.create(core("pods", namespace), pod)
        assert made.body["spec"]["priority"] == 77
        assert made.body["status"]["qosClass"] == "BestEffort"
        pod["metadata"], pod["spec"]["priorityClassName"] = {"name": "b"}, "none"
        refused = await api.create(core("pods", namespace), pod, code=403)
        assert "no PriorityClass with name none was found" in refused.body["message"]

    async def test_generated_names_and_finalizers(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        made = [await api.create(path, {"metadata": {"generateName": "g-"}}) for _ in range(3)]
        assert len({one.name for one in made}) == 3
        assert all(one.name.startswith("g-") and len(one.name) == 7 for one in made)
        kept = {"metadata": {"name": "kept", "finalizers": ["example.com/hold"]}}
        await api.create(path, kept)
        marked = await api.delete(f"{path}/kept")
        assert marked.body["metadata"]["deletionTimestamp"]
        assert (await api.get(f"{path}/kept")).code == 200
        await api.patch(f"{path}/kept", {"metadata": {"finalizers": None}})
        await api.get(f"{path}/kept", code=404)

    async def test_preconditions(self, api: Api, namespace: str) -> None:
        path = core("configmaps", namespace)
        made = await api.create(path, config("a"))
        wrong = {"preconditions": {"uid": "another"}}
        assert (await api.delete(f"{path}/a", wrong, code=409)).body["reason"] == "Conflict"
        await api.delete(f"{path}/a", {"preconditions": {"uid": made.body["metadata"]["uid"]}})

    async def test_statuses_are_objects(self, api: Api, namespace: str) -> None:
        lost = await api.get(f"{core('pods', namespace)}/none", code=404)
        assert lost.body == {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": 'pods "none" not found', "reason": "NotFound",
            "details": {"name": "none", "kind": "pods"}, "code": 404,
        }  # fmt: skip
        broken = await api.create(core("pods", namespace), b"{", code=400)
        assert json.loads(broken.data)["reason"] == "BadRequest"
