"""deploy.tracing.files and .tail: what is kept, and what comes, across rotations."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import orjson
import pytest

from actors.kit.trace_file import RotatingFile
from cluster.settings import ClusterSettings
from deploy.topology import Topology, build_settings
from deploy.tracing import files
from deploy.tracing.tail import Follower, Tail, follow


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    return build_settings(Topology(name="t", runtime="memory"), str(tmp_path))


def line(ts: float, number: int) -> bytes:
    return orjson.dumps({"ts": ts, "event": "note", "number": number}) + b"\n"


Rotating = Callable[..., RotatingFile]


@pytest.fixture
def rotating(settings: ClusterSettings) -> Iterator[Rotating]:
    with ExitStack() as stack:

        def make(process: str, bytes_max: int = 1 << 20) -> RotatingFile:
            folder = Path(files.trace_folder(settings)) / process
            folder.mkdir(parents=True, exist_ok=True)
            return stack.enter_context(closing(RotatingFile(folder, "trace", bytes_max, 4)))

        yield make


def numbers(lines: list[bytes]) -> list[int]:
    return [record["number"] for record in files.decoded(lines)]


def test_files_are_read_from_the_oldest_and_bad_lines_are_passed_over(
    settings: ClusterSettings, rotating: Rotating
) -> None:
    for process in ("b", "a"):
        file = rotating(process, 100)
        for number in range(6):
            file.write(line(1000.0 + number, number))
        file.write(b'{"ts":1009.0,"event":"no')
    assert [record["number"] for record in files.records(settings)] == [*range(6), *range(6)]
    late = [record["number"] for record in files.records(settings, 1004.0)]
    assert late == [4, 5, 4, 5]
    assert [one["number"] for one in files.records(settings, 0.0, '"number":3')] == [3, 3]
    # The files were written just now, but nothing in them is of the future.
    assert list(files.records(settings, 4e9)) == []


def test_a_cluster_that_never_ran_has_no_records(settings: ClusterSettings) -> None:
    assert list(files.records(settings)) == []


def test_a_tail_loses_nothing_when_its_file_is_rotated(
    settings: ClusterSettings, rotating: Rotating
) -> None:
    file = rotating("p", 90)
    file.write(line(1.0, 0))
    tail = Tail(str(Path(files.trace_folder(settings)) / "p" / "trace.jsonl"))
    found = []
    for number in range(1, 30):
        file.write(line(1.0, number))
        if number % 2:
            found += numbers(tail.lines())
    found += numbers(tail.lines())
    assert found == list(range(1, 30))
    tail.close()


def test_lines_come_when_they_are_written_and_new_processes_from_their_beginning(
    settings: ClusterSettings, rotating: Rotating
) -> None:
    old = rotating("old")
    old.write(line(1.0, 0))
    follower = Follower(settings)
    assert follower.lines() == []
    old.write(line(1.0, 1))
    follower.wait(5.0)
    assert numbers(follower.lines()) == [1]
    new = rotating("new")
    new.write(line(1.0, 2))
    follower.wait(5.0)
    assert numbers(follower.lines()) == [2]
    follower.close()


def test_only_some_processes_may_be_followed(settings: ClusterSettings, rotating: Rotating) -> None:
    one, other = rotating("one"), rotating("other")
    other.write(line(1.0, 1))
    lines = follow(settings, ["one"], seconds=5.0)
    writer = threading.Timer(0.05, lambda: one.write(line(1.0, 2)))
    writer.start()
    found: list[int] = []
    while not found:
        found = numbers(next(lines))
    assert found == [2]
    lines.close()
    writer.join()
