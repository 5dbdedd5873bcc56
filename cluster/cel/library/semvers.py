"""Semantic versions. Source: docs "Common Expression Language in Kubernetes", semver library;
Semantic Versioning 2.0.0, section 11 (precedence).
"""

import re
from dataclasses import dataclass

from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, function, method, traversal
from cluster.cel.types import BOOL, INT, STRING, Type

SEMVER = Type("kubernetes.Semver")
_NUMBER = r"(0|[1-9][0-9]{0,18})"
_LABEL = r"(?:0|[1-9][0-9]{0,18}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_LABEL}(?:\.{_LABEL})*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_LENIENT = re.compile(r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(.*)", re.DOTALL)
# Numbers before words, as precedence has it.
_Label = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class SemverValue:
    """``labels``: of what comes before a release; none for a release, which comes after them.
    ``build`` counts for nothing but equality of texts, and so not at all."""

    numbers: tuple[int, int, int]
    labels: tuple[_Label, ...]

    @property
    def type_name(self) -> str:
        """Of the language."""
        return SEMVER.name

    @property
    def rank(self) -> tuple[tuple[int, int, int], bool, tuple[_Label, ...]]:
        """What versions are compared by."""
        return self.numbers, not self.labels, self.labels


def _parsed(text: str, normalize: bool = False) -> SemverValue:
    given = _normalized(text) if normalize else text
    found = _VERSION.fullmatch(given) if len(text) <= 256 else None
    if found is None:
        raise CelError(f'error parsing semver: "{text}" is no version')
    major, minor, patch = (int(item) for item in found.groups()[:3])
    labels = tuple(_label(item) for item in (found[4] or "").split(".") if item)
    return SemverValue((major, minor, patch), labels)


def _label(text: str) -> _Label:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _normalized(text: str) -> str:
    """Without a leading v and leading zeros, with all three numbers."""
    found = _LENIENT.fullmatch(text)
    if found is None:
        return text
    numbers = [(item or "0").lstrip("0") or "0" for item in found.groups()[:3]]
    return ".".join(numbers) + str(found[4])


def _is_semver(text: str, normalize: bool = False) -> bool:
    try:
        _parsed(text, normalize)
    except CelError:
        return False
    return True


def _compare(one: SemverValue, other: SemverValue) -> int:
    return (one.rank > other.rank) - (one.rank < other.rank)


_PAIR = (SEMVER, SEMVER)

SEMVERS: Functions = {
    "semver": (
        function("string_to_semver", (STRING,), SEMVER, _parsed, traversal()),
        function("string_bool_to_semver", (STRING, BOOL), SEMVER, _parsed, traversal()),
    ),
    "isSemver": (
        function("is_semver_string", (STRING,), BOOL, _is_semver, traversal()),
        function("is_semver_string_bool", (STRING, BOOL), BOOL, _is_semver, traversal()),
    ),
    "major": (method("semver_major", (SEMVER,), INT, lambda value: value.numbers[0]),),
    "minor": (method("semver_minor", (SEMVER,), INT, lambda value: value.numbers[1]),),
    "patch": (method("semver_patch", (SEMVER,), INT, lambda value: value.numbers[2]),),
    "isGreaterThan": (method("semver_is_greater_than", _PAIR, BOOL, lambda a, b: a.rank > b.rank),),
    "isLessThan": (method("semver_is_less_than", _PAIR, BOOL, lambda a, b: a.rank < b.rank),),
    "compareTo": (method("semver_compare_to", _PAIR, INT, _compare),),
}
