"""Image references and credentials."""

import base64
import json

import pytest

from actors.kubelet import image_names


@pytest.mark.parametrize(
    "name",
    ["web", "web:v1", "a/b/c:1.2", "localhost:5000/x", f"r.example.org/a/b@sha256:{'a' * 64}"],
)
def test_valid(name: str) -> None:
    assert image_names.is_valid(name)


@pytest.mark.parametrize("name", ["", "UPPER/x:1", "Web", "a//b", "web:", "web v1", "r.org/UP"])
def test_invalid(name: str) -> None:
    assert not image_names.is_valid(name)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("web", "Always"),
        ("web:latest", "Always"),
        ("web:v1", "IfNotPresent"),
        ("localhost:5000/web", "Always"),
        ("localhost:5000/web:v1", "IfNotPresent"),
        ("web@sha256:" + "a" * 64, "IfNotPresent"),
    ],
)
def test_default_pull_policy(image: str, policy: str) -> None:
    assert image_names.pull_policy({"image": image}) == policy
    assert image_names.pull_policy({"image": image, "imagePullPolicy": "Never"}) == "Never"


def test_credentials() -> None:
    auths = {
        "https://r.example.org/v1/": {"username": "u", "password": "p"},
        "other.example.org": {"username": "no", "password": "no"},
        "r.example.org": {"auth": base64.b64encode(b"x:y:z").decode()},
    }
    data = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    secrets = [{"data": {".dockerconfigjson": data}}, {"data": {".dockerconfigjson": "%%"}}, {}]
    found = image_names.credentials("r.example.org/web:1", secrets)
    assert found == [{"username": "u", "password": "p"}, {"username": "x", "password": "y:z"}]
    assert image_names.credentials("web:1", secrets) == []
