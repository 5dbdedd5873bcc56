"""Notes and requests in plain words, about one object called "it". Pure.

Must not know: in which order things happened, or what they led to.
"""

from collections.abc import Mapping

from cluster.trace_subjects import HTTP, Record
from cluster.trace_tree import Span
from deploy.tracing.text import note_text, process_of

# Steps of decisions, as controllers note them (``actors.controllers.reasons``).
STEPS = ("created", "changing", "deleting")
QUIET = (
    "container.created", "container.removed", "container.stopped", "network.attached",
    "sandbox.started", "sandbox.stopped", "status.published", "volumes.ready", "rules.applied",
    "node.status",
)  # fmt: skip
PAST = {"create": "created", "update": "changed", "patch": "changed", "delete": "deleted"}
SCORES_SHOWN = 3


def who(address: str) -> str:
    """``controllers/replicaset-controller@replica-1`` → ``replicaset-controller``; a kubelet's with
    its node. A user's name stays."""
    name = address.partition("@")[0].rpartition("/")[2] or address
    return f"{name} on {process_of(address)}" if name in ("kubelet", "proxy", "dns") else name


def of_note(note: Record) -> list[str]:
    """The sentence of a note, and lines that explain it; [] if it tells a person nothing."""
    what = str(note["msg"])
    if what in QUIET:
        return []
    kind, _, step = what.partition(".")
    match what:
        case "pod.placed":
            return placed(note)
        case "pod.unschedulable":
            return [f"scheduler found no node for it: {note.get('why', '')}"]
        case "binding.refused":
            return [f"its binding was refused: {note.get('error', '')}"]
        case "pod.cleared":
            return [f"nothing of it is left on {note.get('process', '')}"]
        case "pod.failed":
            return [f"{who(str(note['from']))} gave it up: {note.get('reason', '')}"]
        case "pod.orphan":
            return [f"{who(str(note['from']))} found containers of it, though it is no more"]
        case "node.registered":
            return ["its kubelet registered it"]
        case "node.initialized":
            return [f"cloud initialized it: {note.get('provider', '')}"]
        case "balancer.ensured":
            return [f"cloud gave it the address {note.get('address', '')}"]
    if kind == "container":
        return of_container(note, step)
    if kind == "probe":
        return of_probe(note, step)
    if what.startswith("step.failed"):
        return [f"{what.partition('/')[2] or what} failed: {note.get('error', '')}"]
    return [f"{who(str(note.get('from', '')))}: {note_text(note)}"]


def of_container(note: Record, step: str) -> list[str]:
    """What became of a container."""
    name = f"container {note.get('container', '')}"
    why = f": {note['why']}" if note.get("why") else ""
    match step:
        case "started":
            attempt = int(note.get("attempt", 0))
            again = f" again (restart {attempt})" if attempt else ""
            return [f"{name} started{again} on {note.get('process', '')}"]
        case "exited":
            return [f"{name} ended with code {note.get('code')} ({note.get('reason', '')})"]
        case "stopping":
            return [f"{name} is told to stop, within {float(note.get('grace', 0)):g} s{why}"]
        case "killed":
            return [f"{name} did not stop in time and was killed"]
        case "waiting":
            return [f"{name} cannot start: {note.get('reason', '')}"]
        case "failed":
            return [f"{name} could not be started: {note.get('error', '')}"]
    return [f"{name}: {note_text(note)}"]


def of_probe(note: Record, kind: str) -> list[str]:
    """A verdict. That it lives is told by its being ready."""
    container, handler = note.get("container", ""), note.get("handler", "")
    how = f" ({handler}, {note['row']} times in a row)" if handler and "row" in note else ""
    if not note.get("healthy"):
        return [f"the {kind} probe of container {container} fails{how}"]
    return [f"container {container} is ready"] if kind == "readiness" else []


def placed(note: Record) -> list[str]:
    """Where, and why there."""
    said = f"scheduler placed it on {note.get('node', '')}"
    if "feasible" not in note:
        return [said]
    feasible, examined, nodes = note["feasible"], note["examined"], note["nodes"]
    of = f"{examined} nodes" if examined == nodes else f"{examined} that it looked at"
    lines = [f"{said}: {feasible} of {of} fit"]
    lines += [f"not fit: {count} {reason}" for reason, count in note.get("filtered", {}).items()]
    return [*lines, *points(note.get("scores", {}))]


def points(scores: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Of each node, the sum and its parts; and what decided between equals."""
    sums = {node: sum(parts.values()) for node, parts in scores.items()}
    lines = []
    for node, parts in list(scores.items())[:SCORES_SHOWN]:
        told = ", ".join(f"{plugin} {value}" for plugin, value in parts.items())
        lines.append(f"points of {node}: {sums[node]} ({told})")
    best = max(sums.values(), default=0)
    if sum(value == best for value in sums.values()) > 1:
        lines.append("of equals: the emptier zone, then the emptier node, then the draw")
    return lines


class Act:
    """A write that somebody asked for. ``verb``: create, update, patch, delete; ``part``: the
    subresource, '' if it was the object itself. ``path``: ``default/web``, '' if it is not known.
    """

    def __init__(self, span: Span) -> None:
        self.span = span
        self.by_http = span.message == HTTP
        if self.by_http:
            self.verb, self.plural, self.path, self.part = of_http(span)
        else:
            self.verb, self.plural, self.path, self.part = of_request(span)
        for child in span.children:
            plural, _, path = child.stored().partition(" ")
            if path and (not self.path or (plural == self.plural and not self.part)):
                self.plural, self.path = plural, path

    @property
    def who(self) -> str:
        """Whose act it was."""
        return who(self.span.sender)

    @property
    def makes(self) -> bool:
        """Whether the object was not there before."""
        applied = self.by_http and self.span.outcome == "201"
        return not self.part and (self.verb == "create" or applied)

    @property
    def failed(self) -> bool:
        """Whether it was refused."""
        outcome = self.span.outcome
        if self.by_http:
            return outcome.isdigit() and int(outcome) >= 400
        return outcome not in ("", "ok", "open")

    def words(self, it: str = "") -> str:
        """``replicaset-controller created pod web-1``. ``it``: instead of the object."""
        it = it or f"{self.plural.removesuffix('s')} {self.path.removeprefix('default/')}".strip()
        asked = f": {self.span.subject}" if self.by_http else ""
        match self.part:
            case "status":
                return f"{self.who} reported on {it}"
            case "binding":
                return f"{self.who} bound {it}"
            case "scale":
                return f"{self.who} scaled {it}{asked}"
            case "eviction":
                return f"{self.who} evicted {it}{asked}"
        verb = "created" if self.makes else PAST.get(self.verb, self.verb)
        part = f" ({self.part})" if self.part else ""
        return f"{self.who} {verb} {it}{part}{asked}"


def of_request(span: Span) -> tuple[str, str, str, str]:
    """From ``patch pods default/web-1/status``."""
    verb, _, rest = span.subject.partition(" ")
    resource, _, path = rest.partition(" ")
    parts = path.split("/")
    # A name has a namespace before it, or none and then no more than one part behind it.
    namespaced = len(parts) > 2 or (len(parts) == 2 and parts[1] not in ("status", "finalize"))
    own = parts[:2] if namespaced else parts[:1]
    made = "" if path.endswith("/") else "/".join(own)
    return verb, resource.partition(".")[0], made, "/".join(parts[len(own) :])


METHODS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def of_http(span: Span) -> tuple[str, str, str, str]:
    """From ``PATCH /apis/apps/v1/namespaces/default/deployments/web/scale``."""
    method, _, path = span.subject.partition(" ")
    parts = path.strip("/").split("/")
    rest = parts[{"api": 2, "apis": 3}.get(parts[0], len(parts)) :]
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name, part = (*rest[:3], "", "", "")[:3]
    own = f"{namespace}/{name}" if namespace and name else name
    return METHODS.get(method, method.lower()), plural, own, part
