"""What the launcher says of a process that does not become ready."""

import os
from pathlib import Path

import pytest

from cluster.settings import ClusterSettings
from deploy import launch, processes
from deploy.topology import Topology, build_settings

DEAD = processes.Running("replica-1", 2**22 + 1, 0)


def written(folder: Path, text: str) -> ClusterSettings:
    settings = build_settings(Topology(runtime="memory"), str(folder))
    path = processes.log_path(settings, DEAD.name)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return settings


def test_an_error_it_wrote_itself_is_told_as_one_line(tmp_path: Path) -> None:
    settings = written(tmp_path, "noise\nerror: replica-1: the disk is full\n")
    with pytest.raises(launch.LaunchError) as caught:
        launch.check_ready(settings, [DEAD])
    assert str(caught.value) == "replica-1: the disk is full"


def test_of_anything_else_the_end_of_its_log_is_shown(tmp_path: Path) -> None:
    settings = written(tmp_path, "Traceback:\nKeyError: 'x'\n")
    with pytest.raises(launch.LaunchError, match=r"(?s)did not become ready.*Traceback.*KeyError"):
        launch.check_ready(settings, [DEAD])


def test_one_that_died_does_not_keep_others_from_being_known_as_ready(tmp_path: Path) -> None:
    settings = build_settings(Topology(runtime="memory"), str(tmp_path))
    alive = processes.Running("replica-2", os.getpid(), processes.started_at(os.getpid()) or 0)
    ready = processes.ReadySocket(settings)
    try:
        ready.ready.add("replica-2")
        assert ready.wait([DEAD, alive], 10.0) == [DEAD]
        record = processes.find(settings, "replica-2")
        assert record is not None
        assert record.ready
    finally:
        ready.close()
