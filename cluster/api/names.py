"""The syntaxes of names: DNS labels and subdomains, label keys and values, and their errors.

Source: RFC 1123, RFC 1035 as Kubernetes reads them ("Object Names and IDs"). Each function gives
what is wrong, in Kubernetes' words; empty is right. The same names come again and again, so the
answers are remembered. Must not know kinds.
"""

import re
from collections.abc import Callable
from functools import lru_cache, wraps

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_ENV_NAME = re.compile(r"[\x20-\x3c\x3e-\x7e]+")
_PORT_NAME = re.compile(r"[-a-z0-9]+")

# Of generated names: no vowels, so that no word appears (as Kubernetes).
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH = 5

DNS_LABEL_MAX = 63
SUBDOMAIN_MAX = 253


Check = Callable[[str], tuple[str, ...]]


def _remembered(check: Check) -> Check:
    """Remember answers for texts that could be right: a long one would only take memory."""
    cached = lru_cache(maxsize=4096)(check)

    @wraps(check)
    def asked(value: str) -> tuple[str, ...]:
        return cached(value) if len(value) <= SUBDOMAIN_MAX else check(value)

    return asked


def _too_long(limit: int) -> str:
    return f"must be no more than {limit} bytes"


def _regex(what: str, example: tuple[str, ...], pattern: str) -> str:
    shown = ",  or ".join(f"'{item}'" for item in example)
    return f"{what} (e.g. {shown}, regex used for validation is '{pattern}')"


_LABEL_TEXT = _regex(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character",
    ("my-name", "123-abc"),
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
)
_DNS_1035_TEXT = _regex(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character",
    ("my-name", "abc-123"),
    "[a-z]([-a-z0-9]*[a-z0-9])?",
)
_SUBDOMAIN_TEXT = _regex(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character",
    ("example.com",),
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
)
_QUALIFIED_TEXT = _regex(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character",
    ("MyName", "my.name", "123-abc"),
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
)
_VALUE_TEXT = _regex(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character",
    ("MyValue", "my_value", "12345"),
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
)
_CONFIG_KEY_TEXT = _regex(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    ("key.name", "KEY_NAME", "key-name"),
    "[-._a-zA-Z0-9]+",
)


@_remembered
def dns_label_errors(value: str) -> tuple[str, ...]:
    """RFC 1123 label: names of namespaces, containers, volumes."""
    # What is a subdomain, but no label, is too long or has dots.
    text = "must not contain dots" if _SUBDOMAIN.fullmatch(value) else _LABEL_TEXT
    return _errors(value, _DNS_LABEL, DNS_LABEL_MAX, text)


@_remembered
def dns_1035_errors(value: str) -> tuple[str, ...]:
    """RFC 1035 label, which starts with a letter."""
    return _errors(value, _DNS_1035, DNS_LABEL_MAX, _DNS_1035_TEXT)


@_remembered
def subdomain_errors(value: str) -> tuple[str, ...]:
    """RFC 1123 subdomain: names of most objects."""
    return _errors(value, _SUBDOMAIN, SUBDOMAIN_MAX, _SUBDOMAIN_TEXT)


@_remembered
def config_key_errors(value: str) -> tuple[str, ...]:
    """A key in a ConfigMap or Secret: also a file name."""
    found = list(_errors(value, _CONFIG_KEY, SUBDOMAIN_MAX, _CONFIG_KEY_TEXT))
    if value in (".", ".."):
        found.append(f"must not be '{value}'")
    elif value.startswith(".."):
        found.append("must not start with '..'")
    return tuple(found)


@_remembered
def path_segment_errors(value: str) -> tuple[str, ...]:
    """A name that only must fit into a URL path (roles and bindings)."""
    if value in (".", ".."):
        return (f"may not be '{value}'",)
    return tuple(f"may not contain '{sign}'" for sign in ("/", "%") if sign in value)


@_remembered
def env_name_errors(value: str) -> tuple[str, ...]:
    """An environment variable: printable ASCII without '='."""
    if _ENV_NAME.fullmatch(value):
        return ()
    return (
        "a valid environment variable name must consist only of printable ASCII characters other "
        "than '='",
    )


@_remembered
def port_name_errors(value: str) -> tuple[str, ...]:
    """IANA service name: at most 15 characters, a letter among them."""
    found = []
    if len(value) > 15:
        found.append(_too_long(15))
    if not _PORT_NAME.fullmatch(value):
        found.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        found.append("must contain at least one letter (a-z)")
    if "--" in value:
        found.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        found.append("must not begin or end with a hyphen")
    return tuple(found)


@_remembered
def label_key_errors(value: str) -> tuple[str, ...]:
    """A qualified name: ``app`` or ``example.com/app``. So are annotations and finalizers."""
    found: list[str] = []
    prefix, slash, name = value.rpartition("/")
    if slash:
        if not prefix:
            found.append("prefix part must be non-empty")
        else:
            found.extend(f"prefix part {text}" for text in subdomain_errors(prefix))
        if "/" in prefix:
            return (
                f"a valid label key {_QUALIFIED_TEXT} with an optional DNS subdomain prefix and "
                "'/' (e.g. 'example.com/MyName')",
            )
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > DNS_LABEL_MAX:
        found.append(f"name part {_too_long(DNS_LABEL_MAX)}")
    if not _QUALIFIED.fullmatch(name):
        found.append(f"name part {_QUALIFIED_TEXT}")
    return tuple(found)


@_remembered
def label_value_errors(value: str) -> tuple[str, ...]:
    """A label's value: at most 63 characters, may be empty."""
    found = []
    if len(value) > DNS_LABEL_MAX:
        found.append(_too_long(DNS_LABEL_MAX))
    if value and not _QUALIFIED.fullmatch(value):
        found.append(_VALUE_TEXT)
    return tuple(found)


def _errors(value: str, pattern: re.Pattern[str], limit: int, text: str) -> tuple[str, ...]:
    found = []
    if len(value) > limit:
        found.append(_too_long(limit))
    # Far too long is wrong enough: a pattern over a megabyte would hold up everybody.
    if len(value) <= 4 * SUBDOMAIN_MAX and not pattern.fullmatch(value):
        found.append(text)
    return tuple(found)


def random_suffix(choice: Callable[[str], str]) -> str:
    """What makes a generated name a new one. ``choice``: of a character."""
    return "".join(choice(_SUFFIX_ALPHABET) for _ in range(SUFFIX_LENGTH))
