"""Syntaxes of names."""

import pytest

from cluster.api import names


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a" * 63])
def test_dns_labels(name: str) -> None:
    assert names.dns_label_errors(name) == ()


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a.b", "a_b", "a" * 64, "ä", "a\n"])
def test_no_dns_labels(name: str) -> None:
    assert names.dns_label_errors(name)


def test_a_service_starts_with_a_letter() -> None:
    assert names.dns_1035_errors("0a") and not names.dns_1035_errors("a0")


def test_subdomains() -> None:
    assert names.subdomain_errors("a.b-c.d") == ()
    assert names.subdomain_errors("a..b") and names.subdomain_errors("a" * 254)
    (text,) = names.subdomain_errors("Web")
    assert text.startswith("a lowercase RFC 1123 subdomain must consist of")
    assert "(e.g. 'example.com', regex used for validation is" in text


@pytest.mark.parametrize("key", ["app", "a.b/c", "k8s-app", "A_b.C", "example.com/" + "a" * 63])
def test_label_keys(key: str) -> None:
    assert names.label_key_errors(key) == ()


@pytest.mark.parametrize("key", ["", "/a", "a/", "a/b/c", "-a", "a" * 64, "UP.com/x", "a b"])
def test_no_label_keys(key: str) -> None:
    assert names.label_key_errors(key)


def test_label_values() -> None:
    assert names.label_value_errors("") == () and names.label_value_errors("A_b.c-1") == ()
    assert names.label_value_errors("-a") and names.label_value_errors("a" * 64)


def test_config_keys() -> None:
    assert names.config_key_errors("A_b-c.d") == ()
    for key in ("", ".", "..", "..a", "a/b", "a" * 254):
        assert names.config_key_errors(key), key


def test_path_segments() -> None:
    assert names.path_segment_errors("system:node") == ()
    assert names.path_segment_errors("a/b") == ("may not contain '/'",)
    assert names.path_segment_errors("..") == ("may not be '..'",)


def test_env_names() -> None:
    assert names.env_name_errors("my.VAR-1") == ()
    assert names.env_name_errors("a=b") and names.env_name_errors("") and names.env_name_errors("ä")


@pytest.mark.parametrize("name", ["http", "a1", "1a-b"])
def test_port_names(name: str) -> None:
    assert names.port_name_errors(name) == ()


@pytest.mark.parametrize("name", ["", "80", "a" * 16, "A", "a--b", "-a", "a-"])
def test_no_port_names(name: str) -> None:
    assert names.port_name_errors(name)
