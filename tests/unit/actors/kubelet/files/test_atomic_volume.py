"""Generated volumes change as a whole."""

import os
import stat
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.kubelet.files import atomic_volume
from actors.kubelet.volumes import FileEntry

NAMES = st.sampled_from(["a", "b", "dir/x", "dir/y", "deep/er/z"])
CONTENT = st.dictionaries(NAMES, st.binary(max_size=5), max_size=5)


def entries(content: dict[str, bytes]) -> dict[str, FileEntry]:
    return {name: FileEntry(data, 0o644) for name, data in content.items()}


def visible(path: Path) -> dict[str, bytes]:
    found = {}
    for folder, _, names in os.walk(path, followlinks=True):
        for name in names:
            relative = str((Path(folder) / name).relative_to(path))
            if not relative.startswith(".."):
                found[relative] = (Path(folder) / name).read_bytes()
    return found


def test_layout_and_modes(tmp_path: Path) -> None:
    path = tmp_path / "v"
    atomic_volume.write(path, {"a": FileEntry(b"1", 0o400), "d/b": FileEntry(b"2", 0o644)}, None)
    assert os.readlink(path / "a") == "..data/a" and os.readlink(path / "d") == "..data/d"
    assert stat.S_IMODE((path / "a").stat().st_mode) == 0o400
    first = os.readlink(path / "..data")
    atomic_volume.write(path, {"a": FileEntry(b"1", 0o400), "d/b": FileEntry(b"2", 0o644)}, None)
    assert os.readlink(path / "..data") == first, "unchanged content is left alone"
    atomic_volume.write(path, {"a": FileEntry(b"3", 0o400)}, None)
    assert os.readlink(path / "..data") != first
    assert sorted(os.listdir(path)) == sorted(["..data", os.readlink(path / "..data"), "a"])


def test_group_can_read(tmp_path: Path) -> None:
    path = tmp_path / "v"
    atomic_volume.write(path, {"a": FileEntry(b"1", 0o400)}, os.getgid())
    assert stat.S_IMODE((path / "a").stat().st_mode) == 0o440


def test_left_over_versions_are_cleared(tmp_path: Path) -> None:
    path = tmp_path / "v"
    (path / "..00000001").mkdir(parents=True)
    (path / "..data_tmp").symlink_to("nowhere")
    atomic_volume.write(path, entries({"a": b"x"}), None)
    assert visible(path) == {"a": b"x"} and not (path / "..00000001").exists()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CONTENT, min_size=1, max_size=4))
def test_readers_see_the_last_content(tmp_path: Path, contents: list[dict[str, bytes]]) -> None:
    path = tmp_path / f"v{len(list(tmp_path.iterdir()))}"
    for content in contents:
        atomic_volume.write(path, entries(content), None)
        assert visible(path) == content
