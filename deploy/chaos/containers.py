"""The containers of a cluster and what they run on, broken behind the kubelets' backs.

Job: kill containers and sandboxes, remove images, restart the engine; each with the proof. Nothing
is touched that is another cluster's. Simulated containers are reached by the doors of their nodes.
Must not know: Kubernetes objects, the ledger.
"""

from typing import Any

import msgspec

from actors.kubelet import labels
from cluster.chaos import plan
from cluster.chaos.orders import Order
from cluster.chaos.targets import draw
from cluster.errors import ActorDown
from cluster.settings import ClusterSettings
from deploy import engine, launch
from deploy.chaos import door, engines
from deploy.chaos.evidence import Evidence
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import eventually
from deploy.images import demo as demo_images

# A container that dies again and again is started again only after a while.
AGAIN_SECONDS = 90.0
KILL_SECONDS = 5.0
# Of an engine that cannot be asked.
SILENT = "the engine does not answer"
TYPES = {"container-kill": labels.TYPE_CONTAINER, "sandbox-kill": labels.TYPE_SANDBOX}


class Victim(msgspec.Struct, frozen=True):
    """A container as the engine lists it. ``name``: its name in the pod."""

    id: str
    uid: str
    name: str
    pod: str
    node: str

    def told(self) -> str:
        """For people."""
        return f"{self.name} of {self.pod} on {self.node} ({self.id[:12]})"


class Containers:
    """container-kill, sandbox-kill, image-remove; engine-restart of a real engine. See
    ``means.Means``."""

    def refuse(self, settings: ClusterSettings, order: Order, sides: plan.Sides) -> None:
        """See ``Means``."""
        match order.verb:
            case "engine-restart":
                check_engine(settings)
            case "image-remove":
                removable(settings)
            case _:
                if not running(settings, sides[0], TYPES[order.verb]):
                    raise ValueError(f"no such container runs on {', '.join(sides[0])}")

    def strike(self, settings: ClusterSettings, entry: Entry, seed: int) -> Evidence:
        """See ``Means``."""
        order, names = entry.active.order, entry.active.names
        count = max(1, int(order.amount))
        match order.verb:
            case "engine-restart":
                return stop_engine(settings)
            case "image-remove":
                return remove_images(settings, draw(removable(settings), count, seed, "images"))
            case _:
                found = {one.told(): one for one in running(settings, names, TYPES[order.verb])}
                chosen = draw(sorted(found), count, seed, "containers")
                return kill(settings, [found[name] for name in chosen], TYPES[order.verb])

    def mend(self, settings: ClusterSettings, entry: Entry, others: list[Entry]) -> Evidence:
        """See ``Means``."""
        match entry.active.order.verb:
            case "engine-restart":
                return start_engine(settings, others)
            case "image-remove":
                return load_images(settings, entry.active.details)
            case _:
                victims = [decoded(detail) for detail in entry.active.details]
                return again(settings, victims, TYPES[entry.active.order.verb])


def running(settings: ClusterSettings, nodes: tuple[str, ...], kind: str) -> list[Victim]:
    """The running containers of a kind on these nodes. Raises EngineError, OSError."""
    found = []
    for node in nodes:
        for raw in _listed(settings, node):
            known = raw["labels"]
            if known.get(labels.TYPE) == kind:
                pod = f"{known.get(labels.POD_NAMESPACE)}/{known.get(labels.POD_NAME)}"
                uid = known.get(labels.POD_UID, "")
                found.append(Victim(raw["id"], uid, known.get(labels.CONTAINER, ""), pod, node))
    return found


def _listed(settings: ClusterSettings, node: str) -> list[dict[str, Any]]:
    """id and labels of each running container of a node."""
    if settings.runtime == "docker":
        of_node = [f"{k}={v}" for k, v in labels.node_labels(settings.name, node).items()]
        return [
            {"id": item["Id"], "labels": item.get("Labels") or {}}
            for item in engine.listed(settings.docker_socket, of_node)
        ]
    try:
        answer = door.ask(settings, node, "containers")
    except door.DoorShut:
        return []
    return [item for item in answer["containers"] if item["state"] == "running"]


def kill(settings: ClusterSettings, victims: list[Victim], kind: str) -> Evidence:
    """Proof: they do not run any more."""
    for victim in victims:
        if settings.runtime == "docker":
            engine.kill(settings.docker_socket, victim.id)
        else:
            door.ask(settings, victim.node, "crash-container", fields={"id": victim.id})
    nodes = tuple({victim.node: None for victim in victims})

    def alive() -> str:
        try:
            ids = {one.id for one in running(settings, nodes, kind)}
        except (OSError, engine.EngineError) as error:
            return f"{SILENT}: {error}"
        return ", ".join(victim.told() for victim in victims if victim.id in ids)

    left = eventually(alive, KILL_SECONDS)
    silent = left.startswith(SILENT)
    dead = [victim.told() for victim in victims if not silent and victim.told() not in left]
    lives = left if silent else f"lives on: {left}"
    return Evidence(
        f"dead: {', '.join(dead)}" if dead else "",
        lives if left else "",
        tuple(encoded(victim) for victim in victims),
    )


def holds(settings: ClusterSettings, victim: Victim) -> bool:
    """Whether the victim's node still has anything of its pod, dead or alive (or cannot tell)."""
    try:
        if settings.runtime == "docker":
            return any(one.pod == victim.uid for one in engines.docker_containers(settings))
        held = door.ask(settings, victim.node, "containers")["containers"]
    except (ActorDown, door.DoorShut):
        return True
    return any(one["labels"].get(labels.POD_UID) == victim.uid for one in held)


def again(settings: ClusterSettings, victims: list[Victim], kind: str) -> Evidence:
    """Wait until their pods have others in their places, or are gone themselves (deleted, scaled
    away)."""
    nodes = tuple({victim.node: None for victim in victims})
    known = {node.name for node in settings.nodes}
    gone: dict[str, None] = {}

    def missing() -> str:
        try:
            there = running(settings, tuple(node for node in nodes if node in known), kind)
        except (OSError, engine.EngineError):
            # Another fault may hold the engine down; the time is theirs then.
            there = []
        places = {(one.uid, one.name): one.id for one in there}
        lacking = [v for v in victims if places.get((v.uid, v.name), v.id) == v.id]
        gone.update(dict.fromkeys(v.told() for v in lacking if not holds(settings, v)))
        return ", ".join(one.told() for one in lacking if one.told() not in gone)

    left = eventually(missing, AGAIN_SECONDS)
    back = [
        f"{one.name} of {one.pod}"
        for one in victims
        if one.told() not in gone and one.told() not in left
    ]
    proofs = [f"run anew: {', '.join(back)}"] if back else []
    if gone:
        proofs.append(f"gone with their pods: {', '.join(gone)}")
    return Evidence(
        "; ".join(proofs),
        f"nothing in the place of {left} after {AGAIN_SECONDS:g} s" if left else "",
    )


def encoded(victim: Victim) -> str:
    """As a detail of a fault."""
    return msgspec.json.encode(victim).decode()


def decoded(detail: str) -> Victim:
    """And back."""
    return msgspec.json.decode(detail, type=Victim)


def check_engine(settings: ClusterSettings) -> int:
    """Pid of the engine. Raises ValueError unless the launcher started it, for this cluster."""
    pid = engine.own(engine.ENGINE_DIR)
    if pid is None or f"unix://{settings.docker_socket}" not in _words(pid):
        raise ValueError(
            f"the engine at {settings.docker_socket} was not started by steersman, so it is not "
            "its to restart: use its own service manager"
        )
    others = {
        item["Labels"].get(labels.CLUSTER, "") for item in engine.listed(settings.docker_socket, [])
    } - {settings.name}
    if others:
        told = ", ".join(sorted(name or "none of ours" for name in others))
        raise ValueError(f"others have containers in this engine too: {told}")
    return pid


def _words(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except OSError:
        return []


def stop_engine(settings: ClusterSettings) -> Evidence:
    """Proof: the process is gone, and nobody answers. Its containers go on (--live-restore)."""
    pid = check_engine(settings)
    ended = engine.end(pid)
    if not ended or engine.answers(settings.docker_socket):
        return Evidence(doubt=f"the engine (pid {pid}) answers still")
    return Evidence(f"the engine (pid {pid}) is gone")


def start_engine(settings: ClusterSettings, others: list[Entry]) -> Evidence:
    """Proof: another process answers, and knows the containers that went on."""
    held = [other.name for other in others if other.active.order.verb == "engine-restart"]
    if held:
        return Evidence(f"the engine stays as {held[0]} has it")
    try:
        engine.ensure(settings.docker_socket, engine.ENGINE_DIR)
    except engine.EngineError as error:
        return Evidence(doubt=str(error), left=True)
    found = engine.running(settings.docker_socket, [f"{labels.CLUSTER}={settings.name}"])
    pid = engine.own(engine.ENGINE_DIR)
    return Evidence(f"the engine answers (pid {pid}), {len(found)} containers went on")


def removable(settings: ClusterSettings) -> tuple[str, ...]:
    """Names of the images that the launcher loaded for this cluster and nobody else uses.

    Raises ValueError if there is none.
    """
    if settings.runtime != "docker":
        raise ValueError("image-remove: simulated engines have no images")
    socket = settings.docker_socket
    theirs = {
        item.get("Image", "")
        for item in engine.listed(socket, [labels.CLUSTER])
        if item["Labels"].get(labels.CLUSTER) != settings.name
    }
    found = [
        tag
        for tags in demo_images.names().values()
        for tag in tags
        if demo_images.RECIPE_LABEL in engine.image_labels(socket, tag) and tag not in theirs
    ]
    if not found:
        raise ValueError("the engine holds no image that steersman loaded for this cluster alone")
    return tuple(found)


def remove_images(settings: ClusterSettings, tags: tuple[str, ...]) -> Evidence:
    """Proof: the engine has none of these names."""
    for tag in tags:
        engine.untag(settings.docker_socket, tag)
    left = [tag for tag in tags if engine.image_labels(settings.docker_socket, tag)]
    gone = ", ".join(tag for tag in tags if tag not in left)
    doubt = f"there still: {', '.join(left)}" if left else ""
    return Evidence(f"the engine has no {gone}" if gone else "", doubt, tags)


def load_images(settings: ClusterSettings, tags: tuple[str, ...]) -> Evidence:
    """Proof: the engine has them again."""
    launch.ensure_images(settings)
    left = [tag for tag in tags if not engine.image_labels(settings.docker_socket, tag)]
    back = ", ".join(tag for tag in tags if tag not in left)
    doubt = f"not loaded: {', '.join(left)}" if left else ""
    return Evidence(f"the engine has {back}" if back else "", doubt, left=bool(left))
