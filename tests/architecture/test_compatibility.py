"""The compatibility page tells the truth about kinds."""

import re
from pathlib import Path

import pytest

from cluster.api.kinds import KINDS, Kind
from tests.conformance import page

PAGE = (Path(__file__).parents[2] / "docs" / "compatibility.md").read_text()


def rows(title: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.partition("(")[0])


SERVED = {(row[0], row[1]): row for row in rows("Kinds that are served")}
LACKING = {(row[0], name) for row in rows("Kinds that are not served") for name in words(row[1])}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.plural}.{kind.group}")
def test_every_kind_stands_where_it_belongs(kind: Kind) -> None:
    key = (kind.api_version, kind.plural)
    assert (key in SERVED, key in LACKING) == (kind.served, not kind.served)
    if kind.served:
        assert words(SERVED[key][3]) == sorted(kind.subresources)


def test_nothing_else_is_claimed() -> None:
    known = {(kind.api_version, kind.plural) for kind in KINDS}
    assert set(SERVED) <= known and known >= LACKING


def test_its_tables_are_those_of_the_code() -> None:
    assert page.generated(PAGE) == PAGE, "run python -m tests.conformance.page"


def test_the_tests_it_names_are_there() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"tests/[a-z0-9_/]+(?:\.py)?", PAGE)
    assert [name for name in named if not (root / name).exists()] == []
