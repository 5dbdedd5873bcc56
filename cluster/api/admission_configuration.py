"""What the API server's own admission is told from outside: an AdmissionConfiguration, read.

Job: from the YAML document to the files of credentials for webhooks. Must not know: files, what
is in those. Source: docs "Dynamic Admission Control", Authenticate API servers;
apiserver.config.k8s.io/v1 AdmissionConfiguration, WebhookAdmissionConfiguration. What else it may
configure (PodSecurity, policies from files) is refused: a configuration means all it says, or is
none.
"""

from typing import Any

import msgspec
import yaml

_API_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1")
_WEBHOOK_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1alpha1")
_WEBHOOK_KINDS = ("WebhookAdmissionConfiguration", "WebhookAdmission")
MUTATING, VALIDATING = "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"
PLUGINS = (MUTATING, VALIDATING)


class BadAdmissionConfiguration(ValueError):
    """The document, or what it names, is not one, or asks for what is not here. Says where and why,
    and nothing of what stands there: that may be a secret."""


class Plugin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``path``: of a file with the configuration, if it is not here."""

    name: str
    path: str = ""
    configuration: dict[str, Any] | None = None


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    api_version: str
    kind: str
    plugins: tuple[Plugin, ...] = ()


class _Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    api_version: str
    kind: str
    kube_config_file: str = ""


def load(text: bytes) -> Any:
    """One YAML document. Raises BadAdmissionConfiguration without a word of it."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise BadAdmissionConfiguration(f"no YAML{place}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadAdmissionConfiguration("no YAML") from None


def parse(text: bytes) -> tuple[Plugin, ...]:
    """Plugins that this server has a configuration for. Raises BadAdmissionConfiguration."""
    try:
        document = msgspec.convert(load(text), _Document)
    except msgspec.ValidationError as error:
        raise BadAdmissionConfiguration(str(error)) from error
    if document.kind != "AdmissionConfiguration" or document.api_version not in _API_VERSIONS:
        raise BadAdmissionConfiguration(f"it is no AdmissionConfiguration of {_API_VERSIONS[0]}")
    seen: set[str] = set()
    for position, plugin in enumerate(document.plugins):
        place = f"plugins[{position}]"
        if plugin.name not in PLUGINS:
            raise BadAdmissionConfiguration(f"{place}: this plugin has no configuration here")
        if plugin.name in seen:
            raise BadAdmissionConfiguration(f"{place}: {plugin.name} comes twice")
        if plugin.path and plugin.configuration is not None:
            raise BadAdmissionConfiguration(f"{place}: path and configuration cannot both be set")
        seen.add(plugin.name)
    return document.plugins


def kube_config_file(configuration: object) -> str:
    """Of a WebhookAdmissionConfiguration; '' if it names none. Raises BadAdmissionConfiguration."""
    try:
        found = msgspec.convert(configuration, _Webhooks)
    except msgspec.ValidationError as error:
        raise BadAdmissionConfiguration(str(error)) from error
    if found.kind not in _WEBHOOK_KINDS or found.api_version not in _WEBHOOK_VERSIONS:
        raise BadAdmissionConfiguration(f"it is no {_WEBHOOK_KINDS[0]} of {_WEBHOOK_VERSIONS[0]}")
    if found.kube_config_file and not found.kube_config_file.startswith("/"):
        raise BadAdmissionConfiguration("kubeConfigFile must be an absolute path")
    return found.kube_config_file
