"""Label and field selectors: parse, match, and print.

Source: Kubernetes "Labels and Selectors" and "Field Selectors". A selector is made once per list or
watch and then asked for every object, so matching is a few dict look-ups.
Must not know kinds beyond their field names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cluster.api.index import canonical_field, supported_fields
from cluster.api.kind import Kind
from cluster.api.names import label_key_errors, label_value_errors
from cluster.api.types import Object

Operator = Literal["=", "!=", "in", "notin", "exists", "!", ">", "<"]


class SelectorError(ValueError):
    """The text is no selector; the message says why. The API answers 400."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label. ``values``: none for exists and !, one for =, !=, >, <."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """True if the labels fulfil it. An absent label fulfils !=, notin and !."""
        value = labels.get(self.key)
        match self.operator:
            case "=" | "in":
                return value is not None and value in self.values
            case "!=" | "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case _:
                return value is not None and self._compare(value)

    def _compare(self, value: str) -> bool:
        (bound,) = self.values
        try:
            number = int(value)
        except ValueError:
            return False
        return number > int(bound) if self.operator == ">" else number < int(bound)

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        match self.operator:
            case "in" | "notin":
                return f"{self.key} {self.operator} ({values})"
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case _:
                return f"{self.key}{self.operator}{values}"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All requirements must hold. ``nothing``: matches no object (an absent selector)."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """True if an object with these labels is selected."""
        if self.nothing:
            return False
        given = labels or {}
        return all(requirement.matches(given) for requirement in self.requirements)

    @property
    def everything(self) -> bool:
        """True if it selects every object."""
        return not self.requirements and not self.nothing

    def __str__(self) -> str:
        return ",".join(str(item) for item in self.requirements)


EVERYTHING = LabelSelector()
NOTHING = LabelSelector(nothing=True)

_OBJECT_OPERATORS: dict[str, Operator] = {
    "In": "in",
    "NotIn": "notin",
    "Exists": "exists",
    "DoesNotExist": "!",
}


def from_labels(labels: Mapping[str, str] | None) -> LabelSelector:
    """A Service's or ReplicationController's plain map; none or empty selects nothing."""
    if not labels:
        return NOTHING
    return LabelSelector(
        tuple(Requirement(key, "=", frozenset((labels[key],))) for key in sorted(labels))
    )


def from_object(selector: Object | None) -> LabelSelector:
    """A metav1.LabelSelector. None selects nothing, an empty one everything.

    Raises SelectorError for an unknown operator or a wrong number of values.
    """
    if selector is None:
        return NOTHING
    matched = selector.get("matchLabels") or {}
    found = [Requirement(key, "=", frozenset((matched[key],))) for key in sorted(matched)]
    for item in selector.get("matchExpressions") or ():
        name = item.get("operator")
        operator = _OBJECT_OPERATORS.get(name)
        if operator is None:
            raise SelectorError(f'"{name}" is not a valid label selector operator')
        values = frozenset(item.get("values") or ())
        if bool(values) != (operator in ("in", "notin")):
            raise SelectorError(f"wrong number of values for operator {name}")
        found.append(Requirement(item.get("key", ""), operator, values))
    return LabelSelector(tuple(found))


_SIGNS = frozenset("=!<>(),") | {"==", "!="}
_TOKEN = re.compile(r"\s*(?:(?P<sign>==|!=|[=!<>(),])|(?P<word>[^\s=!<>(),]+))")


def parse_label_selector(text: str) -> LabelSelector:
    """``app=web,tier in (a,b),!canary`` → LabelSelector. '' selects everything.

    Raises SelectorError.
    """
    if not text.strip():
        return EVERYTHING
    parser = _Parser(_tokens(text))
    if not parser.begins():
        raise SelectorError(f"found '{parser.peek()}', expected: !, identifier, or 'end of string'")
    found = [_required(parser)]
    while parser.peek() == ",":
        parser.take()
        if not parser.begins():
            raise SelectorError(f"found '{parser.peek()}', expected: identifier after ','")
        found.append(_required(parser))
    if parser.peek():
        raise SelectorError(f"found '{parser.peek()}', expected: ',' or 'end of string'")
    return LabelSelector(tuple(found))


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        assert match is not None  # any character is a sign, a space, or part of a word
        found.append(match["sign"] or match["word"])
        position = match.end()
    return found


def _required(parser: "_Parser") -> Requirement:
    try:
        return parser.requirement()
    except SelectorError as error:
        raise SelectorError(f"unable to parse requirement: {error}") from error


class _Parser:
    """Recursive descent over the tokens of a label selector."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    def peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._position += 1
        return token

    def requirement(self) -> Requirement:
        if self.peek() == "!":
            self.take()
            return Requirement(self._key(), "!")
        key = self._key()
        operator = self.peek()
        if operator in ("", ","):
            return Requirement(key, "exists")
        self.take()
        if operator in ("in", "notin"):
            values = self._set()
        elif operator in ("=", "==", "!=", ">", "<"):
            values = frozenset((self._value(),))
        else:
            raise SelectorError(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
        return _checked(key, operator, values)

    def begins(self) -> bool:
        """Whether a requirement comes next."""
        return bool(self.peek()) and (self.peek() == "!" or self.peek() not in _SIGNS)

    def _key(self) -> str:
        key = self.take()
        if not key or key in "=!<>(),==!=":
            raise SelectorError(f"found '{key}', expected: identifier")
        errors = label_key_errors(key)
        if errors:
            raise SelectorError(f'<nil>: Invalid value: "{key}": {"; ".join(errors)}')
        return key

    def _value(self) -> str:
        if self.peek() in ("", ","):
            return ""
        value = self.take()
        if value in ("=", "==", "!", "!=", "<", ">", "(", ")"):
            raise SelectorError(f"found '{value}', expected: identifier")
        return value

    def _set(self) -> frozenset[str]:
        opening = self.take()
        if opening != "(":
            raise SelectorError(f"found '{opening}' expected: '('")
        if not self.peek():
            raise SelectorError("found '', expected: ',', ')' or identifier")
        values = {self._set_value()}
        while self.peek() == ",":
            self.take()
            values.add(self._set_value())
        closing = self.take()
        if closing != ")":
            raise SelectorError(f"found '{closing}', expected: ',' or ')'")
        return frozenset(values)

    def _set_value(self) -> str:
        return "" if self.peek() == ")" else self._value()


def _checked(key: str, operator: str, values: frozenset[str]) -> Requirement:
    name: Operator
    match operator:
        case "=" | "==":
            name = "="
        case "!=":
            name = "!="
        case "in":
            name = "in"
        case "notin":
            name = "notin"
        case ">":
            name = ">"
        case _:
            name = "<"
    for value in sorted(values):
        errors = label_value_errors(value)
        if errors:
            raise SelectorError(f'values[0][{key}]: Invalid value: "{value}": {"; ".join(errors)}')
        if name in (">", "<") and not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise SelectorError(
                f'values[0]: Invalid value: "{value}": '
                "for 'Gt', 'Lt' operators, the value must be an integer"
            )
    return Requirement(key, name, values)


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """All conditions must hold: (field, equal?, value) in order of the text."""

    conditions: tuple[tuple[str, bool, str], ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        """``fields`` as in ``index.ObjectIndex``; an absent field is ''."""
        return all(
            (fields.get(field, "") == value) is equal for field, equal, value in self.conditions
        )

    @property
    def everything(self) -> bool:
        """True if it selects every object."""
        return not self.conditions

    def exact(self, field: str) -> str | None:
        """The value the field must have, if the selector names one (``metadata.name=web``)."""
        for name, equal, value in self.conditions:
            if equal and name == field:
                return value
        return None

    def __str__(self) -> str:
        return ",".join(
            f"{field}{'=' if equal else '!='}{_escape(value)}"
            for field, equal, value in self.conditions
        )


def parse_field_selector(text: str, kind: Kind | None = None) -> FieldSelector:
    """``status.phase!=Failed,spec.nodeName=n1``; ``\\,`` ``\\=`` ``\\\\`` are literal.

    With a kind, field names are checked and translated to the index's. Raises SelectorError.
    """
    conditions = []
    for term in re.findall(r"(?:[^,\\]|\\.|\\$)+", text):
        match = re.match(r"((?:[^=!\\]|\\.)*?)(!=|==|=)(.*)", term, re.DOTALL)
        if match is None:
            raise SelectorError(f"invalid selector: '{text}'; can't understand '{term}'")
        field = match[1].strip()
        if kind is not None:
            field = _supported(kind, field)
        conditions.append((field, match[2] != "!=", _unescape(match[3], text)))
    return FieldSelector(tuple(conditions))


def _supported(kind: Kind, field: str) -> str:
    known = canonical_field(kind, field)
    if known is None:
        detail = f'"{field}" is not a known field selector'
        raise SelectorError(
            f'{detail}: only "metadata.name", "metadata.namespace"'
            if kind.custom is None and (kind.group or not supported_fields(kind))
            else f"field label not supported: {field}"
        )
    return known


def _unescape(value: str, text: str) -> str:
    if "\\" not in value and "=" not in value:
        return value
    plain = re.sub(r"\\([\\,=])", "", value)
    if "\\" in plain or "=" in plain:
        raise SelectorError(f"invalid field selector: '{text}': bad escape in '{value}'")
    return re.sub(r"\\([\\,=])", r"\1", value)


def _escape(value: str) -> str:
    return re.sub(r"([\\,=])", r"\\\1", value)
