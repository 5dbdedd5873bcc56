"""PodFiles that touch no disk: for simulation and nodes without containers."""

from collections.abc import Mapping

from actors.kubelet.volumes import FileEntry


class MemoryFiles:
    """``volumes`` by (uid, plugin, name) and ``files`` by (uid, name) are there to be looked at."""

    def __init__(self) -> None:
        self.volumes: dict[tuple[str, str, str], dict[str, FileEntry]] = {}
        self.files: dict[tuple[str, str], bytes] = {}

    async def make_directory(self, uid: str, plugin: str, name: str, group: int | None) -> str:
        self.volumes.setdefault((uid, plugin, name), {})
        return f"/memory/{uid}/volumes/{plugin}/{name}"

    async def make_tmpfs(
        self, uid: str, plugin: str, name: str, group: int | None, size: int
    ) -> str:
        return await self.make_directory(uid, plugin, name, group)

    async def write_volume(
        self,
        uid: str,
        plugin: str,
        name: str,
        files: Mapping[str, FileEntry],
        group: int | None,
    ) -> str:
        self.volumes[uid, plugin, name] = dict(files)
        return f"/memory/{uid}/volumes/{plugin}/{name}"

    async def host_path(self, path: str, kind: str) -> str:
        return path

    async def sub_path(self, root: str, path: str) -> str:
        return f"{root}/{path}"

    async def write_file(self, uid: str, name: str, data: bytes, mode: int) -> str:
        self.files[uid, name] = data
        return f"/memory/{uid}/{name}"

    async def read_file(self, uid: str, name: str, size_max: int) -> bytes:
        return self.files.get((uid, name), b"")[-size_max:]

    async def host_resolver(self) -> str:
        return ""

    async def pods(self) -> list[str]:
        uids = {key[0] for key in self.volumes} | {key[0] for key in self.files}
        return sorted(uids)

    async def remove_pod(self, uid: str) -> None:
        self.volumes = {key: value for key, value in self.volumes.items() if key[0] != uid}
        self.files = {key: value for key, value in self.files.items() if key[0] != uid}
