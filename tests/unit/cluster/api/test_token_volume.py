"""Which pods get a token, and how it is mounted."""

from typing import Any

import pytest

from cluster.api import token_volume


@pytest.mark.parametrize(
    ("pod", "account", "wanted"),
    [
        (None, None, True), (None, True, True), (None, False, False),
        (True, None, True), (True, True, True), (True, False, True),
        (False, None, False), (False, True, False), (False, False, False),
    ],
)  # fmt: skip
def test_the_pod_decides_before_its_account(
    pod: bool | None, account: bool | None, wanted: bool
) -> None:
    def said(value: bool | None) -> dict[str, Any]:
        return {} if value is None else {"automountServiceAccountToken": value}

    assert token_volume.wanted(said(pod), said(account)) == wanted


def test_it_is_mounted_once_where_nothing_is() -> None:
    own = {"name": "mine", "mountPath": token_volume.PATH}
    spec: dict[str, Any] = {
        "initContainers": [{"name": "i"}],
        "containers": [{"name": "a"}, {"name": "b", "volumeMounts": [own]}],
    }
    token_volume.mount(spec, "abcde")
    token_volume.mount(spec, "other")
    added = {"name": "kube-api-access-abcde", "readOnly": True, "mountPath": token_volume.PATH}
    assert spec["initContainers"][0]["volumeMounts"] == [added]
    assert spec["containers"][0]["volumeMounts"] == [added]
    assert spec["containers"][1]["volumeMounts"] == [own]
    assert [item["name"] for item in spec["volumes"]] == ["kube-api-access-abcde"]
    assert len(spec["volumes"][0]["projected"]["sources"]) == 3


def test_a_pod_that_needs_none_gets_none() -> None:
    own = {"name": "mine", "mountPath": token_volume.PATH}
    spec: dict[str, Any] = {"containers": [{"name": "b", "volumeMounts": [own]}]}
    token_volume.mount(spec, "abcde")
    assert "volumes" not in spec


def test_volumes_without_names_are_left_to_validation() -> None:
    spec: dict[str, Any] = {"containers": [{"name": "c"}], "volumes": [{"emptyDir": {}}]}
    token_volume.mount(spec, "x")
    assert [volume.get("name") for volume in spec["volumes"]] == [None, token_volume.PREFIX + "x"]
