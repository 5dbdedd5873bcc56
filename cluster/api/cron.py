"""The syntax of a CronJob's schedule and time zone. Must not know when a schedule is due.

Source: docs "CronJob", Schedule syntax; crontab(5) with ``@hourly`` and its like, ``?`` as ``*``,
and names of months and weekdays. Each function gives what is wrong, '' if nothing.
"""

import re
import zoneinfo
from functools import lru_cache

_MACROS = frozenset(
    ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
)
_MONTH_NAMES = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = dict(zip(_MONTH_NAMES, range(1, 13), strict=True))
_DAYS = dict(zip(_DAY_NAMES, range(7), strict=True))
_NONE: dict[str, int] = {}
# (least, greatest, names), in the order of the five fields.
_FIELDS = ((0, 59, _NONE), (0, 23, _NONE), (1, 31, _NONE), (1, 12, _MONTHS), (0, 6, _DAYS))
_DURATION = re.compile(r"[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+|[+-]?0")
_DIGITS = re.compile(r"[0-9]{1,9}")
ZONE_TEXT = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"


def schedule_error(schedule: str) -> str:
    """A schedule without a time zone in it."""
    if not schedule:
        return "empty spec string"
    if schedule.startswith("@"):
        return _macro(schedule)
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    for text, (least, greatest, named) in zip(fields, _FIELDS, strict=True):
        for piece in text.split(","):
            error = _range(piece, least, greatest, named)
            if error:
                return error
    return ""


def without_zone(schedule: str) -> str:
    """The schedule after the time zone that it begins with."""
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        return schedule.partition(" ")[2].strip()
    return schedule


def names_zone(schedule: str) -> bool:
    """True if the schedule itself has a time zone, which only old clients wrote."""
    return "TZ" in schedule


def zone_error(zone: str) -> str:
    """The name of a time zone: as the IANA database knows it."""
    if not zone:
        return "timeZone must be nil or non-empty string"
    if zone.lower() == "local":
        return ZONE_TEXT
    return "" if _known(zone) else f"unknown time zone {zone}"


@lru_cache(maxsize=256)
def _known(zone: str) -> bool:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _macro(text: str) -> str:
    if text in _MACROS:
        return ""
    head, _, duration = text.partition(" ")
    if head == "@every":
        if _DURATION.fullmatch(duration):
            return ""
        return f'failed to parse duration {text}: time: invalid duration "{duration}"'
    return f"unrecognized descriptor: {text}"


def _range(text: str, least: int, greatest: int, named: dict[str, int]) -> str:
    span, slash, step = text.partition("/")
    if "/" in step:
        return f"too many slashes: {text}"
    low_text, dash, high_text = span.partition("-")
    if low_text in ("*", "?"):
        low, high = least, greatest
    else:
        if "-" in high_text:
            return f"too many hyphens: {text}"
        first = _number(low_text, named)
        if isinstance(first, str):
            return first
        low = high = first
        if dash:
            last = _number(high_text, named)
            if isinstance(last, str):
                return last
            high = last
        elif slash:
            high = greatest
    if slash:
        every = _number(step, {})
        if isinstance(every, str):
            return every
        if not every:
            return f"step of range should be a positive number: {text}"
    if low < least:
        return f"beginning of range ({low}) below minimum ({least}): {text}"
    if high > greatest:
        return f"end of range ({high}) above maximum ({greatest}): {text}"
    if low > high:
        return f"beginning of range ({low}) beyond end of range ({high}): {text}"
    return ""


def _number(text: str, named: dict[str, int]) -> int | str:
    """The number, or what is wrong with it."""
    known = named.get(text.lower())
    if known is not None:
        return known
    if not _DIGITS.fullmatch(text):
        return f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
    return int(text)
