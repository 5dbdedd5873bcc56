"""Whom the API server takes tokens from besides itself: an AuthenticationConfiguration, read.

Job: from the YAML document to issuers and what becomes of their claims. Must not know: tokens,
files. Source: docs "Authenticating", Using Authentication Configuration; apiserver.config.k8s.io/v1
AuthenticationConfiguration. Expressions (CEL) are refused: a configuration means all it says, or is
none.
"""

from typing import Literal
from urllib.parse import urlsplit

import msgspec
import yaml

API_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1")
KIND = "AuthenticationConfiguration"
ISSUERS_MAX = 64
_PREFIX = 'prefix is required when claim is set, it may be ""'


class BadAuthenticationConfiguration(ValueError):
    """The document is not one, or asks for what is not here. Says where and why."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    pass


class Issuer(_Part, frozen=True):
    """``url``: the claim ``iss``; ``discovery_url``: where its document is, '' below ``url``;
    ``certificate_authority``: PEM, '' the machine's own authorities."""

    url: str
    audiences: tuple[str, ...]
    discovery_url: str = msgspec.field(default="", name="discoveryURL")
    certificate_authority: str = ""
    audience_match_policy: Literal["", "MatchAny"] = ""


class PrefixedClaim(_Part, frozen=True):
    """A claim whose values get a prefix ('' is one too, but must be said)."""

    claim: str = ""
    prefix: str | None = None
    expression: str = ""


class PlainClaim(_Part, frozen=True):
    """A claim as it is."""

    claim: str = ""
    expression: str = ""


class ExtraMapping(_Part, frozen=True):
    """Made by an expression only."""

    key: str
    value_expression: str


class ClaimMappings(_Part, frozen=True):
    """Which claims make the user."""

    username: PrefixedClaim
    groups: PrefixedClaim = PrefixedClaim()
    uid: PlainClaim = PlainClaim()
    extra: tuple[ExtraMapping, ...] = ()


class ClaimRule(_Part, frozen=True):
    """The claim must be a string, of this value."""

    claim: str = ""
    required_value: str = ""
    expression: str = ""
    message: str = ""


class UserRule(_Part, frozen=True):
    """An expression over the user."""

    expression: str
    message: str = ""


class JwtAuthenticator(_Part, frozen=True):
    """One issuer of tokens."""

    issuer: Issuer
    claim_mappings: ClaimMappings
    claim_validation_rules: tuple[ClaimRule, ...] = ()
    user_validation_rules: tuple[UserRule, ...] = ()


class PathCondition(_Part, frozen=True):
    """A path that the unknown may ask for."""

    path: str


class Anonymous(_Part, frozen=True):
    """Whether who shows no credentials is let in as system:anonymous, on all paths or on these."""

    enabled: bool = True
    conditions: tuple[PathCondition, ...] = ()

    def lets_in(self, path: str) -> bool:
        """For a request of that path."""
        paths = [condition.path for condition in self.conditions]
        return self.enabled and (not paths or path in paths)


class AuthenticationConfiguration(_Part, frozen=True):
    """Without any issuer, and with anonymous users, as by default."""

    api_version: str = API_VERSIONS[0]
    kind: str = KIND
    jwt: tuple[JwtAuthenticator, ...] = ()
    anonymous: Anonymous = Anonymous()


def parse(text: bytes, own_issuer: str) -> AuthenticationConfiguration:
    """``own_issuer``: of this cluster's own tokens. Raises BadAuthenticationConfiguration."""
    try:
        found = msgspec.convert(yaml.safe_load(text), AuthenticationConfiguration)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise BadAuthenticationConfiguration(str(error)) from error
    _demand(found.kind == KIND, "kind", f"must be {KIND}")
    _demand(found.api_version in API_VERSIONS, "apiVersion", f"must be {API_VERSIONS[0]}")
    _demand(len(found.jwt) <= ISSUERS_MAX, "jwt", f"must have at most {ISSUERS_MAX} items")
    anonymous = found.anonymous
    plain = anonymous.enabled or not anonymous.conditions
    _demand(
        plain, "anonymous.conditions", "enabled should be set to true when conditions are defined"
    )
    seen: set[str] = set()
    for position, authenticator in enumerate(found.jwt):
        path = f"jwt[{position}]"
        issuer = authenticator.issuer
        _check_issuer(f"{path}.issuer", issuer)
        for url in (issuer.url, issuer.discovery_url):
            _demand(not url or url not in seen, f"{path}.issuer", f"duplicate value: {url}")
            seen.add(url)
        _demand(issuer.url != own_issuer, f"{path}.issuer.url", "is this cluster's own issuer")
        _check_mappings(f"{path}.claimMappings", authenticator.claim_mappings)
        _check_rules(path, authenticator)
    return found


def _demand(holds: bool, path: str, detail: str) -> None:
    if not holds:
        raise BadAuthenticationConfiguration(f"{path}: {detail}")


def _check_issuer(path: str, issuer: Issuer) -> None:
    _check_url(f"{path}.url", issuer.url)
    if issuer.discovery_url:
        _check_url(f"{path}.discoveryURL", issuer.discovery_url)
        differ = issuer.discovery_url.rstrip("/") != issuer.url.rstrip("/")
        _demand(differ, f"{path}.discoveryURL", "must be different from url")
    audiences = issuer.audiences
    _demand(bool(audiences), f"{path}.audiences", "at least one audience is required")
    _demand(all(audiences), f"{path}.audiences", "audience must not be empty")
    _demand(len(set(audiences)) == len(audiences), f"{path}.audiences", "must be unique")
    if len(audiences) > 1:
        any_of = issuer.audience_match_policy == "MatchAny"
        _demand(any_of, f"{path}.audienceMatchPolicy", "must be MatchAny for several audiences")


def _check_url(path: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        user = parts.username or parts.password
    except ValueError as error:
        raise BadAuthenticationConfiguration(f"{path}: {error}") from error
    _demand(parts.scheme == "https" and bool(parts.netloc), path, "URL scheme must be https")
    _demand(not user, path, "URL must not contain a username or password")
    _demand(not parts.query, path, "URL must not contain a query")
    _demand(not parts.fragment, path, "URL must not contain a fragment")


def _check_mappings(path: str, mappings: ClaimMappings) -> None:
    said = (mappings.username.expression, mappings.groups.expression, mappings.uid.expression)
    _demand(not any(said) and not mappings.extra, path, "expressions are not evaluated here")
    username, groups = mappings.username, mappings.groups
    _demand(bool(username.claim), f"{path}.username", "claim is required")
    _demand(username.prefix is not None, f"{path}.username.prefix", _PREFIX)
    if groups.claim:
        _demand(groups.prefix is not None, f"{path}.groups.prefix", _PREFIX)
    else:
        _demand(groups.prefix is None, f"{path}.groups.prefix", "must not be set without a claim")


def _check_rules(path: str, authenticator: JwtAuthenticator) -> None:
    seen: set[str] = set()
    for position, rule in enumerate(authenticator.claim_validation_rules):
        place = f"{path}.claimValidationRules[{position}]"
        _demand(not rule.expression, place, "expressions are not evaluated here")
        _demand(bool(rule.claim), place, "claim is required")
        _demand(rule.claim not in seen, f"{place}.claim", f"duplicate value: {rule.claim}")
        _demand(not rule.message, f"{place}.message", "must not be set without an expression")
        seen.add(rule.claim)
    rules = authenticator.user_validation_rules
    _demand(not rules, f"{path}.userValidationRules", "expressions are not evaluated here")
