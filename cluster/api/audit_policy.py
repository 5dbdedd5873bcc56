"""What of each request is written into the audit log: an audit.k8s.io/v1 Policy, read.

Job: from the YAML document to rules that give a request its level. Must not know: files, events.
Source: docs "Auditing", audit.k8s.io/v1 Policy.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec
import yaml

API_VERSION = "audit.k8s.io/v1"
Level = Literal["None", "Metadata", "Request", "RequestResponse"]
Stage = Literal["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"]


class BadAuditPolicy(ValueError):
    """The document is not one. Says where and why."""


class GroupResources(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """``resources`` as ``pods``, ``pods/log``, ``pods/*``, ``*/scale``, ``*``; empty: all."""

    group: str = ""
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()

    def matches(self, asked: "Asked") -> bool:
        """Whether a request is for one of them."""
        if self.group not in ("*", asked.group):
            return False
        if self.resource_names and asked.name not in self.resource_names:
            return False
        if not self.resources:
            return True
        whole = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
        patterns = {"*", whole}
        if asked.subresource:
            patterns |= {f"{asked.resource}/*", f"*/{asked.subresource}"}
        return not patterns.isdisjoint(self.resources)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What is empty matches everything."""

    level: Level
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(default=(), name="nonResourceURLs")
    omit_stages: tuple[Stage, ...] = ()
    omit_managed_fields: bool | None = None

    def matches(self, asked: "Asked") -> bool:
        """Whether the rule is for a request."""
        if self.users and asked.user not in self.users:
            return False
        if self.user_groups and set(self.user_groups).isdisjoint(asked.groups):
            return False
        if self.verbs and asked.verb not in self.verbs:
            return False
        if asked.path:
            # A rule that speaks of resources is for no other request, and the other way round.
            if self.resources or self.namespaces:
                return False
            urls = self.non_resource_urls
            return not urls or any(_covers(url, asked.path) for url in urls)
        if self.non_resource_urls:
            return False
        if self.namespaces and asked.namespace not in self.namespaces:
            return False
        return not self.resources or any(one.matches(asked) for one in self.resources)


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    rules: tuple[Rule, ...]
    omit_stages: tuple[Stage, ...] = ()
    omit_managed_fields: bool = False


@dataclass(frozen=True)
class Asked:
    """What rules look at. ``path``: of a request that is for no resource, else ''."""

    user: str
    groups: tuple[str, ...]
    verb: str
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class Decision:
    """What is written of one request."""

    level: Level
    omit_stages: frozenset[Stage]
    omit_managed_fields: bool


@dataclass(frozen=True)
class AuditPolicy:
    """Rules in order: the first that matches counts; a request that none matches is not logged."""

    rules: tuple[Rule, ...]
    omit_stages: tuple[Stage, ...] = ()
    omit_managed_fields: bool = False

    def decide(self, asked: Asked) -> Decision | None:
        """None: nothing is written."""
        for rule in self.rules:
            if rule.matches(asked):
                if rule.level == "None":
                    return None
                omit = rule.omit_managed_fields
                return Decision(
                    rule.level,
                    frozenset((*self.omit_stages, *rule.omit_stages)),
                    self.omit_managed_fields if omit is None else omit,
                )
        return None


def parse(text: bytes) -> AuditPolicy:
    """Raises BadAuditPolicy."""
    try:
        document = msgspec.convert(yaml.safe_load(text), _Document)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadAuditPolicy(str(error)) from error
    if (document.api_version, document.kind) != (API_VERSION, "Policy"):
        raise BadAuditPolicy(f"it is no Policy of {API_VERSION}")
    if not document.rules:
        raise BadAuditPolicy("rules: at least one is wanted")
    for at, rule in enumerate(document.rules):
        if rule.non_resource_urls and (rule.resources or rule.namespaces):
            raise BadAuditPolicy(
                f"rules[{at}]: nonResourceURLs cannot be together with resources or namespaces"
            )
        for url in rule.non_resource_urls:
            if not (url == "*" or url.startswith("/")) or "*" in url[:-1]:
                raise BadAuditPolicy(
                    f"rules[{at}].nonResourceURLs: {url!r}: a path, with a * at its end at most"
                )
    return AuditPolicy(document.rules, document.omit_stages, document.omit_managed_fields)


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
