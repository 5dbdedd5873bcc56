"""Storage objects that are in use, with the controllers at work."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from actors.controllers.actor import ControllerManager
from cluster import names
from tests.conformance.api import STRATEGIC, Api, administrator, core
from tests.support.control_plane import REPLICA, ControlPlane, control_plane
from tests.support.kubectl import Kubectl, extract

pytestmark = pytest.mark.asyncio(loop_scope="session")
Json = dict[str, Any]
SECONDS = 10.0
SIZED = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteOnce"]}
CLASSES = "/apis/storage.k8s.io/v1/volumeattributesclasses"
AT_ONCE = {"gracePeriodSeconds": 0}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """With controllers, and a node."""
    async with control_plane(tmp_path_factory.mktemp("storage"), http=True) as plane:
        servers = (names.address(names.APISERVER, REPLICA),)
        settings = plane.settings
        await plane.system.spawn(
            names.CONTROLLERS, lambda: ControllerManager(settings, REPLICA, servers)
        )
        await plane.create("nodes", {"metadata": {"name": "n1"}})
        yield plane


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def api(plane: ControlPlane) -> AsyncIterator[Api]:
    """As administrator."""
    async with administrator(plane) as client:
        yield client


def claim(name: str, **spec: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {**SIZED, **spec}}


def user(claim: str) -> Json:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim}}
    containers = [{"name": "c", "image": "i"}]
    spec = {"nodeName": "n1", "volumes": [volume], "containers": containers}
    spec["automountServiceAccountToken"] = False
    return {"metadata": {"name": f"uses-{claim}"}, "spec": spec}


def volume(name: str) -> Json:
    path = {"path": f"/srv/{name}"}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": path}
    return {"metadata": {"name": name}, "spec": spec}


async def until_gone(api: Api, path: str) -> None:
    """Return when there is nothing at the path any more."""
    collection, _, name = path.rpartition("/")
    chosen = {"fieldSelector": f"metadata.name={name}"}
    async with asyncio.timeout(SECONDS):
        found = await api.get(collection, **chosen)
        if found.body["items"]:
            async with api.watch(collection, resourceVersion=found.version, **chosen) as watch:
                while (await watch.next())[0] != "DELETED":
                    pass


async def is_going(api: Api, path: str) -> bool:
    """Whether the object is there, deleted, and held."""
    metadata = (await api.get(path)).body["metadata"]
    return "deletionTimestamp" in metadata and bool(metadata["finalizers"])


class TestStorageInUse:
    """Claims, volumes and classes of volume attributes stay while they are used. In depth:
    tests/unit/actors/controllers/test_storage_protection.py"""

    async def test_what_is_made_is_protected(self, api: Api, namespace: str) -> None:
        path = core("persistentvolumeclaims", namespace)
        made = await api.create(path, claim("a"))
        assert made.body["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
        given = claim("b")
        given["metadata"]["finalizers"] = ["example.com/a", "kubernetes.io/pvc-protection"]
        made = await api.create(path, given)
        assert made.body["metadata"]["finalizers"] == given["metadata"]["finalizers"]
        made = await api.create(core("persistentvolumes"), volume("pv-made"))
        assert made.body["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
        given = {"metadata": {"name": "made"}, "driverName": "d.example.com", "parameters": {}}
        given["parameters"] = {"iops": "1"}
        made = await api.create(CLASSES, given)
        assert made.body["metadata"]["finalizers"] == ["kubernetes.io/vac-protection"]

    async def test_a_claim_that_nobody_uses_goes_at_once(self, api: Api, namespace: str) -> None:
        path = core("persistentvolumeclaims", namespace)
        await api.create(path, claim("free"))
        answer = await api.delete(f"{path}/free")
        assert answer.body["kind"] == "PersistentVolumeClaim"
        await until_gone(api, f"{path}/free")

    async def test_a_claim_in_use_waits_for_its_pod(self, api: Api, namespace: str) -> None:
        path, pods = core("persistentvolumeclaims", namespace), core("pods", namespace)
        await api.create(path, claim("data"))
        await api.create(pods, user("data"))
        await api.delete(f"{path}/data")
        # A pod that has ended uses it still.
        done = {"status": {"phase": "Succeeded"}}
        await api.patch(f"{pods}/uses-data/status", done, STRATEGIC)
        await api.create(path, claim("other"))
        await api.delete(f"{path}/other")
        await until_gone(api, f"{path}/other")
        assert await is_going(api, f"{path}/data")
        await api.delete(f"{pods}/uses-data", AT_ONCE)
        await until_gone(api, f"{path}/data")

    async def test_a_volume_waits_until_it_is_unbound(self, api: Api) -> None:
        path = core("persistentvolumes")
        await api.create(path, volume("pv-bound"))
        await api.create(path, volume("pv-free"))
        await api.patch(f"{path}/pv-bound/status", {"status": {"phase": "Bound"}})
        await api.delete(f"{path}/pv-bound")
        await api.delete(f"{path}/pv-free")
        await until_gone(api, f"{path}/pv-free")
        assert await is_going(api, f"{path}/pv-bound")
        await api.patch(f"{path}/pv-bound/status", {"status": {"phase": "Released"}})
        await until_gone(api, f"{path}/pv-bound")

    async def test_a_class_waits_for_its_claims(self, api: Api, namespace: str) -> None:
        path = core("persistentvolumeclaims", namespace)
        for name in ("gold", "lead"):
            given = {"metadata": {"name": name}, "driverName": "d.example.com"}
            await api.create(CLASSES, {**given, "parameters": {"iops": "1"}})
        await api.create(path, claim("rich", volumeAttributesClassName="gold"))
        await api.delete(f"{CLASSES}/gold")
        await api.delete(f"{CLASSES}/lead")
        await until_gone(api, f"{CLASSES}/lead")
        assert await is_going(api, f"{CLASSES}/gold")
        await api.delete(f"{path}/rich")
        await until_gone(api, f"{CLASSES}/gold")

    async def test_a_namespace_takes_its_claims_along(self, api: Api, namespace: str) -> None:
        path, pods = core("persistentvolumeclaims", namespace), core("pods", namespace)
        await api.create(path, claim("data"))
        await api.create(pods, user("data"))
        await api.delete(f"{pods}/uses-data", AT_ONCE)
        await api.delete(f"{core('namespaces')}/{namespace}")
        await until_gone(api, f"{core('namespaces')}/{namespace}")

    async def test_kubectl_waits(
        self, api: Api, namespace: str, plane: ControlPlane, tmp_path: Path
    ) -> None:
        binary = extract(str(tmp_path))["kubectl"]
        kubectl = Kubectl(binary, plane.kubeconfig, str(tmp_path))
        path, pods = core("persistentvolumeclaims", namespace), core("pods", namespace)
        await api.create(path, claim("data"))
        await api.create(pods, user("data"))
        words = ("delete", "pvc", "data", "-n", namespace)
        late = await asyncio.to_thread(kubectl.run, *words, "--timeout=500ms")
        assert late.returncode == 1 and "timed out waiting for the condition" in late.stderr
        shown = await asyncio.to_thread(kubectl, "get", "pvc", "-n", namespace)
        assert shown.splitlines()[1].split()[:2] == ["data", "Terminating"]
        told = await asyncio.to_thread(kubectl, "describe", "pvc", "data", "-n", namespace)
        assert "[kubernetes.io/pvc-protection]" in told and "uses-data" in told
        until = ("wait", "--for=delete", "pvc/data", "-n", namespace)
        waiting = asyncio.create_task(asyncio.to_thread(kubectl, *until))
        await api.delete(f"{pods}/uses-data", AT_ONCE)
        await waiting
        await api.get(f"{path}/data", code=404)
