"""Write a ``docker load`` archive: one layer, one config, one manifest. Pure Python.

Format: Docker Image Specification v1.2 (the form that ``docker save`` writes). Must not know: what
is inside the layer, or any Docker Engine.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

Entry = tuple[tarfile.TarInfo, bytes]


def file_entry(path: str, data: bytes, mode: int = 0o644) -> Entry:
    """A regular file at ``path`` (no leading slash)."""
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    return info, data


def folder_entry(path: str, mode: int = 0o755) -> Entry:
    """A folder."""
    info = tarfile.TarInfo(path)
    info.type, info.mode = tarfile.DIRTYPE, mode
    return info, b""


def link_entry(path: str, target: str) -> Entry:
    """A symbolic link."""
    info = tarfile.TarInfo(path)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info, b""


def layer(entries: Iterable[Entry]) -> bytes:
    """The layer's tar. A later entry of the same path replaces an earlier one."""
    last: dict[str, Entry] = {}
    for info, data in entries:
        last[info.name] = (info, data)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(last):
            info, data = last[name]
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def image(tags: Mapping[str, Mapping[str, Any]], content: bytes, architecture: str) -> bytes:
    """An archive of images that share one layer. ``tags``: repository:tag → image config (Cmd,
    Env, WorkingDir, ...). The same input gives the same bytes, hence the same image ids."""
    digest = hashlib.sha256(content).hexdigest()
    out = io.BytesIO()
    manifest = []
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:

        def add(name: str, data: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        add(f"{digest}/layer.tar", content)
        for tag, config in tags.items():
            body = json.dumps(
                {
                    "architecture": architecture,
                    "os": "linux",
                    "created": "1970-01-01T00:00:00Z",
                    "config": dict(config),
                    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                    "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "steersman"}],
                },
                sort_keys=True,
            ).encode()
            name = hashlib.sha256(body).hexdigest() + ".json"
            add(name, body)
            layers = [f"{digest}/layer.tar"]
            manifest.append({"Config": name, "RepoTags": [tag], "Layers": layers})
        add("manifest.json", json.dumps(manifest).encode())
    return out.getvalue()
