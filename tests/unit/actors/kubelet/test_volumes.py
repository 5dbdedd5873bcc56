"""The contents of generated volumes."""

import base64

import pytest

from actors.kubelet import volumes
from actors.kubelet.downward import ConfigFault, PodFacts
from actors.kubelet.env import Reference
from actors.kubelet.volumes import FileEntry, TokenWish, VolumeSources
from cluster.api.types import Object

FACTS = PodFacts("node-1", "10.245.0.1", "10.244.1.2", {})
POD: Object = {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {}}
OBJECTS: dict[Reference, Object | None] = {
    ("configmap", "c"): {"data": {"a": "1", "b": "2"}, "binaryData": {"z": "AAE="}},
    ("secret", "s"): {"data": {"key": base64.b64encode(b"hidden").decode()}},
    ("secret", "none"): None,
}


def files(volume: Object, **tokens: str) -> dict[str, FileEntry]:
    wishes = {TokenWish(name, 3600): text for name, text in tokens.items()}
    sources = VolumeSources(FACTS, OBJECTS, wishes)
    return volumes.volume_files(POD, {"name": "v", **volume}, sources)


def test_config_map() -> None:
    assert files({"configMap": {"name": "c", "defaultMode": 0o400}}) == {
        "a": FileEntry(b"1", 0o400),
        "b": FileEntry(b"2", 0o400),
        "z": FileEntry(b"\0\1", 0o400),
    }
    items = [{"key": "a", "path": "dir/x", "mode": 0o600}]
    chosen = files({"configMap": {"name": "c", "items": items}})
    assert chosen == {"dir/x": FileEntry(b"1", 0o600)}


def test_secret() -> None:
    assert files({"secret": {"secretName": "s"}}) == {"key": FileEntry(b"hidden", 0o644)}
    with pytest.raises(ConfigFault, match='secret "none" not found'):
        files({"secret": {"secretName": "none"}})
    assert files({"secret": {"secretName": "none", "optional": True}}) == {}


def test_missing_key() -> None:
    source = {"name": "c", "items": [{"key": "no", "path": "x"}]}
    with pytest.raises(ConfigFault, match="non-existent config key: no"):
        files({"configMap": source})
    assert files({"configMap": {**source, "optional": True}}) == {}


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "", "..data"])
def test_paths_stay_inside(path: str) -> None:
    with pytest.raises(ConfigFault, match="invalid path"):
        files({"configMap": {"name": "c", "items": [{"key": "a", "path": path}]}})


def test_projected() -> None:
    item = {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
    volume = {
        "projected": {
            "defaultMode": 0o440,
            "sources": [
                {"serviceAccountToken": {"path": "token", "audience": "vault"}},
                {"configMap": {"name": "c", "items": [{"key": "a", "path": "a"}]}},
                {"secret": {"name": "s"}},
                {"downwardAPI": {"items": [item]}},
            ],
        }
    }
    assert volumes.token_wishes({"name": "v", **volume}) == [TokenWish("vault", 3600)]
    found = files(volume, vault="signed")
    assert {name: entry.data for name, entry in found.items()} == {
        "token": b"signed",
        "a": b"1",
        "key": b"hidden",
        "name": b"web",
    }
    assert {entry.mode for entry in found.values()} == {0o440}
    pod = {"spec": {"volumes": [{"name": "v", **volume}]}}
    assert volumes.volume_references(pod) == {("configmap", "c"), ("secret", "s")}


def test_unknown_sources_are_told() -> None:
    with pytest.raises(ConfigFault, match="source nfs is not supported"):
        volumes.volume_type({"name": "v", "nfs": {}})


def test_fs_group() -> None:
    assert volumes.fs_group({"spec": {"securityContext": {"fsGroup": 0}}}) == 0
    assert volumes.fs_group({"spec": {}}) is None
