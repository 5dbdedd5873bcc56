"""Values that may be there or not. Source: cel-go's optional types."""

from typing import Any

from cluster.cel.arithmetic import TIMESTAMP_MIN
from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, function, method
from cluster.cel.types import BOOL, A, list_of, optional_of
from cluster.cel.values import NONE, Duration, Optional, Timestamp, is_list

_OPTIONAL = optional_of(A)


def _of_non_zero(value: Any) -> Optional:
    zero = value is None or value is False
    if type(value) in (str, bytes, dict) or is_list(value) or isinstance(value, (int, float)):
        zero = not value
    if type(value) is Duration:
        zero = value.nanoseconds == 0
    if type(value) is Timestamp:
        zero = value.nanoseconds == TIMESTAMP_MIN
    return NONE if zero else Optional(value)


def _value(optional: Optional) -> Any:
    if not optional.present:
        raise CelError("optional.none() dereference")
    return optional.value


def _unwrapped(items: list[Any]) -> list[Any]:
    for item in items:
        if type(item) is not Optional:
            raise CelError("no such overload: optional.unwrap")
    return [item.value for item in items if item.present]


OPTIONALS: Functions = {
    "optional.of": (function("optional_of", (A,), _OPTIONAL, Optional),),
    "optional.none": (function("optional_none", (), _OPTIONAL, lambda: NONE),),
    "optional.ofNonZeroValue": (
        function("optional_ofNonZeroValue", (A,), _OPTIONAL, _of_non_zero),
    ),
    "hasValue": (method("optional_hasValue", (_OPTIONAL,), BOOL, lambda found: found.present),),
    "value": (method("optional_value", (_OPTIONAL,), A, _value),),
    "or": (
        method(
            "optional_or_optional", (_OPTIONAL, _OPTIONAL), _OPTIONAL,
            lambda found, other: found if found.present else other,
        ),
    ),
    "orValue": (
        method(
            "optional_orValue_value", (_OPTIONAL, A), A,
            lambda found, other: found.value if found.present else other,
        ),
    ),
    "optional.unwrap": (
        function("optional_unwrap", (list_of(_OPTIONAL),), list_of(A), _unwrapped),
    ),
    "unwrapOpt": (method("optional_unwrapOpt", (list_of(_OPTIONAL),), list_of(A), _unwrapped),),
}  # fmt: skip
