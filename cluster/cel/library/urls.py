"""URLs. Source: docs "Common Expression Language in Kubernetes", URL library.

A URL is absolute, or a path from the root; no other is one.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from cluster.cel.errors import CelError
from cluster.cel.functions import Functions, function, method, traversal
from cluster.cel.types import BOOL, STRING, Type, list_of, map_of

URL = Type("kubernetes.URL")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_SAFE = "!$&'()*+,;=:@/[]~"


@dataclass(frozen=True, slots=True)
class UrlValue:
    """``text``: as it was given."""

    text: str
    parts: SplitResult

    @property
    def type_name(self) -> str:
        """Of the language."""
        return URL.name


def _parsed(text: str) -> UrlValue:
    wrong = f'URL parse error during conversion from string: parse "{text}": '
    if not text.startswith("/") and not _SCHEME.match(text):
        raise CelError(wrong + "invalid URI for request")
    if _CONTROL.search(text):
        raise CelError(wrong + "net/url: invalid control character in URL")
    if _ESCAPE.search(text.partition("?")[0]):
        raise CelError(wrong + "invalid URL escape")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise CelError(wrong + str(error)) from error
    if port is None and parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]:
        raise CelError(wrong + "invalid port after host")
    return UrlValue(text, parts)


def _is_url(text: str) -> bool:
    try:
        _parsed(text)
    except CelError:
        return False
    return True


def _host(value: UrlValue) -> str:
    return value.parts.netloc.rpartition("@")[2]


def _hostname(value: UrlValue) -> str:
    host = _host(value)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _port(value: UrlValue) -> str:
    return _host(value).rpartition("]")[2].partition(":")[2]


def _escaped_path(value: UrlValue) -> str:
    return quote(unquote(value.parts.path), safe=_SAFE)


def _query(value: UrlValue) -> dict[str, Any]:
    return parse_qs(value.parts.query, keep_blank_values=True, max_num_fields=10_000)


def _safe_query(value: UrlValue) -> dict[str, Any]:
    try:
        return _query(value)
    except ValueError as error:
        raise CelError(str(error)) from error


URLS: Functions = {
    "url": (function("string_to_url", (STRING,), URL, _parsed, traversal()),),
    "isURL": (function("is_url_string", (STRING,), BOOL, _is_url),),
    "getScheme": (method("url_get_scheme", (URL,), STRING, lambda value: value.parts.scheme),),
    "getHost": (method("url_get_host", (URL,), STRING, _host),),
    "getHostname": (method("url_get_hostname", (URL,), STRING, _hostname),),
    "getPort": (method("url_get_port", (URL,), STRING, _port),),
    "getEscapedPath": (method("url_get_escaped_path", (URL,), STRING, _escaped_path),),
    "getQuery": (method("url_get_query", (URL,), map_of(STRING, list_of(STRING)), _safe_query),),
}
