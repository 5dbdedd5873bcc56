"""docs/compatibility.md's tables, from the table of kinds and from this suite.

    python -m tests.conformance.page        writes the page anew

What a kind's row says of its state is kept from the page: that is for people to say. A kind that is
new there is "in".
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cluster.api.kind import ALL_VERBS
from cluster.api.kinds import SERVED, Kind

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
KINDS_TITLE = "Kinds that are served"
SUITE_TITLE = "What the conformance suite shows"
HEAD = (
    "| group/version | resource | verbs | subresources | state |\n| --- | --- | --- | --- | --- |\n"
)
SUITE_HEAD = "| tests | of | count |\n| --- | --- | --- |\n"


def cells(line: str) -> list[str]:
    """Of a row."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def section(page: str, title: str) -> str:
    """The text below a heading."""
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


def states(page: str) -> dict[tuple[str, str], str]:
    """What the page says of each kind, by (group/version, plural)."""
    lines = [line for line in section(page, KINDS_TITLE).splitlines() if line.startswith("| ")][2:]
    return {(row[0], row[1]): row[4] for row in map(cells, lines)}


def verbs_of(kind: Kind) -> str:
    """As few words as tell it."""
    missing = [verb for verb in ALL_VERBS if verb not in kind.verbs]
    if not missing:
        return "all"
    if len(missing) < 3:
        return f"all but {', '.join(missing)}"
    return ", ".join(verb for verb in kind.verbs if verb != "watch") or "none"


def kinds_table(page: str) -> str:
    """Every served kind, by group as the table of kinds has them."""
    known = states(page)
    rows = []
    order = {kind.group: at for at, kind in reversed(list(enumerate(SERVED)))}
    for kind in sorted(SERVED, key=lambda kind: (order[kind.group], kind.version, kind.plural)):
        parts = ", ".join(sorted(kind.subresources))
        state = known.get((kind.api_version, kind.plural), "in")
        row = ["", kind.api_version, kind.plural, verbs_of(kind), parts, state, ""]
        rows.append(" | ".join(row).strip().replace("|  |", "| |"))
    return HEAD + "\n".join(rows) + "\n"


def suite_table() -> str:
    """Each class and each lone function of the suite: what it is of, how many tests."""
    rows = [row for path in sorted(Path(__file__).parent.glob("test_*.py")) for row in _rows(path)]
    return SUITE_HEAD + "\n".join(rows) + "\n"


def _rows(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    title = (ast.get_docstring(tree) or "").splitlines()[0]
    lone = [item for item in tree.body if isinstance(item, ast.AsyncFunctionDef)
            and item.name.startswith("test_")]  # fmt: skip
    if lone:
        yield f"| `{path.name}` | {title} | {len(lone)}, each for every kind |"
    for item in tree.body:
        if isinstance(item, ast.ClassDef):
            count = sum(isinstance(part, ast.AsyncFunctionDef) and part.name.startswith("test_")
                        for part in item.body)  # fmt: skip
            said = re.sub(r"\s+", " ", ast.get_docstring(item) or "").rstrip(".")
            yield f"| `{path.name}`, {item.name} | {said} | {count} |"


def generated(page: str) -> str:
    """The page with both tables as they are to be."""
    page = _replaced(page, KINDS_TITLE, HEAD, kinds_table(page))
    return _replaced(page, SUITE_TITLE, SUITE_HEAD, suite_table())


def _replaced(page: str, title: str, head: str, table: str) -> str:
    before, mark, rest = page.partition(f"## {title}\n")
    assert mark, f"the page lacks ## {title}"
    text, _, after = rest.partition(head)
    below = re.sub(r"\A(\|.*\n)*", "", after)
    return before + mark + text + table + below


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text()))
