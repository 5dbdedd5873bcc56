"""deploy.options: how commands find their cluster, and tell how to name it again."""

from pathlib import Path

import pytest

from deploy import options, state
from deploy.topology import Topology, build_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return tmp_path


def test_the_default_cluster_needs_no_option() -> None:
    place = state.default_data_dir("steersman")
    assert options.again(build_settings(Topology(), place)) == ""


def test_others_are_named_by_name_or_folder() -> None:
    two = Topology(name="two")
    assert options.again(build_settings(two, state.default_data_dir("two"))) == " --name two"
    assert options.again(build_settings(two, "/a b/two")) == " --data-dir '/a b/two'"


def test_an_ordinary_users_clusters_are_under_the_home(home: Path) -> None:
    assert options.folder("two", "") == f"{home}/.local/share/steersman/two"
    assert options.folder("two", "relative").startswith("/")


def test_who_is_not_there_is_told_with_who_is() -> None:
    topology = Topology(name="two", runtime="memory")
    state.save(build_settings(topology, state.default_data_dir("two")), topology)
    with pytest.raises(state.NoCluster, match=r"no cluster in .*steersman up.*there is: two"):
        options.find("steersman", "")
    assert options.find("two", "").name == "two"


def test_a_user_without_a_home_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(state.NoCluster, match="set HOME"):
        options.folder("two", "")


def test_a_damaged_file_is_named(home: Path) -> None:
    place = Path(state.default_data_dir("two"))
    place.mkdir(parents=True)
    (place / "cluster.json").write_text("{")
    with pytest.raises(state.NoCluster, match=r"cluster\.json is damaged"):
        options.find("two", "")
