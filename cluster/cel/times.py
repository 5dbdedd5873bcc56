"""Texts of durations and timestamps, and the parts of these. Pure: zones other than UTC and fixed
offsets come from the tables that Python carries.

Source: CEL language definition, "Timestamps and Durations"; RFC 3339.
"""

import datetime
import re
import zoneinfo
from collections.abc import Callable

from cluster.cel.arithmetic import SECOND, as_duration, as_timestamp
from cluster.cel.errors import CelError
from cluster.cel.values import Duration, Timestamp

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND,
    "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]{1,9})[0-9]*)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_OFFSET = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")


def parse_duration(text: str) -> Duration:
    """``1h30m``, ``-1.5s``. Raises CelError."""
    wrong = CelError(f'time: invalid duration "{text}"')
    rest = text[1:] if text[:1] in "+-" else text
    if len(text) > 100 or not rest:
        raise wrong
    if rest == "0":
        return Duration(0)
    total, offset = 0, 0
    while offset < len(rest):
        found = _PART.match(rest, offset)
        if found is None or not (found[1] or found[2]):
            raise wrong
        unit, fraction = _UNITS[found[3]], found[2] or ""
        total += int(found[1] or "0") * unit
        total += int(fraction or "0") * unit // 10 ** len(fraction)
        offset = found.end()
    return as_duration(-total if text[0] == "-" else total)


def duration_text(value: Duration) -> str:
    """In seconds, as ``5400s``."""
    return f"{_decimal(value.nanoseconds)}s"


def _decimal(nanoseconds: int) -> str:
    sign = "-" if nanoseconds < 0 else ""
    whole, rest = divmod(abs(nanoseconds), SECOND)
    return f"{sign}{whole}" + (f".{rest:09d}".rstrip("0") if rest else "")


def parse_timestamp(text: str) -> Timestamp:
    """RFC 3339. Raises CelError."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise CelError(f'parsing time "{text[:64]}" as RFC 3339: cannot parse')
    try:
        year, month, day, hour, minute, second = (int(item) for item in found.groups()[:6])
        moment = datetime.datetime(year, month, day, hour, minute, second, 0, datetime.UTC)
    except ValueError as error:
        raise CelError(f'parsing time "{text}": {error}') from error
    offset = 0
    if found[8]:
        offset = (int(found[9]) * 60 + int(found[10])) * 60 * (-1 if found[8] == "-" else 1)
        if int(found[9]) > 24 or int(found[10]) > 59:
            raise CelError(f'parsing time "{text}": time zone offset out of range')
    fraction = int((found[7] or "").ljust(9, "0"))
    return as_timestamp((_seconds(moment) - offset) * SECOND + fraction)


def _seconds(moment: datetime.datetime) -> int:
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def timestamp_text(value: Timestamp) -> str:
    """RFC 3339 in UTC."""
    whole, rest = divmod(value.nanoseconds, SECOND)
    moment = _EPOCH + datetime.timedelta(seconds=whole)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{moment.strftime('%Y').rjust(4, '0')}{moment.strftime('-%m-%dT%H:%M:%S')}{fraction}Z"


def _local(value: Timestamp, zone: str) -> datetime.datetime:
    """The moment on the clocks of a zone. Raises CelError."""
    moment = _EPOCH + datetime.timedelta(seconds=value.nanoseconds // SECOND)
    if zone in ("", "UTC"):
        return moment
    found = _OFFSET.fullmatch(zone)
    try:
        if found:
            minutes = int(found[2]) * 60 + int(found[3])
            return moment + datetime.timedelta(minutes=-minutes if found[1] == "-" else minutes)
        return moment.astimezone(zoneinfo.ZoneInfo(zone))
    except (ValueError, OverflowError, KeyError, OSError) as error:
        raise CelError(f"unknown time zone {zone[:64]}") from error


def _weekday(moment: datetime.datetime) -> int:
    return (moment.weekday() + 1) % 7


# Of a timestamp, by the name of the method.
PARTS: dict[str, Callable[[datetime.datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": _weekday,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}


def part(name: str) -> Callable[..., int]:
    """The method of a timestamp, with or without a zone. Raises CelError."""
    read = PARTS[name]

    def call(value: Timestamp, zone: str = "") -> int:
        return read(_local(value, zone))

    return call


def milliseconds(value: Timestamp, zone: str = "") -> int:
    """Of the second. Raises CelError."""
    _local(value, zone)
    return value.nanoseconds % SECOND // 1_000_000


def whole(value: Duration, unit: int) -> int:
    """How many of ``unit`` nanoseconds fit, towards zero."""
    count = abs(value.nanoseconds) // unit
    return -count if value.nanoseconds < 0 else count
