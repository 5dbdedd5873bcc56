"""`steersman trace` as a user types it, also mistyped."""

import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy import cli, state
from deploy.topology import Topology, build_settings
from tests.unit.deploy.tracing.test_text import RECORDS


@pytest.fixture
def data_dir(tmp_path: Path) -> str:
    """A cluster that has written the records of one request, just now."""
    topology = Topology(name="t", runtime="memory")
    state.save(build_settings(topology, str(tmp_path)), topology)
    folder = tmp_path / "trace" / "replica-1"
    folder.mkdir(parents=True)
    shift = time.time() - 60.0
    records: list[dict[str, Any]] = [{**one, "ts": one["ts"] + shift} for one in RECORDS]
    request = {**RECORDS[0], "trace": "a" * 32, "span": "b" * 16, "ts": shift - 3600.0}
    records.append(request)
    lines = (orjson.dumps(record) + b"\n" for record in records)
    (folder / "trace.jsonl").write_bytes(b"".join(lines))
    return str(tmp_path)


def run(data_dir: str, *words: str) -> Result:
    return CliRunner().invoke(cli.app, ["trace", *words, "--data-dir", data_dir])


def test_an_object_needs_no_command(data_dir: str) -> None:
    for words in (["pod/web-1"], ["--all", "pod/web-1"], ["po/default/web-1"]):
        result = run(data_dir, *words)
        assert result.exit_code == 0
        assert result.output.startswith("trace t\n")
        assert "● kubelet@node-1: container.started web-1 container=web" in result.output


def test_a_request_by_its_span(data_dir: str) -> None:
    lines = run(data_dir, "request", f"{'a' * 32}-{'b' * 16}").output.splitlines()
    assert lines[0] == f"trace {'a' * 32}"
    assert [line for line in lines if "→ " in line[:22]] == [lines[2]]


def test_a_window(data_dir: str) -> None:
    result = run(data_dir, "since", "2m")
    assert "admin → replica-1: POST /api/v1/namespaces/default/pods" in result.output
    assert "1 chains in the last 2m" in result.output
    assert "0 chains" in run(data_dir, "since", "2m", "--errors").output
    assert "0 chains" in run(data_dir, "since", "2m", "--slow", "1s").output
    assert "1 chains" in run(data_dir, "since", "2m", "--slow", "10ms").output
    assert "0 chains" in run(data_dir, "since", "10s").output


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["sinec", "5m"], "did you mean steersman trace since?"),
        (["web"], "objects are KIND/NAME or KIND/NAMESPACE/NAME"),
        (["pod/web"], "did you mean pod/web-1?"),
        (["pot/web-1"], "did you mean pod/web-1?"),
        (["since", "5"], "write it as"),
        (["request", "deadbeef"], "give a trace id"),
        (["--full"], "name an object"),
    ],
)
def test_what_is_mistyped_gets_one_line_that_says_what_to_do(
    data_dir: str, words: list[str], advice: str
) -> None:
    error = run(data_dir, *words).exception
    assert isinstance(error, ValueError)
    assert advice in str(error)
    assert "\n" not in str(error)


def test_why_of_the_leader_and_of_a_replica(data_dir: str) -> None:
    note = {"ts": 1000.0, "event": "note", "msg": "raft.standing", "from": "store@replica-1",
            "subject": "replica-1", "role": "leader", "leader": "replica-1", "term": 7}  # fmt: skip
    trace = Path(data_dir, "trace", "replica-1", "trace.jsonl")
    trace.write_bytes(trace.read_bytes() + orjson.dumps(note) + b"\n")
    for words, who in (("leader", "replica-1"), ("replica/replica-1", "it")):
        said = f"{who} became leader of term 7: the first that is recorded"
        assert said in run(data_dir, "why", words).output
    error = run(data_dir, "why", "replica/replica-9").exception
    assert isinstance(error, ValueError)
    assert "replica-9" in str(error)
