"""Defaults of a pod."""

from typing import Any

import pytest

from cluster.api.defaults import apply_defaults
from cluster.api.defaults_pod import pull_policy
from cluster.api.kinds import by_resource

PODS = by_resource("", "v1", "pods")
assert PODS


def spec_of(spec: dict[str, Any]) -> dict[str, Any]:
    obj = {"spec": spec}
    assert PODS is not None
    apply_defaults(PODS, obj)
    return spec


@pytest.mark.parametrize(
    ("image", "policy"),
    [("web", "Always"), ("web:latest", "Always"), ("web:1.0", "IfNotPresent"),
     ("r:5000/web", "Always"), ("../web", "IfNotPresent"),
     ("r:5000/web:1", "IfNotPresent"), ("", "IfNotPresent"),
     ("web@sha256:" + "a" * 64, "IfNotPresent"), ("web:latest@sha256:" + "a" * 64, "Always"),
     ("web:1@sha256:" + "a" * 64, "IfNotPresent")],
)  # fmt: skip
def test_pull_policy(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_pod(pod: dict[str, Any]) -> None:
    spec = spec_of(pod["spec"])
    assert spec["terminationGracePeriodSeconds"] == 30 and spec["securityContext"] == {}
    assert spec["schedulerName"] == "default-scheduler" and spec["enableServiceLinks"] is True
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    (container,) = spec["containers"]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert container["terminationMessagePath"] == "/dev/termination-log"
    assert container["terminationMessagePolicy"] == "File"
    assert container["ports"][0]["protocol"] == "TCP"
    assert container["resources"]["requests"] == {"cpu": "1", "memory": "64Mi"}
    assert container["readinessProbe"] == {
        "httpGet": {"port": "http", "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_how_probes_connect_is_no_choice_yet() -> None:
    probes = {
        "livenessProbe": {"httpGet": {"port": 1, "protocol": "HTTP2"}},
        "readinessProbe": {"grpc": {"port": 1, "mode": "TLS"}},
    }
    (container,) = spec_of({"containers": [{"name": "a", "image": "a", **probes}]})["containers"]
    assert container["livenessProbe"]["httpGet"] == {"port": 1, "path": "/", "scheme": "HTTP"}
    assert container["readinessProbe"]["grpc"] == {"port": 1, "service": ""}


def test_host_network_takes_the_containers_ports(pod: dict[str, Any]) -> None:
    pod["spec"]["hostNetwork"] = True
    assert spec_of(pod["spec"])["containers"][0]["ports"][0]["hostPort"] == 80


def test_sources_of_environment_and_files() -> None:
    reference = {"fieldPath": "metadata.name"}
    spec = spec_of(
        {
            "containers": [
                {
                    "name": "a",
                    "env": [
                        {"name": "A", "valueFrom": {"fieldRef": dict(reference)}},
                        {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "x"}}},
                    ],
                    "lifecycle": {"preStop": {"httpGet": {"port": 1}}},
                }
            ],
            "volumes": [
                {"name": "a", "configMap": {"name": "x"}},
                {"name": "b", "secret": {"secretName": "x", "defaultMode": 256}},
                {"name": "c", "hostPath": {"path": "/x"}},
                {"name": "d", "downwardAPI": {"items": [{"fieldRef": dict(reference)}]}},
                {"name": "e", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
                {"name": "f", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
                {"name": "g", "image": {"reference": "x:1"}},
                {"name": "h", "iscsi": {"lun": 1}},
                {},
            ],
            "serviceAccount": "robot",
        }
    )
    env = spec["containers"][0]["env"]
    assert env[0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert env[1]["valueFrom"]["resourceFieldRef"]["divisor"] == "0"
    assert spec["containers"][0]["lifecycle"]["preStop"]["httpGet"]["scheme"] == "HTTP"
    by_name = {volume["name"]: volume for volume in spec["volumes"][:-1]}
    assert spec["volumes"][-1] == {"emptyDir": {}}
    assert by_name["h"]["iscsi"] == {"lun": 1, "iscsiInterface": "default"}
    assert by_name["a"]["configMap"]["defaultMode"] == 420
    assert by_name["b"]["secret"]["defaultMode"] == 256
    assert by_name["c"]["hostPath"]["type"] == ""
    assert by_name["d"]["downwardAPI"]["items"][0]["fieldRef"]["apiVersion"] == "v1"
    token = by_name["e"]["projected"]["sources"][0]["serviceAccountToken"]
    assert token["expirationSeconds"] == 3600
    claim = by_name["f"]["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert claim["volumeMode"] == "Filesystem"
    assert by_name["g"]["image"]["pullPolicy"] == "IfNotPresent"
    assert spec["serviceAccountName"] == "robot"


def test_a_pod_has_a_second_where_a_template_says_less_than_none() -> None:
    assert spec_of({"terminationGracePeriodSeconds": -5})["terminationGracePeriodSeconds"] == 1
