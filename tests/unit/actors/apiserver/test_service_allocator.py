"""Cluster IPs and node ports on the real store: unique, kept, freed."""

import asyncio
from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **spec}}


async def test_addresses_are_unique_even_when_made_at_once(plane: ControlPlane) -> None:
    made = await asyncio.gather(
        *(plane.create("services", service(f"s{n}", type="NodePort"), "default") for n in range(20))
    )
    addresses = {item["spec"]["clusterIP"] for item in made}
    ports = {item["spec"]["ports"][0]["nodePort"] for item in made}
    assert len(addresses) == len(ports) == 20
    assert not addresses & {"10.96.0.1", "10.96.0.10"}


async def test_an_address_asked_for_twice_is_refused(plane: ControlPlane) -> None:
    wanted = service("a", clusterIP="10.96.7.7")
    await plane.create("services", wanted, "default")
    for spec in (
        {"clusterIP": "10.96.7.7"},
        {"clusterIP": "10.96.0.1"},
        {"clusterIP": "192.0.2.1"},
        {"type": "NodePort", "ports": [{"port": 80, "nodePort": 99}]},
    ):
        with pytest.raises(StatusError) as refused:
            await plane.create("services", service("b", **spec), "default")
        assert refused.value.code == 422, spec


async def test_what_a_service_lets_go_another_may_have(plane: ControlPlane) -> None:
    ports = [{"port": 80, "nodePort": 30123}]
    made = await plane.create(
        "services", service("a", type="NodePort", clusterIP="10.96.7.7", ports=ports), "default"
    )
    made["spec"]["type"] = "ClusterIP"
    del made["spec"]["ports"][0]["nodePort"]
    await plane.update("services", made)
    await plane.create("services", service("b", type="NodePort", ports=ports), "default")
    await plane.delete("services", "a", "default")
    again = await plane.create("services", service("c", clusterIP="10.96.7.7"), "default")
    assert again["spec"]["clusterIP"] == "10.96.7.7"


async def test_tcp_and_udp_share_a_node_port(plane: ControlPlane) -> None:
    ports = [
        {"name": "t", "port": 53, "protocol": "TCP"},
        {"name": "u", "port": 53, "protocol": "UDP"},
    ]
    made = await plane.create("services", service("a", type="NodePort", ports=ports), "default")
    assert len({port["nodePort"] for port in made["spec"]["ports"]}) == 1
