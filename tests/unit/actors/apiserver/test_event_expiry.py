"""Old events go, however many; what is still said stays."""

from actors.apiserver import event_expiry
from actors.apiserver.event_expiry import expire, is_over
from actors.apiserver.store_client import StoreClient
from cluster import names
from cluster.api.timestamps import rfc3339
from cluster.messages.store import KeyValue
from tests.support.control_plane import REPLICA, ControlPlane

NOW = 1_800_000_000.0
COUNT = event_expiry.PAGE + 6


async def test_what_nobody_said_for_an_hour_is_forgotten(plane: ControlPlane) -> None:
    store = StoreClient(plane.system.ref(names.address(names.STORE, REPLICA)))
    for number in range(COUNT):
        age = 3700 if number % 5 else 3500
        event = {
            "metadata": {"name": f"e{number:03}"},
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
            "reason": "Tested",
            "lastTimestamp": rfc3339(NOW - age),
        }
        await plane.create("events", event, "default")
    other = await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
    assert await expire(store, NOW) == COUNT * 4 // 5
    left = [item["metadata"]["name"] for item in (await plane.list("events", "default"))["items"]]
    assert left == [f"e{number:03}" for number in range(0, COUNT, 5)]
    assert await plane.get("configmaps", "a", "default") == other
    assert await expire(store, NOW) == 0


def test_an_event_without_a_readable_time_stays() -> None:
    for value in (b'{"metadata":{}}', b'{"metadata":{},"lastTimestamp":"yesterday"}'):
        assert not is_over(KeyValue("k", value, 1, 1, 1), NOW)
