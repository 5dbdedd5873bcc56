"""What all tables are made of: columns, paths into objects, ages as people read them.

Must not know any kind.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from cluster.api import timestamps
from cluster.api.types import Object

# cell(object, now in UNIX seconds) -> text or number
Cell: TypeAlias = Callable[[Object, float], Any]
UNKNOWN = "<unknown>"
NONE = "<none>"
UNSET = "<unset>"
WIDE = 1

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 365 * 86_400


class Column(NamedTuple):
    """``priority`` 0 is always shown, ``WIDE`` only with ``-o wide``. ``type`` as in OpenAPI."""

    name: str
    cell: Cell
    priority: int = 0
    type: str = "string"
    format: str = ""
    description: str = ""

    def definition(self) -> Object:
        """metav1.TableColumnDefinition."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or f"{self.name} of the object.",
            "priority": self.priority,
        }


def dig(obj: Any, *path: str | int, default: Any = None) -> Any:
    """The value at a path, or ``default`` where something is missing or null."""
    for step in path:
        try:
            obj = obj[step]
        except (KeyError, IndexError, TypeError):
            return default
    return default if obj is None else obj


def field(*path: str | int, default: Any = "") -> Cell:
    """A cell that shows what stands at a path."""
    return lambda obj, now: dig(obj, *path, default=default)


def size(*path: str | int) -> Cell:
    """A cell that counts what stands at a path."""
    return lambda obj, now: len(dig(obj, *path, default=()))


def seconds_of(timestamp: Any) -> float | None:
    """An RFC 3339 time as UNIX seconds; None if it is none."""
    if not isinstance(timestamp, str):
        return None
    try:
        return timestamps.seconds_of(timestamp)
    except ValueError:
        return None


def since(timestamp: Any, now: float) -> str:
    """How long ago: ``5m32s``; ``<unknown>`` for no time."""
    then = seconds_of(timestamp)
    return UNKNOWN if then is None else human_duration(now - then)


def human_duration(seconds: float) -> str:
    """As kubectl prints ages: two units while the first is small, then one."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 2 * _MINUTE:
        return f"{max(whole, 0)}s"
    if whole < 10 * _MINUTE:
        return _two(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _two(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _two(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def _two(whole: int, unit: int, name: str, part: int, part_name: str) -> str:
    rest = whole % unit // part
    return f"{whole // unit}{name}" + (f"{rest}{part_name}" if rest else "")


def joined(values: Iterable[Any], none: str = NONE) -> str:
    """``a,b``; ``none`` if there are none."""
    return ",".join(str(value) for value in values) or none


def shortened(values: list[str], most: int = 3, none: str = NONE) -> str:
    """``a,b,c + 2 more...``."""
    more = f" + {len(values) - most} more..." if len(values) > most else ""
    return joined(values[:most], none) + more


def labels_text(labels: Any) -> str:
    """``app=web,tier=front``; ``<none>``."""
    found = labels if isinstance(labels, dict) else {}
    return joined(f"{key}={found[key]}" for key in sorted(found))


def selector_text(selector: Any) -> str:
    """A metav1.LabelSelector as kubectl writes it; ``<none>`` for none or an empty one."""
    if not isinstance(selector, dict):
        return NONE
    matched = selector.get("matchLabels") or {}
    parts = [f"{key}={matched[key]}" for key in sorted(matched)]
    for item in selector.get("matchExpressions") or ():
        key, operator = item.get("key", ""), item.get("operator", "")
        values = ",".join(sorted(item.get("values") or ()))
        text = {"Exists": key, "DoesNotExist": f"!{key}"}.get(operator)
        parts.append(text or f"{key} {operator.lower()} ({values})")
    return joined(parts)


def _age(obj: Object, now: float) -> str:
    return since(dig(obj, "metadata", "creationTimestamp"), now)


NAME = Column("Name", field("metadata", "name"), format="name", description="Unique in its scope.")
AGE = Column("Age", _age, description="Time since the object was created.")
CREATED_AT = Column(
    "Created At",
    field("metadata", "creationTimestamp", default=UNKNOWN),
    description="When the object was created.",
)


def integer(name: str, *path: str | int, priority: int = 0) -> Column:
    """A column of whole numbers, 0 where there is none."""
    return Column(name, field(*path, default=0), priority, type="integer")


def pod_template_columns(*spec: str, selector: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The wide columns of workloads. ``spec``: path of the pod spec; ``selector``: of theirs."""

    def names(obj: Object, now: float) -> str:
        return joined(item.get("name", "") for item in dig(obj, *spec, "containers", default=()))

    def images(obj: Object, now: float) -> str:
        return joined(item.get("image", "") for item in dig(obj, *spec, "containers", default=()))

    columns = (
        Column("Containers", names, WIDE),
        Column("Images", images, WIDE),
    )
    if not selector:
        return columns

    def chosen(obj: Object, now: float) -> str:
        found = dig(obj, *selector)
        plain = isinstance(found, dict) and "matchLabels" not in found
        if plain and "matchExpressions" not in found:
            return labels_text(found)
        return selector_text(found)

    return (*columns, Column("Selector", chosen, WIDE))
