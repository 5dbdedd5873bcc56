"""Docker's API as tests need it: what runs, and killing it. Its command line may be missing."""

import json
import os
import urllib.parse

from deploy import engine

SOCKET = os.environ.get("STEERSMAN_DOCKER_SOCKET", "/var/run/docker.sock")


def running(*labels: str) -> list[str]:
    """Ids of the running containers with all the labels ``key=value``."""
    filters = urllib.parse.quote(json.dumps({"label": list(labels)}))
    status, body = engine.call(SOCKET, "GET", f"/containers/json?filters={filters}")
    assert status == 200, body
    return [str(item["Id"]) for item in json.loads(body)]


def kill(container: str) -> None:
    """SIGKILL, behind the kubelet's back."""
    status, body = engine.call(SOCKET, "POST", f"/containers/{container}/kill")
    assert status == 204, body


def create_and_start(image: str) -> str:
    """Start a container without network, as a bare engine would; returns its id."""
    config = json.dumps({"Image": image, "Cmd": ["sleep", "60"], "HostConfig":
                         {"NetworkMode": "none"}})  # fmt: skip
    status, body = engine.call(
        SOCKET, "POST", "/containers/create", config.encode(), content="application/json"
    )
    assert status == 201, body
    identity = str(json.loads(body)["Id"])
    status, body = engine.call(SOCKET, "POST", f"/containers/{identity}/start")
    assert status == 204, body
    return identity
