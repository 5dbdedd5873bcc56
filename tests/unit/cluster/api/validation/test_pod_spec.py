"""A pod's spec wherever it is: paths start where the caller says."""

from typing import Any

from cluster.api.defaults_pod import pod_spec
from cluster.api.status import Cause
from cluster.api.validation.pod_names import check_address
from cluster.api.validation.pod_spec import check_pod_spec


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
    assert found(dnsConfig={"searches": ["a.b.", "_tcp.a", "."]}) == []
    assert "searches[0]: Invalid value" in found(dnsConfig={"searches": ["A"]})[0]
    assert "2048 characters" in found(dnsConfig={"searches": ["a" * 250] * 9})[0]
    assert found(dnsConfig={"options": [{"value": "1"}]})[0].endswith("must not be empty")
    assert "must provide `dnsConfig`" in found(dnsPolicy="None")[0]


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


def stated(resources: dict[str, Any], *containers: dict[str, Any]) -> list[str]:
    """Of a pod that states resources for all of its containers."""
    listed = [
        {"name": f"c{n}", "image": "x", "resources": item} for n, item in enumerate(containers)
    ]
    return found(containers=listed, resources=resources)


def test_what_a_pod_states_for_all_of_its_containers() -> None:
    place = "spec.template.spec.resources"
    half = {"requests": {"cpu": "500m"}, "limits": {"cpu": "1"}}
    assert stated({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}, half, half) == []
    assert stated({"requests": {"cpu": "900m"}}, half, half) == [
        f'{place}.requests[cpu]: Invalid value: "900m": must be greater than or equal to aggregate '
        "container requests of 1"
    ]
    assert stated({"limits": {"cpu": "800m"}}, half) == [
        f'{place}.containers[0][cpu].limits: Invalid value: "1": must be less than or equal to pod '
        "limits of 800m"
    ]
    [problem] = stated({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}, {})
    assert (
        problem.startswith(f"{place}.requests: ") and "less than or equal to cpu limit" in problem
    )
    [problem] = stated({"requests": {"ephemeral-storage": "1Gi"}}, {})
    assert problem.startswith(f"{place}.requests[ephemeral-storage]: Unsupported value")
    [problem] = stated({"claims": [{"name": "a"}]}, {})
    assert problem.endswith("claims: Forbidden: claims may not be set for Resources at pod-level")
