"""Named formats: ``format.dns1123Label().validate("x")`` gives none, or what is wrong.

Source: Kubernetes docs, "Common Expression Language in Kubernetes", "Format library".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cluster.api import names
from cluster.api.custom.formats import matches
from cluster.cel.functions import Functions, function, method, traversal
from cluster.cel.types import STRING, Type, list_of, optional_of
from cluster.cel.values import NONE, Optional

FORMAT = Type("kubernetes.NamedFormat")
Check = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FormatValue:
    """A format, by the name of its function."""

    name: str

    @property
    def type_name(self) -> str:
        """Of the language."""
        return FORMAT.name


def _prefix(check: Check) -> Check:
    """Of a text that more is put behind: a dash at its end is no fault."""

    def prefixed(text: str) -> tuple[str, ...]:
        return check(f"{text[:-1]}a" if text.endswith("-") else text)

    return prefixed


def _published(name: str, wrong: str) -> Check:
    def check(text: str) -> tuple[str, ...]:
        return () if matches(name, text) else (wrong,)

    return check


_CHECKS: Mapping[str, Check] = {
    "dns1123Label": names.dns_label_errors,
    "dns1123Subdomain": names.subdomain_errors,
    "dns1035Label": names.dns_1035_errors,
    "qualifiedName": names.label_key_errors,
    "dns1123LabelPrefix": _prefix(names.dns_label_errors),
    "dns1123SubdomainPrefix": _prefix(names.subdomain_errors),
    "dns1035LabelPrefix": _prefix(names.dns_1035_errors),
    "labelValue": names.label_value_errors,
    "uri": _published("uri", "invalid URI"),
    "uuid": _published("uuid", "does not match the UUID format"),
    "byte": _published("byte", "invalid base64"),
    "date": _published("date", "invalid date"),
    "datetime": _published("datetime", "invalid datetime"),
}


def _named(name: str) -> Optional:
    return Optional(FormatValue(name)) if name in _CHECKS else NONE


def _validate(value: FormatValue, text: str) -> Optional:
    found = _CHECKS[value.name](text)
    return Optional(list(found)) if found else NONE


def _maker(name: str) -> Callable[[], FormatValue]:
    value = FormatValue(name)
    return lambda: value


FORMATS: Functions = {
    **{
        f"format.{name}": (function(f"format_{name}", (), FORMAT, _maker(name)),)
        for name in _CHECKS
    },
    "format.named": (function("format_named", (STRING,), optional_of(FORMAT), _named),),
    "validate": (
        method(
            "format_validate", (FORMAT, STRING), optional_of(list_of(STRING)), _validate,
            lambda args, result: traversal()((args[1],), result),
        ),
    ),
}  # fmt: skip
