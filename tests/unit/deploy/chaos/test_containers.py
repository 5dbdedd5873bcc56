"""Containers broken behind the kubelets' backs: whose they are, who is to come in their place."""

from typing import Any

import pytest

from actors.kubelet import labels
from cluster.chaos.orders import Order
from deploy import engine
from deploy.chaos import containers
from deploy.chaos.containers import Victim
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(), "/data")
SOCKET = SETTINGS.docker_socket


def listed(identity: str, cluster: str = "steersman", uid: str = "u1", name: str = "web") -> Any:
    """A container as the engine lists it."""
    known = {
        labels.CLUSTER: cluster, labels.NODE: "node-1", labels.TYPE: labels.TYPE_CONTAINER,
        labels.POD_UID: uid, labels.POD_NAME: "web-1", labels.POD_NAMESPACE: "default",
        labels.CONTAINER: name,
    }  # fmt: skip
    return {"Id": identity, "Labels": known, "Image": "steersman/web:v1"}


class Engine:
    """What an engine holds, and what it was asked to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.holds: list[Any] = []
        self.killed: list[str] = []
        self.keeps = True
        # So many questions find nobody who answers.
        self.silent = 0
        monkeypatch.setattr(engine, "listed", self.listed)
        monkeypatch.setattr(engine, "kill", self.kill)
        monkeypatch.setattr(containers, "holds", lambda *_: self.keeps)
        monkeypatch.setattr(containers, "AGAIN_SECONDS", 0.0)
        monkeypatch.setattr(containers, "KILL_SECONDS", 0.0)

    def listed(self, path: str, wanted: list[str], ended: bool = False) -> list[Any]:
        assert path == SOCKET
        if self.silent:
            self.silent -= 1
            raise OSError("Remote end closed connection without response")
        pairs = [tuple(label.split("=", 1)) for label in wanted]
        return [
            one
            for one in self.holds
            if all(
                (pair[0] in one["Labels"] and one["Labels"][pair[0]] == pair[-1]) or len(pair) == 1
                for pair in pairs
            )
        ]

    def kill(self, path: str, identity: str) -> None:
        self.killed.append(identity)
        self.holds = [one for one in self.holds if one["Id"] != identity]


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def test_only_this_clusters_containers_are_found_and_killed(docker: Engine) -> None:
    docker.holds = [listed("one"), listed("theirs", cluster="other")]
    found = containers.running(SETTINGS, ("node-1", "node-2"), labels.TYPE_CONTAINER)
    assert found == [Victim("one", "u1", "web", "default/web-1", "node-1")]
    killed = containers.kill(SETTINGS, found, labels.TYPE_CONTAINER)
    assert killed.proof == "dead: web of default/web-1 on node-1 (one)"
    assert [containers.decoded(detail) for detail in killed.details] == found
    assert docker.killed == ["one"]


def test_another_in_its_place_is_the_proof(docker: Engine) -> None:
    victims = [Victim("one", "u1", "web", "default/web-1", "node-1")]
    doubt = containers.again(SETTINGS, victims, labels.TYPE_CONTAINER).doubt
    assert doubt.startswith("nothing in the place of web of default/web-1")
    docker.holds = [listed("one")]
    assert containers.again(SETTINGS, victims, labels.TYPE_CONTAINER).doubt == doubt
    docker.holds = [listed("two")]
    found = containers.again(SETTINGS, victims, labels.TYPE_CONTAINER)
    assert (found.proof, found.doubt) == ("run anew: web of default/web-1", "")


def test_a_pod_that_is_gone_needs_no_other(docker: Engine) -> None:
    victims = [Victim("one", "u1", "web", "default/web-1", "node-1")]
    docker.keeps = False
    found = containers.again(SETTINGS, victims, labels.TYPE_CONTAINER)
    assert found.proof == "gone with their pods: web of default/web-1 on node-1 (one)"
    assert found.doubt == ""


def test_an_engine_that_restarts_meanwhile_is_waited_for(
    docker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    victims = [Victim("one", "u1", "web", "default/web-1", "node-1")]
    docker.silent = 1
    found = containers.again(SETTINGS, victims, labels.TYPE_CONTAINER)
    assert found.doubt.startswith("nothing in the place of web")
    monkeypatch.setattr(containers, "AGAIN_SECONDS", 5.0)
    docker.silent, docker.holds = 2, [listed("two")]
    assert containers.again(SETTINGS, victims, labels.TYPE_CONTAINER).doubt == ""
    docker.silent = 1
    found = containers.kill(SETTINGS, victims, labels.TYPE_CONTAINER)
    assert (found.proof, found.doubt) == (
        "", "the engine does not answer: Remote end closed connection without response"
    )  # fmt: skip


def test_an_engine_of_others_is_not_restarted(
    docker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "own", lambda _: None)
    with pytest.raises(ValueError, match="was not started by steersman"):
        containers.check_engine(SETTINGS)
    monkeypatch.setattr(engine, "own", lambda _: 77)
    monkeypatch.setattr(containers, "_words", lambda _: ["dockerd", "--host", f"unix://{SOCKET}"])
    docker.holds = [listed("one"), listed("theirs", cluster="other")]
    with pytest.raises(ValueError, match="others have containers in this engine too: other"):
        containers.check_engine(SETTINGS)
    docker.holds = [listed("one")]
    assert containers.check_engine(SETTINGS) == 77
    monkeypatch.setattr(containers, "_words", lambda _: ["dockerd", "--host", "unix:///other"])
    with pytest.raises(ValueError, match="was not started by steersman"):
        containers.check_engine(SETTINGS)


def test_images_that_others_use_stay(docker: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {"steersman.io/recipe": "x"}
    monkeypatch.setattr(engine, "image_labels", lambda _, tag: {} if "redis" in tag else recipe)
    docker.holds = [listed("theirs", cluster="other")]
    found = containers.removable(SETTINGS)
    assert "steersman/web:v2" in found
    # One is used by another cluster, one is not there.
    assert not {"steersman/web:v1", "steersman/redis:v1"} & set(found)


def test_where_nothing_runs_nothing_is_killed(docker: Engine) -> None:
    with pytest.raises(ValueError, match="no such container runs on node-2"):
        containers.Containers().refuse(SETTINGS, Order("container-kill"), (("node-2",), ()))
