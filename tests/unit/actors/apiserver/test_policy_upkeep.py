"""A restarted cluster has its default policy again, and what was added to it still."""

from pathlib import Path
from typing import Any

from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from cluster.security.reconcile import AUTOUPDATE
from tests.support.control_plane import ControlPlane, control_plane

GROUP = "rbac.authorization.k8s.io"


async def role(plane: ControlPlane, name: str) -> dict[str, Any]:
    return await plane.get("clusterroles", name, group=GROUP)


async def test_what_was_taken_from_default_roles_is_put_back(tmp_path: Path) -> None:
    disk = SimDisk()
    extra = {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]}
    async with control_plane(tmp_path, world=World(RealClock(), RealEntropy(), disk)) as plane:
        for name in ("system:kube-dns", "system:node-bootstrapper"):
            await plane.update("clusterroles", {**await role(plane, name), "rules": [extra]}, GROUP)
        off = {"metadata": {"annotations": {AUTOUPDATE: "false"}}}
        await plane.patch("clusterroles", "system:node-bootstrapper", off, group=GROUP)
        await plane.delete("clusterroles", "system:heapster", group=GROUP)
        await plane.delete("clusterrolebindings", "system:monitoring", group=GROUP)
        bound = await plane.get("clusterrolebindings", "system:discovery", group=GROUP)
        eve = {"apiGroup": GROUP, "kind": "User", "name": "eve"}
        await plane.update("clusterrolebindings", {**bound, "subjects": [eve]}, GROUP)
        before = await role(plane, "view")
    async with control_plane(tmp_path, world=World(RealClock(), RealEntropy(), disk)) as plane:
        for _ in range(200):
            # What is missing altogether is written last.
            bindings = await plane.list("clusterrolebindings", group=GROUP)
            names = {item["metadata"]["name"] for item in bindings["items"]}
            if "system:monitoring" in names:
                break
            await plane.system.world.clock.sleep(0.02)
        dns = await role(plane, "system:kube-dns")
        assert dns["rules"][0] == extra and len(dns["rules"]) == 3
        assert (await role(plane, "system:node-bootstrapper"))["rules"] == [extra]
        assert (await role(plane, "system:heapster"))["rules"]
        assert (await plane.get("clusterrolebindings", "system:monitoring", group=GROUP))[
            "subjects"
        ]
        bound = await plane.get("clusterrolebindings", "system:discovery", group=GROUP)
        assert [item["name"] for item in bound["subjects"]] == ["eve", "system:authenticated"]
        # Nothing is written where nothing is missing.
        assert (await role(plane, "view")) == before
