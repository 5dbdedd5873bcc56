"""The house rules, as checks over the source itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("cluster", "actors", "deploy")
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", *PACKAGES, "tests", "docs"}


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


ALL = list(sources(*PACKAGES))


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_file_has_a_docstring_and_one_job(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES_MAX, "split it: one file, one job"
    assert ast.get_docstring(ast.parse(text)), "a module says its job"


@pytest.mark.parametrize("path", ALL, ids=name)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", ALL, ids=name)
def test_public_things_have_docstrings(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            documented = node.name.startswith("_") or ast.get_docstring(node)
            assert documented, f"{node.name} has no docstring"


@pytest.mark.parametrize("path", ALL, ids=name)
def test_nothing_unfinished(path: Path) -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not words.search(path.read_text())


@pytest.mark.parametrize("path", list(sources("cluster", "actors")), ids=name)
def test_failures_are_never_swallowed(path: Path) -> None:
    in_kit = "kit" in path.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
            broad = isinstance(node.type, ast.Name) and node.type.id in (
                "Exception", "BaseException",
            )  # fmt: skip
            assert in_kit or not broad, f"line {node.lineno}: only the kit's loop catches all"


@pytest.mark.parametrize("path", list(sources("actors")), ids=name)
def test_tasks_are_owned_by_actors(path: Path) -> None:
    if "kit" in path.parts:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("create_task", "ensure_future"), f"line {node.lineno}"


def test_the_top_level_is_the_design_card() -> None:
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {line.split("/")[0] for line in listed}
    assert {entry for entry in top if not entry.startswith(".")} <= TOP_LEVEL
