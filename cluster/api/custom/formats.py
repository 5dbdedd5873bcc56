"""Formats of strings that Kubernetes checks in custom resources; unknown ones say nothing.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Validation. Must not know
schemas.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from cluster.api import names, timestamps

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.I)
_MAC = re.compile(
    r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1){0,2}[0-9a-f]{2}", re.I
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,255}")
_HEX_COLOR = re.compile(r"#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_RGB_COLOR = re.compile(r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)")
_SSN = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}")
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_DURATION = re.compile(r"[-+]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+|0")
_WORDS = re.compile(
    r"\d+ ?(?:nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|"
    r"ns|us|µs|ms|s|sec|m|min|h|hr|d|w|wk)"
)
_HOSTNAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")


def matches(name: str, text: str) -> bool:
    """True if the text has that format, or the format is not one that is checked."""
    check = _CHECKS.get(name)
    return check is None or check(text)


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except (ValueError, binascii.Error):
            return False
        return True

    return check


def _full(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _uri(text: str) -> object:
    parts = urlsplit(text)
    if not (parts.scheme or text.startswith("/")):
        raise ValueError("no absolute URI or path")
    return parts


def _network(text: str) -> object:
    if "/" not in text:
        raise ValueError("no prefix length")
    return ipaddress.ip_network(text, strict=False)


def _uuid(version: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        return _UUID.fullmatch(text) is not None and text.replace("-", "")[12] == version

    return check


def _checksum(text: str, length: int) -> bool:
    digits = re.sub(r"[- ]", "", text)
    if len(digits) != length or not re.fullmatch(r"\d+[\dXx]", digits):
        return False
    values = [10 if sign in "Xx" else int(sign) for sign in digits]
    if length == 10:
        return sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0
    return sum(value * (1 + 2 * (place % 2)) for place, value in enumerate(values)) % 10 == 0


def _isbn(text: str) -> bool:
    return _checksum(text, 10) or _checksum(text, 13)


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[- ]", "", text)
    if not re.fullmatch(r"\d{12,19}", digits):
        return False
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _label(text: str) -> bool:
    return not names.dns_label_errors(text)


_CHECKS: dict[str, Callable[[str], bool]] = {
    "date": _parses(date.fromisoformat),
    "date-time": _parses(timestamps.seconds_of),
    "datetime": _parses(timestamps.seconds_of),
    "duration": lambda text: bool(_DURATION.fullmatch(text) or _WORDS.fullmatch(text)),
    "byte": _parses(lambda text: base64.b64decode(text, validate=True)),
    "uri": _parses(_uri),
    "email": _full(_EMAIL),
    "hostname": _full(_HOSTNAME),
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "cidr": _parses(_network),
    "mac": _full(_MAC),
    "uuid": _full(_UUID),
    "uuid3": _uuid("3"),
    "uuid4": _uuid("4"),
    "uuid5": _uuid("5"),
    "isbn": _isbn,
    "isbn10": lambda text: _checksum(text, 10),
    "isbn13": lambda text: _checksum(text, 13),
    "creditcard": _credit_card,
    "ssn": _full(_SSN),
    "hexcolor": _full(_HEX_COLOR),
    "rgbcolor": _full(_RGB_COLOR),
    "bsonobjectid": _full(_OBJECT_ID),
    "k8s-short-name": _label,
    "k8s-long-name": lambda text: not names.subdomain_errors(text),
}
