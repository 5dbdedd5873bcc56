"""Regular expressions by RE2, whose time is linear in the text. Raises CelError.

Source: CEL language definition, "Regular Expressions".
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from cluster.cel.errors import CelError

PATTERN_MAX = 10_000
_IN_GO = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """Raises CelError if it is none."""
    if len(pattern) > PATTERN_MAX:
        raise CelError("error parsing regexp: expression too large")
    try:
        return re2.compile(pattern, options=_OPTIONS)
    except (re2.error, UnicodeError) as error:
        raise CelError(as_go_says(error, pattern)) from error


def as_go_says(error: Exception, pattern: str) -> str:
    """What is wrong in the words of Go's package regexp, and between backticks the part that is."""
    told = error.args[0] if error.args else "not a regular expression"
    said = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    if said.startswith("trailing \\"):
        return "error parsing regexp: trailing backslash at end of expression: ``"
    what, _, part = said.partition(": ")
    return f"error parsing regexp: {_IN_GO.get(what, what)}: `{part or pattern}`"


def _searched(text: str, pattern: str) -> Iterator[Any]:
    """All matches. RE2 reads UTF-8, which has no half of a surrogate pair."""
    wanted = compiled(pattern)
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return iter(wanted.finditer(text))


def matches(text: str, pattern: str) -> bool:
    """Whether some part of the text matches."""
    return next(_searched(text, pattern), None) is not None


def find(text: str, pattern: str) -> str:
    """The first part that matches; '' if none does."""
    found = next(_searched(text, pattern), None)
    return "" if found is None else str(found[0])


def find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    """The parts that match, ``count`` at most unless it is negative."""
    found: list[str] = []
    for match in _searched(text, pattern):
        if 0 <= count <= len(found):
            break
        found.append(str(match[0]))
    return found
