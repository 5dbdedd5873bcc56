"""The Node object."""

from actors.kit.world.containers import Image, RuntimeInfo
from actors.kubelet import node_status
from actors.kubelet.machine import MachineInfo, memory_bytes, pretty_name
from cluster.api.types import Object
from cluster.settings import NodeSettings

NODE = NodeSettings("n", "a", "10.245.0.1", "127.0.0.1:7101", "10.244.1.0/24", share=0.25)
MACHINE = MachineInfo(cpus=2, memory=8 << 30, storage=100 << 30)


def status(problem: str = "", old: Object | None = None, now: float = 1e9) -> Object:
    info = RuntimeInfo("docker", "20.10")
    images = [Image("a", tags=("small",), size=1), Image("b"), Image("c", ("big",), size=9)]
    return node_status.node_status(NODE, MACHINE, info, images, problem, old or {}, now)


def test_capacity_is_the_nodes_share() -> None:
    found = status()
    assert found["capacity"]["cpu"] == "500m" and found["capacity"]["memory"] == "2Gi"
    assert found["allocatable"]["memory"] == "1948Mi"
    assert found["capacity"]["pods"] == "110"


def test_ready_and_not() -> None:
    ready = status()
    assert ready["conditions"][-1]["status"] == "True"
    later = status("down", ready, 2e9)
    last = later["conditions"][-1]
    assert (last["status"], last["message"]) == ("False", "down")
    assert last["lastTransitionTime"] != ready["conditions"][-1]["lastTransitionTime"]
    pressure = later["conditions"][0]
    assert pressure["lastTransitionTime"] == ready["conditions"][0]["lastTransitionTime"]


def test_heartbeats_alone_are_no_change() -> None:
    first = status()
    assert node_status.same_but_heartbeat(first, status(old=first, now=1.5e9))
    assert not node_status.same_but_heartbeat(first, status("down", first))


def test_conditions_of_others_stay() -> None:
    other = {"type": "NetworkUnavailable", "status": "False"}
    assert status(old={"conditions": [other]})["conditions"][0] == other


def test_images_biggest_first() -> None:
    assert [item["names"] for item in status()["images"]] == [["big"], ["small"]]


def test_lease() -> None:
    lease = node_status.lease_object("n", "uid", 15.0, 1e9)
    assert lease["spec"]["leaseDurationSeconds"] == 15
    assert lease["spec"]["renewTime"] == "2001-09-09T01:46:40.000000Z"
    assert lease["metadata"]["ownerReferences"][0]["uid"] == "uid"


def test_machine_files() -> None:
    assert memory_bytes("MemFree: 1 kB\nMemTotal:  2048 kB\n") == 2 << 20
    assert memory_bytes("") == 0
    assert pretty_name('ID=x\nPRETTY_NAME="Debian 12"\n') == "Debian 12"
