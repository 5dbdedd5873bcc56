"""deploy/setup.sh: what the scripts conclude from their flags, in any folder."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "deploy" / "setup.sh"


def wants_memory(home: Path, *words: str, script: Path = SCRIPT) -> bool:
    text = 'set -euo pipefail; . "$0"; wants_memory "$@"'
    done = subprocess.run(
        ["bash", "-c", text, str(script), *words], check=False, capture_output=True, text=True,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode == 0


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], False),
        (["--runtime", "memory"], True),
        (["--replicas", "5", "--runtime=memory"], True),
        (["--runtime", "docker"], False),
        (["--name", "memory"], False),
    ],
)
def test_flags(tmp_path: Path, words: list[str], wanted: bool) -> None:
    place = str(tmp_path / "none")
    assert wants_memory(tmp_path, "--data-dir", place, *words) is wanted


def test_the_file_that_is_named_and_the_cluster_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "my cluster.toml"
    file.write_text('name = "x"\nruntime = "memory"\n')
    assert wants_memory(tmp_path, "--config", str(file))
    assert wants_memory(tmp_path, f"--config={file}")
    assert not wants_memory(tmp_path, "--config", str(file), "--runtime", "docker")
    (tmp_path / "topology.json").write_text('{\n "runtime": "memory"\n}')
    assert wants_memory(tmp_path, "--data-dir", str(tmp_path))


def test_the_scripts_find_their_folder_by_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    (folder / "deploy").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "deploy")
    link = tmp_path / "link.sh"
    link.symlink_to(folder / "deploy" / "setup.sh")
    done = subprocess.run(
        ["bash", "-c", 'CDPATH=/; . "$0"; printf %s "$venv"', str(link)],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert done.stdout == f"{folder}/.venv"
