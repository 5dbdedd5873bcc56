"""A pod's spec wherever it is: paths start where the caller says."""

from typing import Any

from cluster.api.defaults_pod import pod_spec
from cluster.api.status import Cause
from cluster.api.validation.pod_spec import check_address, check_pod_spec


def found(**fields: Any) -> list[str]:
    spec = {"containers": [{"name": "a", "image": "x"}], **fields}
    pod_spec(spec)
    causes: list[Cause] = []
    check_pod_spec("spec.template.spec", spec, causes)
    return [cause.text() for cause in causes]


def test_paths_start_where_the_caller_says() -> None:
    assert found() == []
    assert found(containers=[]) == ["spec.template.spec.containers: Required value"]


def test_dns() -> None:
    assert found(dnsPolicy="None", dnsConfig={"nameservers": ["10.0.0.1"]}) == []
    assert "more than 3" in found(dnsConfig={"nameservers": ["10.0.0.1"] * 4})[0]
    assert "must be a valid IP" in found(dnsConfig={"nameservers": ["dns"]})[0]


def test_init_containers_run_alone_but_have_names_of_their_own() -> None:
    port = {"containerPort": 80, "hostPort": 80}
    init = [{"name": name, "image": "x", "ports": [dict(port)]} for name in ("b", "c")]
    assert found(initContainers=init) == []
    assert 'Duplicate value: "a"' in found(initContainers=[{"name": "a", "image": "x"}])[0]


def test_enums_and_aliases() -> None:
    assert "Unsupported value" in found(preemptionPolicy="X")[0]
    assert found(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a.b"]}]) == []
    assert "hostnames[0]" in found(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["-"]}])[0]


def test_addresses() -> None:
    causes: list[Cause] = []
    check_address("a", "10.0.0.1", causes)
    check_address("a", "2001:db8::1", causes)
    assert causes == []
    check_address("a", "10.0.0.256", causes)
    assert len(causes) == 1
