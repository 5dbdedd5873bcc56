"""What can be seen of a cluster from outside, whatever state it is in: who leads, who is well.

Nothing here waits for one that does not answer longer than ``LOOK_SECONDS``. Must not know: faults.
"""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import Any, TypeVar

from cluster.chaos.orders import View
from cluster.settings import ClusterSettings
from deploy import administrator, processes
from deploy.chaos.evidence import Evidence
from deploy.client import ApiError, Unreachable

STORE = "/debug/store"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/"
LOOK_SECONDS = 1.5
# After a fault is healed: elections, links dialled anew, a follower that catches up, a lease that
# is due (docker clusters renew every five seconds).
WELL_SECONDS = 20.0
PAUSE_SECONDS = 0.05

Item = TypeVar("Item")
Found = TypeVar("Found")


def view(settings: ClusterSettings) -> View:
    """The cluster as it is now; asks whoever answers who leads."""
    return View(
        replicas={replica.name: replica.zone for replica in settings.replicas},
        nodes={node.name: node.zone for node in settings.nodes},
        leader=leader(stores(settings)),
    )


def stores(settings: ClusterSettings) -> dict[str, dict[str, Any]]:
    """What each replica says of its store; those that do not answer are left out."""
    names = [replica.name for replica in settings.replicas]
    found = side_by_side(lambda name: store(settings, name), names)
    return {name: said for name, said in found.items() if said}


def store(settings: ClusterSettings, name: str) -> dict[str, Any]:
    """What one replica says of its store, {} if it does not answer."""
    process = processes.find(settings, name)
    if process is None or processes.state(process.pid) == "T":
        return {}
    return get(settings, settings.replica(name).api_addresses[-1], STORE)


def leader(said: dict[str, dict[str, Any]]) -> str:
    """Who leads: the one of the highest term, for one that is cut off may still believe it. '' if
    none says so."""
    leading = [
        (int(one.get("term", 0)), name) for name, one in said.items() if one.get("role") == "leader"
    ]
    return max(leading)[1] if leading else ""


def get(settings: ClusterSettings, server: str, path: str) -> dict[str, Any]:
    """An answer of the API server ('' : whichever answers), {} if there is none in time."""
    client = administrator.client(settings, server)
    try:
        connection, response = client.open("GET", path, timeout=LOOK_SECONDS)
        with closing(connection):
            found: dict[str, Any] = json.loads(response.read() or b"{}")
            return found
    except (Unreachable, ApiError, OSError, ValueError):
        return {}


def side_by_side(work: Callable[[Item], Found], items: Iterable[Item]) -> dict[Item, Found]:
    """The same for all of them, side by side."""
    every = list(items)
    with ThreadPoolExecutor(max(1, min(16, len(every)))) as pool:
        return dict(zip(every, pool.map(work, every), strict=True))


def eventually(check: Callable[[], str], seconds: float) -> str:
    """Until ``check`` says '' (all is well), or the time is over: what it said last."""
    deadline = time.monotonic() + seconds
    while problem := check():
        if time.monotonic() > deadline:
            return problem
        time.sleep(PAUSE_SECONDS)
    return ""


def well(
    settings: ClusterSettings, names: Iterable[str], seconds: float = WELL_SECONDS
) -> Evidence:
    """Wait until these processes run and do their work: replicas hold what the leader held when
    this began, nodes have renewed their leases since."""
    wanted = list(names)
    began = time.time()
    goal = 0

    def problem() -> str:
        nonlocal goal
        said = stores(settings)
        leading = leader(said)
        if not leading:
            return "no replica says that it leads"
        goal = goal or int(said[leading]["applied_index"])
        for name in wanted:
            if name in said:
                behind = goal - int(said[name]["applied_index"])
                if behind > 0 or said[name]["leader"] != leading:
                    return f"{name} is {max(behind, 0)} entries behind, or follows another"
            elif name in replicas:
                return f"{name} does not answer"
            elif renewed(settings, name) < began - 1.0:
                return f"{name} has not renewed its lease"
        return ""

    replicas = {replica.name for replica in settings.replicas}
    doubt = eventually(problem, seconds)
    if doubt:
        return Evidence(doubt=f"not well after {seconds:g} s: {doubt}")
    took = time.time() - began
    voters = [name for name in wanted if name in replicas]
    nodes = [name for name in wanted if name not in replicas]
    said = [f"{', '.join(voters)} caught up to entry {goal}"] if voters else []
    said += [f"{', '.join(nodes)} renewed the lease"] if nodes else []
    return Evidence(proof=f"{' and '.join(said)} after {took:.1f} s")


def renewed(settings: ClusterSettings, node: str) -> float:
    """When a node's lease was renewed last (UNIX seconds, of the node's clock), 0.0 if unknown."""
    lease = get(settings, "", LEASES + node)
    text = lease.get("spec", {}).get("renewTime", "")
    return datetime.fromisoformat(text).timestamp() if text else 0.0
