"""deploy.progress: what people see, also through a pipe."""

import io

import pytest
from rich.console import Console

from deploy import progress


def shown(width: int = 20) -> tuple[progress.Progress, io.StringIO]:
    out = io.StringIO()
    return progress.Progress(Console(file=out, width=width, soft_wrap=True, highlight=False)), out


def test_a_step_is_one_line_however_narrow_the_terminal() -> None:
    steps, out = shown()
    with steps.step("control plane ready") as notes:
        notes.append("3 started of 3 replicas, [with brackets]")
    [line] = out.getvalue().splitlines()
    assert line.startswith("✓ control plane ready 3 started of 3 replicas, [with brackets] 0.0")
    assert line.endswith(" s")


def test_a_failed_step_is_marked() -> None:
    steps, out = shown()
    with pytest.raises(KeyboardInterrupt), steps.step("network"):
        raise KeyboardInterrupt
    assert out.getvalue() == "✗ network\n"


def test_a_table_is_aligned_and_never_cut() -> None:
    steps, out = shown(10)
    steps.table("Replicas", ["name", "address"], [["replica-1", "127.0.0.1:6444"], ["r", "-"]])
    assert out.getvalue().splitlines() == [
        "Replicas",
        "name       address",
        "replica-1  127.0.0.1:6444",
        "r          -",
    ]


def test_an_empty_table_is_its_head() -> None:
    steps, out = shown()
    steps.table("Nodes", ["node"], [])
    assert out.getvalue().splitlines() == ["Nodes", "node"]
