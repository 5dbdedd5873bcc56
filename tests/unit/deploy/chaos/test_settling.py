"""Whether all is as it was asked for, in a cluster that others use too."""

from types import SimpleNamespace
from typing import Any, cast

from cluster.chaos.observations import Forwarded
from deploy.chaos.apps import App
from deploy.chaos.ground import Ground
from deploy.chaos.settling import Settling


def pod(namespace: str, address: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"web-{address}", "namespace": namespace, "uid": address,
            "labels": {"app": "web"},
        },
        "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip


class Shared:
    """A ground where somebody else has pods with the same label."""

    async def ask(self, request: object, turn: int = 0) -> dict[str, Any]:
        return {"items": [pod("chaos", "10.0.0.1"), pod("default", "10.0.0.2")]}

    async def containers(self) -> None:
        return None

    async def forwards(self) -> list[Forwarded]:
        return [Forwarded("node-1", "web", ("10.0.0.1",))]


async def test_pods_of_others_with_the_same_label_are_no_backends_of_ours() -> None:
    app = cast(App, SimpleNamespace(name="web", has_address=True))
    settling = Settling(cast(Ground, Shared()), "chaos", [app])
    assert await settling.leftovers() == []
