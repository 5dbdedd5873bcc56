"""The house rules, as checks over the source itself. Each names every place that breaks it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PACKAGES, ROOT, name, parsed, sources

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", *PACKAGES, "tests", "docs"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
BROAD = ("Exception", "BaseException")
# A mypy or ruff rule that is switched off says which one, and then why.
SWITCHED_OFF = re.compile(r"#\s*(type: ignore|noqa)(?!(\[|: )[\w,\s-]+\]?\s+# \w)")

ALL = list(sources(*PACKAGES))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_file_has_one_job_and_says_it() -> None:
    long = [name(path) for path in ALL if len(path.read_text().splitlines()) > FILE_LINES_MAX]
    assert long == [], "split it: one file, one job"
    assert [name(path) for path in ALL if not ast.get_docstring(parsed(path))] == []


def test_functions_are_short() -> None:
    long = [
        f"{name(path)}: {node.name}"
        for path in ALL
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_public_things_have_docstrings() -> None:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    bare = [
        f"{name(path)}: {node.name}"
        for path in ALL
        for node in parsed(path).body
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


def test_nothing_is_unfinished() -> None:
    assert [name(path) for path in ALL if UNFINISHED.search(path.read_text())] == []


def test_what_checks_are_told_to_ignore_has_a_reason() -> None:
    silent = [
        f"{name(path)}:{number}"
        for path in ALL
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SWITCHED_OFF.search(line)
    ]
    assert silent == []


def test_failures_are_never_swallowed() -> None:
    """Only the kit's loop may catch everything: it is what supervises."""
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources("cluster", "actors")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ("kit" not in path.parts and catches_all(node.type)))
    ]
    assert found == []


def catches_all(kind: ast.expr) -> bool:
    """Alone or among others in a tuple."""
    return any(isinstance(node, ast.Name) and node.id in BROAD for node in ast.walk(kind))


def test_tasks_are_owned_by_actors() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources("actors")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and node.attr in ("create_task", "ensure_future")
        and "kit" not in path.parts
    ]
    assert found == []


def test_the_top_level_is_the_design_card() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {line.split("/")[0] for line in listed}
    assert {entry for entry in top if not entry.startswith(".")} <= TOP_LEVEL
