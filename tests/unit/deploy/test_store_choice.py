"""The --store option, and what must be there for it."""

import importlib.util

import pytest

from cluster.settings import ClusterSettings, ReplicaSettings, StoreSettings
from deploy import store_choice
from deploy.commands.up import choose
from deploy.preflight import NotFree


def settings(**store: str) -> ClusterSettings:
    return ClusterSettings(
        name="one",
        data_dir="/none",
        replicas=(ReplicaSettings("replica-1", "a", "127.0.0.1:1", ()),),
        nodes=(),
        store=StoreSettings(**store),  # type: ignore[arg-type]
    )


def test_what_the_option_says() -> None:
    assert store_choice.parse_store("raft") == {"engine": "raft", "endpoints": ""}
    assert store_choice.parse_store("etcd=http://a:1,http://b:1?x=y") == {
        "engine": "etcd",
        "endpoints": "http://a:1,http://b:1?x=y",
    }


@pytest.mark.parametrize("text", ["", "zookeeper", "etcd", "etcd=", "raft=http://a", "raftos="])
def test_what_it_cannot_say(text: str) -> None:
    with pytest.raises(ValueError, match="--store"):
        store_choice.parse_store(text)


def test_the_flag_wins_over_the_engine_of_the_file(tmp_path: object) -> None:
    file = f"{tmp_path}/t.toml"
    with open(file, "w", encoding="utf-8") as out:
        out.write('[store]\nengine = "etcd"\nendpoints = "http://a:1"\nsnapshot_entries = 7\n')
    chosen = choose(file, {"store": store_choice.parse_store("raft")}, f"{tmp_path}/data")
    assert chosen.store == {"engine": "raft", "endpoints": "", "snapshot_entries": 7}
    assert choose(file, {}, f"{tmp_path}/data").store["engine"] == "etcd"


def test_a_missing_package_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotFree, match=r"pip install .*raftos==0\.2\.6"):
        store_choice.check(settings(engine="raftos"), new=True)
    with pytest.raises(NotFree, match="pip install 'grpcio"):
        store_choice.check(settings(engine="etcd", endpoints="http://127.0.0.1:1"), new=True)
    store_choice.check(settings(), new=True)


def test_an_etcd_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.store.engines.etcd.upkeep.SECONDS", 0.2)
    dead = settings(engine="etcd", endpoints="http://127.0.0.1:1")
    with pytest.raises(NotFree, match=r"did not answer in time at 127\.0\.0\.1:1"):
        store_choice.check(dead, new=False)
    assert store_choice.remove(dead).startswith("not removed: etcd did not answer")


def test_a_cluster_of_that_name_in_etcd_is_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.store.engines.etcd.upkeep.count_keys", lambda *_: 3)
    there = settings(engine="etcd", endpoints="http://127.0.0.1:1")
    with pytest.raises(NotFree, match="holds a cluster 'one' already"):
        store_choice.check(there, new=True)
    store_choice.check(there, new=False)
