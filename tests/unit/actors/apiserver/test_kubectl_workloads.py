"""The real kubectl on jobs, sets, quotas, budgets and autoscalers: create, show, change, scale."""

from tests.unit.actors.apiserver.test_kubectl import Shell, binary, kubectl

__all__ = ["binary", "kubectl"]

TEMPLATE = """
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
"""
MANIFEST = f"""
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
{TEMPLATE}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: web}}}}
{TEMPLATE}
---
apiVersion: v1
kind: ReplicationController
metadata: {{name: old}}
spec:
  replicas: 3
{TEMPLATE}
---
apiVersion: v1
kind: LimitRange
metadata: {{name: bounds}}
spec: {{limits: [{{type: Container, max: {{cpu: "2"}}, default: {{cpu: "1"}}}}]}}
---
apiVersion: apps/v1
kind: ControllerRevision
metadata: {{name: db-1}}
revision: 1
data: {{a: b}}
"""


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


async def test_sets_are_applied_shown_scaled_and_deleted(kubectl: Shell) -> None:
    created = await kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert created.count(" created") == 5
    # Lists that are replaced as a whole differ by their defaults, so kubectl patches them again.
    again = await kubectl("apply", "-f", "-", stdin=MANIFEST)
    assert again.count(" unchanged") == 3 and again.count(" configured") == 2
    shown = lines(await kubectl("get", "sts", "-o", "wide"))
    assert shown[0] == ["NAME", "READY", "AGE", "CONTAINERS", "IMAGES"]
    assert shown[1][:2] == ["db", "0/2"] and shown[1][3:] == ["c", "nginx"]
    assert lines(await kubectl("get", "ds"))[1][:6] == ["agent", "0", "0", "0", "0", "0"]
    assert lines(await kubectl("get", "rc", "-o", "wide"))[1][:4] == ["old", "3", "0", "0"]
    assert "db-1" in await kubectl("get", "controllerrevisions")
    for name in ("sts/db", "ds/agent", "rc/old", "limits/bounds", "controllerrevision/db-1"):
        assert "Name:" in await kubectl("describe", name)
    assert await kubectl("scale", "sts/db", "--replicas=5") == "statefulset.apps/db scaled\n"
    assert await kubectl("scale", "rc/old", "--replicas=1") == (
        "replicationcontroller/old scaled\n"
    )
    assert await kubectl("get", "sts/db", "-o", "jsonpath={.spec.replicas}") == "5"
    patch = '{"spec":{"minReadySeconds":3}}'
    assert await kubectl("patch", "ds/agent", "-p", patch) == "daemonset.apps/agent patched\n"
    refused = await kubectl.fails("patch", "sts/db", "-p", '{"spec":{"serviceName":"x"}}')
    assert "spec.serviceName: Invalid value" in refused
    assert "daemonset.apps/agent" in await kubectl("get", "all", "-o", "name")
    deleted = await kubectl("delete", "sts/db", "ds/agent", "rc/old", "--wait=false")
    assert deleted.count(" deleted") == 3


async def test_jobs_and_cron_jobs(kubectl: Shell) -> None:
    assert await kubectl("create", "job", "once", "--image=busybox", "--", "true") == (
        "job.batch/once created\n"
    )
    words = ("create", "cronjob", "often", "--image=busybox", "--schedule=*/5 * * * *")
    assert await kubectl(*words, "--", "true") == "cronjob.batch/often created\n"
    made = await kubectl("create", "job", "from", "--from=cronjob/often")
    assert made == "job.batch/from created\n"
    shown = lines(await kubectl("get", "jobs"))
    assert shown[0] == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert ["once", "Running", "0/1"] in [line[:3] for line in shown]
    assert "*/5 * * * *" in await kubectl("get", "cronjobs", "-o", "wide")
    selector = await kubectl("get", "job/once", "-o", "jsonpath={.spec.selector.matchLabels}")
    assert "batch.kubernetes.io/controller-uid" in selector
    assert "Completions:" in await kubectl("describe", "job/once")
    assert "Schedule:" in await kubectl("describe", "cronjob/often")
    await kubectl("patch", "job/once", "-p", '{"spec":{"suspend":true}}')
    wrong = ("create", "cronjob", "never", "--image=busybox", "--schedule=61 * * * *")
    refused = await kubectl.fails(*wrong)
    assert "end of range (61) above maximum (59): 61" in refused
    assert await kubectl("delete", "job/once") == (
        'job.batch "once" deleted from default namespace\n'
    )


async def test_quotas_budgets_and_autoscalers(kubectl: Shell) -> None:
    created = await kubectl("create", "quota", "q", "--hard=cpu=1,pods=2,count/jobs.batch=3")
    assert created == "resourcequota/q created\n"
    assert "NAME" in await kubectl("get", "quota")
    assert "Name:" in await kubectl("describe", "quota", "q")
    words = ("create", "poddisruptionbudget", "b", "--selector=app=web", "--min-available=1")
    assert await kubectl(*words) == "poddisruptionbudget.policy/b created\n"
    assert lines(await kubectl("get", "pdb"))[1][:4] == ["b", "1", "N/A", "0"]
    assert "Min available:" in await kubectl("describe", "pdb", "b")
    await kubectl("delete", "quota", "q")
    await kubectl("create", "deployment", "web", "--image=nginx")
    scaled = await kubectl("autoscale", "deployment", "web", "--min=2", "--max=5", "--cpu=70%")
    assert scaled == "horizontalpodautoscaler.autoscaling/web autoscaled\n"
    shown = lines(await kubectl("get", "hpa"))[1]
    assert shown[:7] == ["web", "Deployment/web", "cpu:", "<unknown>/70%", "2", "5", "0"]
    old = await kubectl(
        "get", "horizontalpodautoscalers.v1.autoscaling", "web", "-o",
        "jsonpath={.spec.targetCPUUtilizationPercentage}",
    )  # fmt: skip
    assert old == "70"
    assert "Deployment pods:" in await kubectl("describe", "hpa", "web")


async def test_the_health_of_components(kubectl: Shell) -> None:
    shown = lines(await kubectl("get", "cs"))
    assert shown[0] == ["NAME", "STATUS", "MESSAGE", "ERROR"]
    states = {line[0]: line[1] for line in shown[1:]}
    assert states == {
        "controller-manager": "Unhealthy",  # this control plane is a store and an API server
        "etcd-0": "Healthy",
        "scheduler": "Unhealthy",
    }
