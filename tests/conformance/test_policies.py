"""Section B, rows 6, 7, 11, 12 and 14: custom resources, CEL, quotas, accounts, addresses.

Row 8 (webhooks): tests/e2e/test_admission_webhooks.py. Row 9 (aggregation): the tests named in
docs/decisions/0028. Row 10 (garbage collection): tests/unit/actors/controllers, tests/e2e.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.api import Answer, Api, Refused, core

pytestmark = pytest.mark.asyncio(loop_scope="session")
Json = dict[str, Any]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1"


async def until(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """What is written reaches those who judge by it within a second: try until it has."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await call()
            except Refused:
                await asyncio.sleep(0.02)


def pod(name: str, **requests: str) -> Json:
    resources = {"requests": requests, "limits": requests} if requests else {}
    container = {"name": "c", "image": "i", "resources": resources}
    return {"metadata": {"name": name}, "spec": {"containers": [container]}}


class TestCustomResources:
    """Rows 6 and 7: custom resources and their rules. In depth:
    tests/unit/actors/apiserver/custom/, tests/unit/cluster/api/custom/."""

    async def test_from_definition_to_removal(self, api: Api, namespace: str) -> None:
        kind = "K" + namespace.replace("-", "")
        plural = kind.lower() + "s"
        rule = {"rule": "self.size <= 10", "message": "too large"}
        spec = {"type": "object", "x-kubernetes-validations": [rule],
                "properties": {"size": {"type": "integer", "default": 3},
                               "color": {"type": "string"}}}  # fmt: skip
        version = {
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
            "selectableFields": [{"jsonPath": ".spec.color"}],
            "additionalPrinterColumns": [
                {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
            ],
        }  # fmt: skip
        names = {"plural": plural, "kind": kind}
        crd = {"metadata": {"name": f"{plural}.e2e.example.com"},
               "spec": {"group": "e2e.example.com", "scope": "Namespaced", "names": names,
                        "versions": [version]}}  # fmt: skip
        await api.create(CRDS, crd)
        path = f"/apis/e2e.example.com/v1/namespaces/{namespace}/{plural}"
        body: Json = {"apiVersion": "e2e.example.com/v1", "kind": kind,
                      "metadata": {"name": "a"}, "spec": {"color": "red", "gone": 1}}  # fmt: skip
        made = await until(lambda: api.create(path, body))
        assert made.body["spec"] == {"color": "red", "size": 3}
        refused = await api.patch(f"{path}/a", {"spec": {"size": 11}}, code=422)
        assert "spec: Invalid value: too large" in refused.body["message"]
        found = await api.get(path, fieldSelector="spec.color=red")
        assert len(found.body["items"]) == 1
        async with asyncio.timeout(5):
            while True:
                document = await api.get("/openapi/v3/apis/e2e.example.com/v1")
                if any(kind in name for name in document.body["components"]["schemas"]):
                    break
        await api.delete(f"{CRDS}/{plural}.e2e.example.com")
        wrong = json.loads(json.dumps(crd))
        wrong["metadata"]["name"] = f"x{plural}.e2e.example.com"
        wrong["spec"]["names"] = {"plural": f"x{plural}", "kind": f"X{kind}"}
        inner = wrong["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        inner["x-kubernetes-validations"] = [{"rule": "self.sise == 1"}]
        refused = await api.create(CRDS, wrong, code=422)
        assert "undefined field 'sise'" in refused.body["message"]


class TestAdmissionPolicies:
    """Row 7: admission policies. In depth: tests/unit/actors/apiserver/admission/."""

    def matching(self, namespace: str) -> Json:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                "resources": ["configmaps"]}  # fmt: skip
        chosen = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        return {"resourceRules": [rule], "namespaceSelector": chosen}

    async def test_validating(self, api: Api, namespace: str) -> None:
        name = f"v-{namespace}"
        spec = {
            "matchConstraints": self.matching(namespace),
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "variables": [{"name": "most", "expression": "int(params.data.most)"}],
            "validations": [
                {
                    "expression": "!has(object.data) || size(object.data) <= variables.most",
                    "messageExpression": "'at most ' + string(variables.most)",
                }
            ],
        }
        await api.create(
            core("configmaps", "default"), {"metadata": {"name": name}, "data": {"most": "1"}}
        )
        await api.create(
            f"{ADMISSION}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec}
        )
        bound = {
            "policyName": name,
            "validationActions": ["Deny"],
            "paramRef": {
                "name": name, "namespace": "default", "parameterNotFoundAction": "Deny",
            },
        }  # fmt: skip
        await api.create(
            f"{ADMISSION}/validatingadmissionpolicybindings",
            {"metadata": {"name": name}, "spec": bound},
        )
        path, number = core("configmaps", namespace), iter(range(1000))

        def attempt() -> Awaitable[Answer]:
            two = {"metadata": {"name": f"c{next(number)}"}, "data": {"a": "1", "b": "2"}}
            return api.create(path, two, code=422)

        refused = await until(attempt)
        assert refused.body["message"].endswith(
            f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: at most 1"
        )
        await api.create(path, {"metadata": {"name": "right"}, "data": {"a": "1"}})
        await api.delete(f"{ADMISSION}/validatingadmissionpolicies/{name}")
        await api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/{name}")

    async def test_mutating(self, api: Api, namespace: str) -> None:
        name = f"m-{namespace}"
        expression = 'Object{metadata: Object.metadata{labels: {"set": "by-policy"}}}'
        spec = {
            "matchConstraints": self.matching(namespace),
            "reinvocationPolicy": "Never",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": expression},
                },
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {
                        "expression": '[JSONPatch{op: "add", path: "/data", value: {"a": "b"}}]'
                    },
                },
            ],
        }
        await api.create(
            f"{ADMISSION}/mutatingadmissionpolicies", {"metadata": {"name": name}, "spec": spec}
        )
        await api.create(
            f"{ADMISSION}/mutatingadmissionpolicybindings",
            {"metadata": {"name": name}, "spec": {"policyName": name}},
        )
        path, number = core("configmaps", namespace), iter(range(1000))

        async def attempt() -> Answer:
            made = await api.create(path, {"metadata": {"name": f"c{next(number)}"}})
            if "labels" not in made.body["metadata"]:
                raise Refused("not yet")
            return made

        made = await until(attempt)
        assert made.body["metadata"]["labels"] == {"set": "by-policy"}
        assert made.body["data"] == {"a": "b"}
        await api.delete(f"{ADMISSION}/mutatingadmissionpolicies/{name}")
        await api.delete(f"{ADMISSION}/mutatingadmissionpolicybindings/{name}")

    async def test_what_does_not_compile(self, api: Api) -> None:
        spec = {
            "matchConstraints": self.matching("default"),
            "validations": [{"expression": "object.spec ++ 1"}],
        }
        path = f"{ADMISSION}/validatingadmissionpolicies"
        refused = await api.create(path, {"metadata": {"name": "x"}, "spec": spec}, code=422)
        cause = refused.body["details"]["causes"][0]
        assert cause["field"] == "spec.validations[0].expression"
        assert "compilation failed" in cause["message"]


class TestQuotas:
    """Row 11: quotas, limit ranges. In depth:
    tests/unit/actors/apiserver/admission/test_resource_quota.py, test_limit_ranger.py."""

    async def test_what_is_used_is_counted_and_refused(self, api: Api, namespace: str) -> None:
        hard = {"pods": "2", "requests.cpu": "1", "count/configmaps": "100"}
        quotas, pods = core("resourcequotas", namespace), core("pods", namespace)
        await api.create(quotas, {"metadata": {"name": "q"}, "spec": {"hard": hard}})
        # What the quota controller writes first; none runs here.
        used = dict.fromkeys(hard, "0")
        await api.patch(f"{quotas}/q/status", {"status": {"hard": hard, "used": used}})

        nothing = {**pod("nothing"), "metadata": {"generateName": "nothing-"}}
        refused = await until(lambda: api.create(pods, nothing, code=403))
        assert "must specify requests.cpu" in refused.body["message"]
        await api.create(pods, pod("a", cpu="600m"))
        refused = await api.create(pods, pod("b", cpu="600m"), code=403)
        assert (
            "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, "
            "limited: requests.cpu=1"
        ) in refused.body["message"]
        quota = await api.get(f"{core('resourcequotas', namespace)}/q")
        assert quota.body["status"]["used"]["requests.cpu"] == "600m"

    async def test_limit_ranges(self, api: Api, namespace: str) -> None:
        limit = {"type": "Container", "defaultRequest": {"cpu": "100m"}, "default": {"cpu": "200m"},
                 "max": {"cpu": "500m"}}  # fmt: skip
        await api.create(
            core("limitranges", namespace), {"metadata": {"name": "l"}, "spec": {"limits": [limit]}}
        )

        async def attempt() -> Answer:
            made = await api.create(
                core("pods", namespace), {**pod("x"), "metadata": {"generateName": "a"}}
            )
            if not made.body["spec"]["containers"][0]["resources"]:
                raise Refused("not yet")
            return made

        made = await until(attempt)
        assert made.body["spec"]["containers"][0]["resources"] == {
            "requests": {"cpu": "100m"}, "limits": {"cpu": "200m"},
        }  # fmt: skip
        refused = await api.create(core("pods", namespace), pod("big", cpu="1"), code=403)
        assert "maximum cpu usage per Container is 500m, but limit is 1" in refused.body["message"]


class TestAccounts:
    """Row 12: accounts, tokens, rights. In depth: tests/security/,
    tests/unit/actors/apiserver/test_authentication.py."""

    async def test_tokens_are_what_discovery_says(self, api: Api, namespace: str) -> None:
        await api.create(core("serviceaccounts", namespace), {"metadata": {"name": "robot"}})
        asked = {"spec": {"audiences": ["vault"], "expirationSeconds": 600}}
        path = f"{core('serviceaccounts', namespace)}/robot/token"
        token = (await api.create(path, asked)).body["status"]["token"]
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issuer = (await api.get("/.well-known/openid-configuration")).body["issuer"]
        assert (claims["iss"], claims["aud"]) == (issuer, ["vault"])
        assert claims["sub"] == f"system:serviceaccount:{namespace}:robot"
        assert (await api.get("/openid/v1/jwks")).body["keys"]
        review = {"spec": {"token": token, "audiences": ["vault"]}}
        found = await api.create("/apis/authentication.k8s.io/v1/tokenreviews", review)
        assert found.body["status"]["authenticated"] is True
        assert found.body["status"]["user"]["username"] == claims["sub"]

    async def test_impersonation_and_reviews(self, api: Api, namespace: str) -> None:
        jane = {"Impersonate-User": "jane"}
        path = core("configmaps", namespace)
        refused = await api.get(path, headers=jane, code=403)
        assert 'User "jane" cannot list resource "configmaps"' in refused.body["message"]
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
        binding = {
            "metadata": {"name": "jane"},
            "subjects": [{"kind": "User", "name": "jane"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": "view"},
        }  # fmt: skip
        await api.create(rbac, binding)
        await until(lambda: api.get(path, headers=jane))
        await api.create(path, {"metadata": {"name": "a"}}, headers=jane, code=403)
        attributes = {"verb": "list", "resource": "configmaps", "namespace": namespace}
        review = {"spec": {"user": "jane", "resourceAttributes": attributes}}
        found = await api.create(f"{REVIEWS}/subjectaccessreviews", review)
        assert found.body["status"]["allowed"] is True

    @pytest.mark.parametrize(
        ("pods", "accounts", "mounted"),
        [
            (None, None, True), (None, True, True), (None, False, False),
            (True, None, True), (True, True, True), (True, False, True),
            (False, None, False), (False, True, False), (False, False, False),
        ],
    )  # fmt: skip
    async def test_automount(
        self, api: Api, namespace: str, pods: bool | None, accounts: bool | None, mounted: bool
    ) -> None:
        account: Json = {"metadata": {"name": "robot"}}
        given = pod("a")
        given["spec"]["serviceAccountName"] = "robot"
        for obj, said in ((account, accounts), (given["spec"], pods)):
            if said is not None:
                obj["automountServiceAccountToken"] = said
        await api.create(core("serviceaccounts", namespace), account)
        made = await api.create(core("pods", namespace), given)
        mounts = made.body["spec"]["containers"][0].get("volumeMounts") or []
        assert [item["name"].startswith("kube-api-access-") for item in mounts] == [True] * mounted

    async def test_pods_get_an_account_and_its_token(self, api: Api, namespace: str) -> None:
        await api.create(core("serviceaccounts", namespace), {"metadata": {"name": "robot"}})
        given = pod("a")
        given["spec"]["serviceAccountName"] = "robot"
        made = await api.create(core("pods", namespace), given)
        mounts = made.body["spec"]["containers"][0]["volumeMounts"]
        assert mounts[0]["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
        given = {**pod("b"), "metadata": {"name": "b"}}
        given["spec"] = {**given["spec"], "serviceAccountName": "robot",
                         "automountServiceAccountToken": False}  # fmt: skip
        made = await api.create(core("pods", namespace), given)
        assert not made.body["spec"]["containers"][0].get("volumeMounts")
        given = {**pod("c"), "metadata": {"name": "c"}}
        given["spec"] = {**given["spec"], "serviceAccountName": "none"}
        await api.create(core("pods", namespace), given, code=403)


class TestAddresses:
    """Row 14: addresses and ports of Services. In depth:
    tests/unit/actors/apiserver/test_service_allocator.py."""

    async def test_types_of_services_take_and_give_back(self, api: Api, namespace: str) -> None:
        path = core("services", namespace)
        spec = {"ports": [{"port": 80}], "selector": {"a": "b"}}
        made = await api.create(path, {"metadata": {"name": "s"}, "spec": spec})
        address = made.body["spec"]["clusterIP"]
        addresses = "/apis/networking.k8s.io/v1/ipaddresses"
        held = await api.get(f"{addresses}/{address}")
        assert held.body["spec"]["parentRef"]["name"] == "s"
        change = {"spec": {"type": "ExternalName", "externalName": "example.com",
                           "clusterIP": None, "clusterIPs": None, "ports": None}}  # fmt: skip
        found = await api.patch(f"{path}/s", change)
        assert not found.body["spec"].get("clusterIP")
        await api.get(f"{addresses}/{address}", code=404)
        change = {"spec": {"type": "NodePort", "externalName": None, "ports": [{"port": 80}]}}
        found = await api.patch(f"{path}/s", change)
        port = found.body["spec"]["ports"][0]["nodePort"]
        assert 30000 <= port <= 32767 and found.body["spec"]["clusterIP"]
        taken = {"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}
        refused = await api.create(path, {"metadata": {"name": "t"}, "spec": taken}, code=422)
        assert "provided port is already allocated" in refused.body["message"]
        change = {"spec": {"type": "ClusterIP", "ports": [{"port": 80, "nodePort": None}]}}
        await api.patch(f"{path}/s", change)
        await api.create(path, {"metadata": {"name": "t"}, "spec": taken})
