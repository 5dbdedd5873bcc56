"""What the server sets on a definition, before its rules are looked at."""

from typing import Any

import pytest

from actors.apiserver.strategies.definitions import STRATEGY

STORED = {"name": "v1", "storage": True}


@pytest.mark.parametrize(
    ("spec", "stored", "updated"),
    [
        ({"versions": [{"name": "v0"}, STORED]}, ["v1"], ["v1"]),
        ({"versions": [{"storage": True}, STORED]}, [""], ["", "v1"]),
        ({"versions": [{"storage": True}]}, [""], [""]),
        ({}, [], []),
        (None, [], []),
    ],
)
def test_stored_versions_of_whatever_is_sent(
    spec: Any, stored: list[str], updated: list[str]
) -> None:
    new: dict[str, Any] = {"metadata": {}, **({} if spec is None else {"spec": spec})}
    STRATEGY.create(new, 0.0)
    assert new["status"]["storedVersions"] == stored
    STRATEGY.update(new, {})
    assert new["status"]["storedVersions"] == updated
