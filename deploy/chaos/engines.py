"""What runs on the nodes of a real cluster, and where their packet filters send connections.

Blocks: call from threads. Must not know: what should run.
"""

import json
import subprocess
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from actors.kit.world.netns import namespace_command
from actors.kubelet import labels
from actors.proxy.rules import table_name
from cluster.chaos.observations import Container, Forwarded
from cluster.errors import ActorDown
from cluster.settings import ClusterSettings
from deploy import engine
from deploy.chaos import door

ENGINE_SECONDS = 5.0
DOOR_SECONDS = 1.0
NFT_SECONDS = 5.0
# Of the map of backends: indices from here are of connections from inside the cluster.
INNER_OFFSET = 65536


def docker_containers(settings: ClusterSettings) -> list[Container]:
    """All of the cluster's, by one question to the engine. Raises ActorDown."""
    chosen = json.dumps({"label": [f"{labels.CLUSTER}={settings.name}"]})
    url = f"/containers/json?all=1&filters={urllib.parse.quote(chosen)}"
    try:
        status, body = engine.call(settings.docker_socket, "GET", url, timeout=ENGINE_SECONDS)
    except OSError as error:
        raise ActorDown(f"the container engine does not answer: {error}") from error
    if status != 200:
        raise ActorDown(f"the container engine answers {status}")
    return [
        container(item["Labels"], item["Id"], item["State"] == "running")
        for item in json.loads(body)
    ]


def memory_containers(settings: ClusterSettings) -> list[Container]:
    """Of the simulated engines of all nodes whose process answers at its door."""
    found = []
    for node in settings.nodes:
        try:
            held = door.ask(settings, node.name, "containers", DOOR_SECONDS)["containers"]
        except door.DoorShut:
            continue
        for item in held:
            tags = {labels.NODE: node.name, **item["labels"]}
            found.append(container(tags, item["id"], item["state"] == "running"))
    return found


def container(tags: Mapping[str, str], identity: str, running: bool) -> Container:
    """From what a kubelet writes on its containers."""
    sandbox = tags.get(labels.TYPE) == labels.TYPE_SANDBOX
    return Container(
        node=tags.get(labels.NODE, ""),
        identity=identity,
        pod=tags.get(labels.POD_UID, ""),
        namespace=tags.get(labels.POD_NAMESPACE, ""),
        name=tags.get(labels.POD_NAME, ""),
        part="" if sandbox else tags.get(labels.CONTAINER, ""),
        running=running,
    )


def nftables_forwards(settings: ClusterSettings, services: Mapping[str, str]) -> list[Forwarded]:
    """Of the nodes that have a network namespace. ``services``: names by cluster address. Raises
    ActorDown if a table cannot be read."""
    found = []
    for node in settings.nodes:
        if not node.netns:
            continue
        command = ["nft", "-j", "list", "map", "ip", table_name(settings.name), "svc_ends"]
        words = [*namespace_command(f"/run/netns/{node.netns}"), *command]
        try:
            done = subprocess.run(words, capture_output=True, timeout=NFT_SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise ActorDown(f"{node.name}: its rules cannot be read: {error}") from error
        found += forwards(node.name, json.loads(done.stdout), services)
    return found


def forwards(node: str, listing: Any, services: Mapping[str, str]) -> list[Forwarded]:
    """From nft's JSON of the map of backends (libnftables-json(5)). Pure."""
    backends: dict[str, dict[str, None]] = {}
    for key, value in _elements(listing):
        address, _, _, index = key
        if address in services and int(index) < INNER_OFFSET:
            backends.setdefault(services[address], {})[str(value[0])] = None
    return [
        Forwarded(node, service, tuple(backends.get(service, ()))) for service in services.values()
    ]


def _elements(listing: Any) -> Iterable[tuple[list[Any], list[Any]]]:
    for item in listing.get("nftables", []):
        for key, value in (item.get("map") or {}).get("elem", []):
            yield key["concat"], value["concat"]
