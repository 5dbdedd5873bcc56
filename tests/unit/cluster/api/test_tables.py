"""Tables of all kinds: the columns people know, and no object that breaks one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kind import SCALE_KIND
from cluster.api.kinds import KINDS, Kind
from cluster.api.tables import COLUMNS, columns_of, render_table

NOW = 1_700_000_100.0
AT = "2023-11-14T22:13:20Z"
META = {"name": "x", "creationTimestamp": AT}
BY_KIND = {(kind.group, kind.kind): kind for kind in (*KINDS, SCALE_KIND)}
TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "i:1"}, {"name": "d", "image": "j"}]}}


def line(group: str, kind: str, obj: dict[str, Any], wide: bool = False) -> list[Any]:
    table = render_table(BY_KIND[group, kind], [{"metadata": META, **obj}], NOW)
    cells = table["rows"][0]["cells"]
    shown = zip(cells, table["columnDefinitions"], strict=True)
    return [cell for cell, column in shown if wide or column["priority"] == 0]


def headers(group: str, kind: str) -> list[str]:
    return [c.name.upper() for c in columns_of(BY_KIND[group, kind]) if not c.priority]


@pytest.mark.parametrize(
    ("group", "kind", "expected"),
    [
        ("", "Pod", "NAME READY STATUS RESTARTS AGE"),
        ("", "Node", "NAME STATUS ROLES AGE VERSION"),
        ("", "Service", "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"),
        ("", "Namespace", "NAME STATUS AGE"),
        ("", "ConfigMap", "NAME DATA AGE"),
        ("", "Secret", "NAME TYPE DATA AGE"),
        ("", "Endpoints", "NAME ENDPOINTS AGE"),
        ("apps", "Deployment", "NAME READY UP-TO-DATE AVAILABLE AGE"),
        ("autoscaling", "Scale", "NAME DESIRED AVAILABLE AGE"),
        ("apps", "ReplicaSet", "NAME DESIRED CURRENT READY AGE"),
        ("discovery.k8s.io", "EndpointSlice", "NAME ADDRESSTYPE PORTS ENDPOINTS AGE"),
        ("coordination.k8s.io", "Lease", "NAME HOLDER AGE"),
        ("rbac.authorization.k8s.io", "RoleBinding", "NAME ROLE AGE"),
    ],
)
def test_headers(group: str, kind: str, expected: str) -> None:
    assert " ".join(headers(group, kind)) == expected
    assert headers("", "Event") == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]


def test_every_column_is_of_a_kind_there_is() -> None:
    assert {("", ""), *COLUMNS} - set(BY_KIND) == {("", "")}


def test_workloads() -> None:
    spec = {"replicas": 3, "template": TEMPLATE, "selector": {"matchLabels": {"app": "web"}}}
    status = {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1, "replicas": 4}
    obj = {"spec": spec, "status": status}
    assert line("apps", "Deployment", obj, wide=True) == [
        "x", "2/3", 3, 1, "100s", "c,d", "i:1,j", "app=web",
    ]  # fmt: skip
    assert line("apps", "ReplicaSet", obj) == ["x", 3, 4, 2, "100s"]
    assert line("apps", "StatefulSet", obj, wide=True) == ["x", "2/3", "100s", "c,d", "i:1,j"]
    assert line("apps", "Deployment", {"spec": {}}) == ["x", "0/0", 0, 0, "100s"]
    counts = {"desiredNumberScheduled": 3, "numberReady": 2}
    assert line("apps", "DaemonSet", {"spec": {}, "status": counts})[1:4] == [3, 0, 2]


def test_jobs() -> None:
    done = {
        "spec": {"completions": 1},
        "status": {
            "succeeded": 1,
            "conditions": [{"type": "Complete", "status": "True"}],
            "startTime": AT,
            "completionTime": "2023-11-14T22:13:25Z",
        },
    }
    assert line("batch", "Job", done) == ["x", "Complete", "1/1", "5s", "100s"]
    running = {"spec": {"parallelism": 2}, "status": {"startTime": AT}}
    assert line("batch", "Job", running) == ["x", "Running", "0/1 of 2", "100s", "100s"]
    cron = {"spec": {"schedule": "* * * * *"}, "status": {"active": [{}]}}
    assert line("batch", "CronJob", cron) == [
        "x", "* * * * *", "<none>", "False", 1, "<none>", "100s",
    ]  # fmt: skip


def test_nodes() -> None:
    node = {
        "metadata": {**META, "labels": {"node-role.kubernetes.io/worker": ""}},
        "spec": {"unschedulable": True},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1.37.0", "osImage": "Debian"},
        },
    }
    assert line("", "Node", node, wide=True) == [
        "x", "Ready,SchedulingDisabled", "worker", "100s", "v1.37.0",
        "10.0.0.1", "<none>", "Debian", "<unknown>", "<unknown>",
    ]  # fmt: skip
    for status, text in (("False", "NotReady"), ("Unknown", "NotReady"), (None, "Unknown")):
        conditions = [{"type": "Ready", "status": status}] if status else []
        assert line("", "Node", {"status": {"conditions": conditions}})[1:3] == [text, "<none>"]


def test_services() -> None:
    ports = [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]
    spec = {"type": "NodePort", "clusterIP": "10.96.0.9", "ports": ports, "selector": {"a": "b"}}
    assert line("", "Service", {"spec": spec}, wide=True) == [
        "x", "NodePort", "10.96.0.9", "<none>", "80:30080/TCP,53/UDP", "100s", "a=b",
    ]  # fmt: skip
    spec = {**spec, "type": "LoadBalancer"}
    assert line("", "Service", {"spec": spec})[3] == "<pending>"
    status = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "lb"}]}}
    assert line("", "Service", {"spec": spec, "status": status})[3] == "1.2.3.4,lb"
    external = {"spec": {"type": "ExternalName", "externalName": "example.com"}}
    assert line("", "Service", external)[1:5] == ["ExternalName", "<none>", "example.com", "<none>"]


def test_endpoints() -> None:
    addresses = [{"ip": f"10.0.0.{n}"} for n in range(1, 6)]
    obj = {"subsets": [{"addresses": addresses, "ports": [{"port": 80}]}]}
    assert line("", "Endpoints", obj)[1] == "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more..."
    assert line("", "Endpoints", {})[1] == "<none>"
    obj = {
        "addressType": "IPv4",
        "ports": [{"port": 80}, {"name": "all"}],
        "endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"]}],
    }
    found = line("discovery.k8s.io", "EndpointSlice", obj)
    assert found[1:4] == ["IPv4", "80,*", "10.0.0.1,10.0.0.2"]
    empty = line("discovery.k8s.io", "EndpointSlice", {"addressType": "IPv4"})
    assert empty[2:4] == ["<unset>", "<unset>"]


def test_events_of_both_groups() -> None:
    event = {
        "type": "Normal",
        "reason": "Scheduled",
        "message": "assigned ",
        "involvedObject": {"kind": "Pod", "name": "web"},
        "firstTimestamp": AT,
        "lastTimestamp": "2023-11-14T22:14:50Z",
    }
    assert line("", "Event", event) == ["10s", "Normal", "Scheduled", "pod/web", "assigned"]
    event = {"type": "Normal", "note": "n", "regarding": {"kind": "Node"}, "eventTime": AT}
    found = line("events.k8s.io", "Event", event, wide=True)
    assert found == ["100s", "Normal", "", "node", "", "", "n", "100s", 1, "x"]


def test_bindings_and_others() -> None:
    binding = {
        "roleRef": {"kind": "ClusterRole", "name": "view"},
        "subjects": [
            {"kind": "User", "name": "u"},
            {"kind": "ServiceAccount", "namespace": "n", "name": "s"},
        ],
    }
    found = line("rbac.authorization.k8s.io", "RoleBinding", binding, wide=True)
    assert found == ["x", "ClusterRole/view", "100s", "u", "", "n/s"]
    assert line("rbac.authorization.k8s.io", "Role", {}) == ["x", AT]
    assert line("scheduling.k8s.io", "PriorityClass", {"value": 7})[1:3] == [7, False]
    assert line("", "ConfigMap", {"data": {"a": ""}, "binaryData": {"b": ""}})[1] == 2
    hard = {"hard": {"pods": "4", "limits.cpu": "2"}, "used": {"pods": "1"}}
    quota = line("", "ResourceQuota", {"status": hard})
    assert quota[1:3] == ["pods: 1/4", "limits.cpu: 0/2"]


def test_what_goes_along() -> None:
    obj = {"metadata": META, "data": {"a": "b"}}
    kind = BY_KIND["", "ConfigMap"]
    (row,) = render_table(kind, [obj], NOW, "None")["rows"]
    assert row["object"] is None
    (row,) = render_table(kind, [obj], NOW, "Object")["rows"]
    assert row["object"] is obj
    (row,) = render_table(kind, [obj], NOW)["rows"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"] == META
    table = render_table(kind, [], NOW)
    assert table["rows"] == []
    assert table["columnDefinitions"][0]["format"] == "name"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.group}.{kind.kind}")
def test_a_bare_object_of_any_kind_has_a_line(kind: Kind) -> None:
    for obj in ({"metadata": META}, {"metadata": META, "spec": {}, "status": {}}):
        (row,) = render_table(kind, [obj], NOW)["rows"]
        assert len(row["cells"]) == len(columns_of(kind))
        for cell in row["cells"]:
            assert isinstance(cell, str | int)


@given(st.floats(0, 4e9))
def test_any_time_will_do(now: float) -> None:
    assert render_table(BY_KIND["", "Pod"], [{"metadata": META}], now)["rows"]
