"""Who is meant by "leader", "zone/b" or "random": selectors, resolved against a cluster as it is.

Pure: chance comes in as a seed, and the same seed picks the same of the same cluster. Must not
know: what is done to whom.
"""

import hashlib
from collections.abc import Iterable, Sequence

from cluster.chaos.orders import View

# What can be said, for people.
SELECTORS = (
    "leader, followers, follower, replicas, nodes, all, minority, majority (of the replicas), "
    "zone/NAME, replica/NAME, node/NAME, a name, random, random-replica, random-node, "
    "random-zone, or several of them with commas between"
)


class NoSuchProcess(ValueError):
    """A word that is neither a process nor stands for any."""


def resolve(selector: str, view: View, seed: int = 0) -> tuple[str, ...]:
    """The names of the processes meant: each once, replicas before nodes. Never empty.

    Raises ValueError for what is not there, or cannot be told (who leads, if nobody says).
    """
    found: set[str] = set()
    for part in selector.split(","):
        found.update(_one(part.strip(), view, seed))
    return ordered(found, view)


def rest(names: Iterable[str], view: View) -> tuple[str, ...]:
    """All the others."""
    return ordered({*view.replicas, *view.nodes} - set(names), view)


def ordered(names: Iterable[str], view: View) -> tuple[str, ...]:
    """In the order of the cluster: replicas, then nodes, each as they are listed."""
    wanted = set(names)
    return tuple(name for name in (*view.replicas, *view.nodes) if name in wanted)


def zones(view: View) -> tuple[str, ...]:
    """The zones in which anything runs, sorted."""
    return tuple(sorted({*view.replicas.values(), *view.nodes.values()}))


def draw(items: Sequence[str], count: int, seed: int, salt: str = "") -> tuple[str, ...]:
    """``count`` of the items (all, if there are no more), by a hash of the seed; in their order."""

    def rank(item: str) -> bytes:
        return hashlib.sha256(f"{seed}\0{salt}\0{item}".encode()).digest()

    chosen = set(sorted(items, key=rank)[:count])
    return tuple(item for item in items if item in chosen)


def _one(selector: str, view: View, seed: int) -> tuple[str, ...]:
    kind, slash, name = selector.partition("/")
    if slash:
        return _named(kind, name, view, seed)
    if selector in ("leader", "follower", "followers"):
        return _by_role(selector, view, seed)
    if selector == "random-zone":
        return _named("zone", "random", view, seed)
    if selector in ("minority", "majority"):
        replicas = tuple(view.replicas)
        fewer = draw(replicas, (len(replicas) - 1) // 2, seed, "minority")
        more = tuple(name for name in replicas if name not in fewer)
        return _some(selector, fewer if selector == "minority" else more, seed)
    groups = {
        "replicas": view.replicas,
        "nodes": view.nodes,
        "all": {**view.replicas, **view.nodes},
        "random": {**view.replicas, **view.nodes},
        "random-replica": view.replicas,
        "random-node": view.nodes,
    }
    if selector in groups:
        return _some(selector, tuple(groups[selector]), seed)
    return (_name(selector, {**view.replicas, **view.nodes}, ""),)


def _some(selector: str, names: tuple[str, ...], seed: int) -> tuple[str, ...]:
    """All of them, or one if the selector says so. Raises ValueError if there is none."""
    if not names:
        raise ValueError(f"{selector}: there is none in this cluster")
    return draw(names, 1, seed, "one") if selector.startswith("random") else names


def _by_role(selector: str, view: View, seed: int) -> tuple[str, ...]:
    if view.leader not in view.replicas:
        raise ValueError(
            f"{selector}: no replica says that it leads, so nobody can tell whom that means; name "
            f"one of: {', '.join(view.replicas)}"
        )
    if selector == "leader":
        return (view.leader,)
    others = tuple(name for name in view.replicas if name != view.leader)
    if not others:
        raise ValueError(f"{selector}: {view.leader} is the only replica")
    return others if selector == "followers" else draw(others, 1, seed, "one")


def _named(kind: str, name: str, view: View, seed: int) -> tuple[str, ...]:
    """Of ``zone/b``, ``replica/replica-1``, ``node/2``, or ``random`` of a kind."""
    if kind == "zone":
        if name == "random":
            (name,) = draw(zones(view), 1, seed, "zone")
        members = {**view.replicas, **view.nodes}
        found = tuple(member for member, zone in members.items() if zone == name)
        if not found:
            raise ValueError(f"zone {name!r} is not one of: {', '.join(zones(view))}")
        return found
    known = {"replica": view.replicas, "node": view.nodes}
    if kind not in known:
        raise ValueError(f"{kind}/{name} is none of: {SELECTORS}")
    if name == "random":
        return _some(f"random-{kind}", tuple(known[kind]), seed)
    return (_name(name, known[kind], kind),)


def _name(name: str, known: dict[str, str], kind: str) -> str:
    """A process by its name, or by its number: ``n2``, ``r1``, ``node/2``."""
    if name in known:
        return name
    digits = name.lstrip("nr") if name[:1] in ("n", "r") else name
    kinds = {"n": "node", "r": "replica"}
    short = f"{kind or kinds.get(name[:1], '')}-{digits}"
    if digits.isdecimal() and short in known:
        return short
    what = kind or "process"
    raise NoSuchProcess(
        f"{what} {name!r} is not one of: {', '.join(known)} (nor is it {SELECTORS})"
    )
