"""The real kubectl on admission policies: as the documentation's examples go."""

import asyncio

from tests.unit.actors.apiserver.test_kubectl import Shell, binary, kubectl

__all__ = ["binary", "kubectl"]

TRIES = 100
VAP = "validatingadmissionpolicy"
RULES = """
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
"""
VALIDATING = f"""
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: replicalimit-policy.example.com}}
spec:
  failurePolicy: Fail
  paramKind: {{apiVersion: v1, kind: ConfigMap}}
{RULES}
  validations:
  - expression: "object.spec.replicas <= int(params.data.maxReplicas)"
    messageExpression: "'object.spec.replicas must be no greater than ' + params.data.maxReplicas"
    reason: Invalid
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: replicalimit-binding-test.example.com}}
spec:
  policyName: replicalimit-policy.example.com
  validationActions: [Deny]
  paramRef: {{name: replica-limit, namespace: default, parameterNotFoundAction: Deny}}
  matchResources:
    namespaceSelector: {{matchLabels: {{environment: test}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: replica-limit}}
data: {{maxReplicas: "3"}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: tests, labels: {{environment: test}}}}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: x}]}
"""
MUTATING = f"""
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: labels.example.com}}
spec:
  reinvocationPolicy: Never
{RULES}
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: >
        Object{{metadata: Object.metadata{{labels: {{"by": "policy"}}}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{name: labels-binding.example.com}}
spec: {{policyName: labels.example.com}}
"""


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


async def test_a_policy_with_a_parameter_as_documented(kubectl: Shell) -> None:
    created = await kubectl("apply", "-f", "-", stdin=VALIDATING)
    assert created.count(" created") == 4
    # Lists that are replaced as a whole differ by their defaults, so kubectl patches one again.
    assert (await kubectl("apply", "-f", "-", stdin=VALIDATING)).count(" unchanged") == 3
    deploy = ("create", "-n", "tests", "--dry-run=server", "-f", "-")
    many = DEPLOYMENT.replace("REPLICAS", "5")
    for _ in range(TRIES):
        if (await kubectl.result(*deploy, stdin=many)).returncode:
            break
        await asyncio.sleep(0.01)
    assert await kubectl.fails(*deploy, stdin=many) == (
        'The deployments "web" is invalid: : ValidatingAdmissionPolicy '
        "'replicalimit-policy.example.com' with binding 'replicalimit-binding-test.example.com' "
        "denied request: object.spec.replicas must be no greater than 3\n"
    )
    assert "created" in await kubectl(*deploy, stdin=DEPLOYMENT.replace("REPLICAS", "3"))
    # In another namespace nothing is asked.
    assert "created" in await kubectl("create", "deployment", "web", "--image=x", "--replicas=5")
    shown = lines(await kubectl("get", VAP))
    assert shown[0] == ["NAME", "VALIDATIONS", "PARAMKIND", "AGE"]
    assert shown[1][:3] == ["replicalimit-policy.example.com", "1", "v1/ConfigMap"]
    shown = lines(await kubectl("get", f"{VAP}binding"))
    assert shown[0] == ["NAME", "POLICYNAME", "PARAMREF", "AGE"]
    assert shown[1][1:3] == ["replicalimit-policy.example.com", "default/replica-limit"]
    assert "Param Kind" in await kubectl("describe", VAP)
    assert "ConfigMap" in await kubectl("get", VAP, "-o", "yaml")
    assert "messageExpression" in await kubectl("explain", f"{VAP}.spec.validations")
    wrong = VALIDATING.replace("object.spec.replicas <=", "objct.spec.replicas <=")
    said = await kubectl.fails("apply", "-f", "-", stdin=wrong)
    assert "spec.validations[0].expression: Invalid value: " in said
    assert "compilation failed: ERROR: <input>:1:1: undeclared reference to 'objct'" in said


async def test_a_policy_that_changes(kubectl: Shell) -> None:
    created = await kubectl("apply", "-f", "-", stdin=MUTATING)
    assert created.count(" created") == 2
    words = ("create", "deployment", "web", "--image=x", "--dry-run=server", "-o", "yaml")
    for _ in range(TRIES):
        if "by: policy" in await kubectl(*words):
            break
        await asyncio.sleep(0.01)
    assert "by: policy" in await kubectl(*words)
    shown = [
        line.split() for line in (await kubectl("get", "mutatingadmissionpolicy")).splitlines()
    ]
    assert shown[0] == ["NAME", "MUTATIONS", "PARAMKIND", "AGE"]
    assert shown[1][:3] == ["labels.example.com", "1", "<unset>"]
    deleted = await kubectl("delete", "-f", "-", stdin=MUTATING)
    assert deleted.count(" deleted") == 2
