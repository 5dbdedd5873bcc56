"""The AdmissionConfiguration file: which plugin reads its credentials where."""

from typing import Any

import pytest
import yaml

from cluster.api.admission_configuration import (
    MUTATING,
    VALIDATING,
    BadAdmissionConfiguration,
    kube_config_file,
    parse,
)

HEAD = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration"}
WEBHOOKS = {"apiVersion": HEAD["apiVersion"], "kind": "WebhookAdmissionConfiguration"}


def text(*plugins: Any, **more: Any) -> bytes:
    return yaml.safe_dump({**HEAD, "plugins": list(plugins), **more}).encode()


def test_plugins() -> None:
    config = {**WEBHOOKS, "kubeConfigFile": "/etc/hooks.yaml"}
    first, second = parse(
        text({"name": VALIDATING, "configuration": config}, {"name": MUTATING, "path": "m.yaml"})
    )
    assert (first.name, kube_config_file(first.configuration)) == (VALIDATING, "/etc/hooks.yaml")
    assert (second.name, second.path, second.configuration) == (MUTATING, "m.yaml", None)
    assert parse(text(apiVersion="apiserver.k8s.io/v1alpha1")) == ()


def test_forms_of_the_webhooks_configuration() -> None:
    older = {"apiVersion": "apiserver.config.k8s.io/v1alpha1", "kind": "WebhookAdmission"}
    assert kube_config_file({**older, "kubeConfigFile": "/x"}) == "/x"
    assert kube_config_file(WEBHOOKS) == ""


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"a: [", "no YAML in line"),
        (b"", "Expected `object`"),
        (text(kind="Policy"), "it is no AdmissionConfiguration"),
        (text(apiVersion="v1"), "it is no AdmissionConfiguration"),
        (text(extra=1), "unknown field"),
        (text({"name": "PodSecurity"}), "plugins[0]: this plugin has no configuration here"),
        (text({"name": MUTATING}, {"name": MUTATING}), "plugins[1]: MutatingAdmissionWebhook"),
        (text({"name": MUTATING, "path": "x", "configuration": {}}), "cannot both be set"),
    ],
)
def test_what_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(BadAdmissionConfiguration) as refused:
        parse(document)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        (None, "Expected `object`"),
        ({**WEBHOOKS, "kind": "Policy"}, "it is no WebhookAdmissionConfiguration"),
        ({**WEBHOOKS, "apiVersion": "v1"}, "it is no WebhookAdmissionConfiguration"),
        ({**WEBHOOKS, "kubeConfigFile": "hooks.yaml"}, "must be an absolute path"),
        ({**WEBHOOKS, "staticManifestsDir": "/x"}, "unknown field"),
    ],
)
def test_what_is_no_configuration_of_webhooks(configuration: Any, why: str) -> None:
    with pytest.raises(BadAdmissionConfiguration) as refused:
        kube_config_file(configuration)
    assert why in str(refused.value)
