"""A directory whose whole content changes at once.

Readers go through ``..data``, a symbolic link to a directory that is never changed; a new version
is written beside it and the link is renamed over. Must not know: what the files are.

Source: the on-disk layout that Kubernetes documents for mounted ConfigMaps and Secrets.
"""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from actors.kubelet.volumes import FileEntry

DATA = "..data"
DATA_NEW = "..data_tmp"


def write(path: Path, files: Mapping[str, FileEntry], group: int | None) -> None:
    """Make ``path`` hold exactly ``files``. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o777)
    if is_current(path, files):
        return
    version = new_version(path)
    for name, entry in files.items():
        write_file(version / name, entry, group)
    if group is not None:
        os.chown(path, -1, group)
    fresh = path / DATA_NEW
    fresh.unlink(missing_ok=True)
    old = os.readlink(path / DATA) if (path / DATA).is_symlink() else ""
    fresh.symlink_to(version.name)
    fresh.replace(path / DATA)
    link_top_level(path, {name.split("/")[0] for name in files})
    for leftover in path.iterdir():
        if leftover.name.startswith("..") and leftover.name not in (DATA, version.name, DATA_NEW):
            shutil.rmtree(leftover, ignore_errors=True)
    if old and old != version.name:
        shutil.rmtree(path / old, ignore_errors=True)


def is_current(path: Path, files: Mapping[str, FileEntry]) -> bool:
    """The present version has exactly these names, contents and modes."""
    data = path / DATA
    if not data.is_symlink():
        return False
    present = {str(p.relative_to(data)) for p in data.rglob("*") if p.is_file()}
    if present != set(files):
        return False
    for name, entry in files.items():
        file = data / name
        if file.read_bytes() != entry.data:
            return False
        if stat.S_IMODE(file.stat().st_mode) & 0o777 & entry.mode != entry.mode & 0o777:
            return False
    return True


def new_version(path: Path) -> Path:
    """An empty directory with a name of its own."""
    number = 1
    while True:
        version = path / f"..{number:08d}"
        try:
            version.mkdir(mode=0o755)
        except FileExistsError:
            number += 1
            continue
        version.chmod(0o755)
        return version


def write_file(target: Path, entry: FileEntry, group: int | None) -> None:
    """With its exact mode; readable for the group if there is one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = entry.mode
    target.write_bytes(entry.data)
    if group is not None:
        os.chown(target, -1, group)
        mode |= 0o040 if mode & 0o400 else 0
    target.chmod(mode)


def link_top_level(path: Path, names: set[str]) -> None:
    """What users see: ``name`` → ``..data/name``."""
    for name in names:
        link = path / name
        if not link.is_symlink():
            link.symlink_to(f"{DATA}/{name}")
    for link in path.iterdir():
        if not link.name.startswith("..") and link.name not in names:
            link.unlink()
