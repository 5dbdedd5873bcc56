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
