"""A data folder has one process in it, and the next is told which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.kit.world.folder_lock import InUse, locked

HOLDER = """
import sys
from pathlib import Path
from actors.kit.world.folder_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "replica-1"
    words = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InUse) as caught, locked(folder):
            raise AssertionError("let in")
        assert str(caught.value).startswith(f"{folder} is in use by process {holder.pid}: ")
        holder.kill()
        holder.wait()
        with locked(folder):
            assert os.listdir(folder) == []


def test_it_is_let_go_of_at_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path), pytest.raises(InUse), locked(tmp_path):
            raise AssertionError("let in")
