"""Decisions are pure: who may touch the world is a short list, and nothing pure depends on chance.

The contracts of import-linter keep ``cluster/`` clean; this keeps the components clean, and looks
for what no import shows: the clock behind ``datetime``, the order of a set.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import name, parsed, sources

COMPONENTS = (
    "store", "apiserver", "scheduler", "controllers", "cloud", "kubelet", "proxy", "dns", "tracing",
)  # fmt: skip
# Modules that wait, read clocks, draw lots, or reach the machine.
WORLD = {
    "aiodocker", "aiohttp", "asyncio", "concurrent", "ctypes", "fcntl", "multiprocessing", "os",
    "pathlib", "random", "secrets", "select", "shutil", "signal", "socket", "ssl", "subprocess",
    "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
# Beside each component's actor.py: the files that are named after an outside thing, and the parts
# of a shell that was too long for one file (they wait, and decide nothing that is worth a test).
SHELLS = {
    "apiserver/aggregation/availability.py": "other API servers, looked at now and then",
    "apiserver/aggregation/door.py": "requests for other API servers, as they come in by HTTP",
    "apiserver/aggregation/remote_documents.py": "documents of other API servers, kept fresh",
    "apiserver/aggregation/remotes.py": "HTTPS to other API servers",
    "apiserver/aggregation/service_cache.py": "APIServices, whose changes are waited for",
    "apiserver/aggregation/waiting.py": "waits for one of several changes",
    "apiserver/audit_file.py": "the audit log's files",
    "apiserver/compression.py": "long answers, compressed in a thread",
    "apiserver/slices.py": "long answers on their way to a client",
    "apiserver/serialization.py": "answers in YAML, made in a thread when long",
    "apiserver/flow_control.py": "seats and queues of requests",
    "apiserver/following.py": "parts of the store followed",
    "apiserver/custom/establishing.py": "the leader's look at definitions",
    "apiserver/custom/catching_up.py": "waits for the table of kinds",
    "apiserver/custom/kind_cache.py": "the table of kinds, which requests wait for",
    "apiserver/webhook_client.py": "HTTPS to webhooks",
    "apiserver/webhook_errors.py": "why HTTPS to webhooks failed",
    "apiserver/admission/webhooks.py": "webhooks asked all at once",
    "apiserver/admission/policies/known.py": "policies, whose changes are waited for",
    "apiserver/patience.py": "long work in a thread",
    "apiserver/portions.py": "turns of others within long work",
    "apiserver/http_answers.py": "HTTP answers that are no resources",
    "apiserver/http_audit.py": "HTTP requests in the audit log",
    "apiserver/http_errors.py": "HTTP answers",
    "apiserver/http_requests.py": "HTTP requests, their bodies as they come in",
    "apiserver/http_connections.py": "connections of the HTTPS door",
    "apiserver/http_server.py": "the HTTPS door",
    "apiserver/server_metrics.py": "metrics, told in a thread",
    "apiserver/issuers.py": "keys of other issuers, fetched by HTTPS",
    "apiserver/schema_files.py": "the published schemas, read from their package",
    "apiserver/streaming/exec_client.py": "a WebSocket's channels",
    "apiserver/streaming/door.py": "streams as they come in by HTTP",
    "apiserver/streaming/forward.py": "connections of a port-forward",
    "apiserver/streaming/spdy.py": "a SPDY connection",
    "apiserver/streaming/spdy_client.py": "SPDY streams as channels",
    "apiserver/streaming/backend.py": "sockets to what is proxied to",
    "apiserver/streaming/proxy_door.py": "proxied requests as they come in by HTTP",
    "apiserver/streaming/proxy_exchange.py": "HTTP on both sides of the proxy",
    "apiserver/streaming/idle.py": "a stream's idle limit",
    "apiserver/streaming/pipes.py": "connections taken from the HTTP server",
    "apiserver/streaming/session.py": "a kubelet's stream, with credit",
    "apiserver/turns.py": "writes that wait for one another",
    "apiserver/shared_socket.py": "the listening socket that replicas share",
    "apiserver/shared_watch.py": "one watch of the store for many",
    "apiserver/ui/chaos_socket.py": "the launcher's unix socket",
    "apiserver/ui/door.py": "the live page as it is asked for by HTTP",
    "apiserver/ui/page_files.py": "the page's files, read from their package",
    "apiserver/watch_socket.py": "watches over a WebSocket",
    "apiserver/watch_stream.py": "a watch's stream from the store",
    "controllers/custom_resources.py": "informers that come and go",
    "controllers/execute.py": "the requests of a plan",
    "controllers/reconcile.py": "the one reconcile loop",
    "dns/server.py": "UDP and TCP sockets",
    "kubelet/cgroups.py": "the kernel's cgroup tree",
    "kubelet/files/atomic_volume.py": "directories",
    "kubelet/files/host.py": "the machine's disk",
    "kubelet/hooks.py": "lifecycle hooks: exec and HTTP into a container",
    "kubelet/machine.py": "the machine's size",
    "kubelet/networks/socket_connection.py": "TCP sockets",
    "kubelet/networks/veth.py": "network namespaces and links",
    "kubelet/node_agent.py": "the Node object and its Lease, kept alive",
    "kubelet/node_tools.py": "what all pod workers of a node share: semaphores, clients",
    "kubelet/pod_operations.py": "the steps of a pod on the container engine",
    "kubelet/pod_worker.py": "one pod's loop",
    "kubelet/prober.py": "probe loops",
    "kubelet/references.py": "watches of what pods refer to",
    "kubelet/runtimes/docker.py": "Docker Engine",
    "kubelet/runtimes/docker_streams.py": "streams of processes on Docker Engine",
    "kubelet/runtimes/memory_streams.py": "streams of simulated processes",
    "kubelet/stream_input.py": "a session's input, waited for",
    "kubelet/streams.py": "sessions of exec, attach and connections",
    "kubelet/runtimes/memory.py": "the engine in memory: containers that run in virtual time",
    "kubelet/status_publisher.py": "writes of pod status, one at a time",
    "proxy/health_server.py": "the health check ports",
    "store/engines/etcd/client.py": "calls to etcd",
    "store/engines/etcd/election.py": "the key that leads, fought for",
    "store/engines/etcd/feed.py": "the watch on everything, followed",
    "store/engines/etcd/own_leases.py": "leases kept alive",
    "store/engines/etcd/reads.py": "reads that wait for their revision",
    "store/engines/etcd/store.py": "the external engine's door",
    "store/engines/etcd/upkeep.py": "what the launcher asks of etcd",
    "store/engines/etcd/writes.py": "transactions tried until their outcome is known",
    "store/engines/raftos.py": "the engine on raftos: its door",
    "store/engines/raftos_adapter.py": "raftos, made to run",
    "store/engines/raft.py": "the embedded engine's door",
    "store/commit_news.py": "commit indexes that wait a moment",
    "store/consistency.py": "the leader's look at all replicas",
    "store/group_commit.py": "Readys on their way to the disk",
    "store/lease_keeper.py": "the leader's clock for leases",
    "store/leases.py": "leases as they are asked for",
    "store/memberships.py": "membership changes that wait for a quorum",
    "store/proposals.py": "futures of entries",
    "store/slices.py": "long work between other tasks",
    "store/snapshots.py": "snapshots between other tasks",
    "store/gather.py": "transactions of one loop turn, gathered",
    "store/engine.py": "the loop around the Raft core: Ready records to disk and peers",
    "store/leader_line.py": "requests that go on to the leader",
    "store/persistence.py": "log and snapshot files",
    "store/reads.py": "reads that wait for their revision",
    "store/snapshot_files.py": "snapshots, a piece at a time",
    "store/waiters.py": "futures of what waits",
    "store/wal_segments.py": "the log's segments, prepared in the background",
    "store/watch_hub.py": "watchers that wait",
    "store/writes.py": "writes that wait for a quorum",
    "tracing/search.py": "trace files",
}
PURE = [
    path
    for path in [*sources("cluster"), *sources(*(f"actors/{each}" for each in COMPONENTS))]
    if path.name != "actor.py" and name(path).removeprefix("actors/") not in SHELLS
]
CLOCKS = {"now", "utcnow", "today", "fromtimestamp"}
CHANCE = {"breakpoint", "eval", "exec", "hash", "id", "input", "open", "print"}
# Callables that make an order of what they get, and those that do not care for it.
ORDERING = {"enumerate", "extend", "fromkeys", "iter", "join", "list", "next", "tuple"}
ORDERLESS = {"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"}


def imported(tree: ast.AST) -> set[str]:
    """The modules imported anywhere in a file, and the packages they are in."""
    found = set()
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{item.name}" for item in node.names)]
        for module in modules:
            found |= {module, module.partition(".")[0]}
    return found


def test_pure_files_cannot_reach_the_world() -> None:
    found = {name(path): imported(parsed(path)) & WORLD for path in PURE}
    assert {place: modules for place, modules in found.items() if modules} == {}


def test_the_list_of_shells_is_no_longer_than_needed() -> None:
    shells = {name(path).removeprefix("actors/"): path for path in sources("actors")}
    pure = [place for place in SHELLS if not imported(parsed(shells[place])) & WORLD]
    assert pure == []


def test_pure_files_read_no_clock_and_no_memory_address() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in PURE
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and is_chance(node)
    ]
    assert found == []


def is_chance(call: ast.Call) -> bool:
    """Whether a call's result depends on when or where it is made."""
    if isinstance(call.func, ast.Name):
        return call.func.id in CHANCE
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in CLOCKS:
        return False
    # With an explicit zone it is arithmetic; without, it asks where the machine stands.
    zoned = call.func.attr == "fromtimestamp" and len(call.args) == 2
    return not zoned and ast.unparse(call.func.value).endswith(("datetime", "date"))


def test_no_decision_depends_on_the_order_of_a_set() -> None:
    """A set's order differs from process to process: what is decided must not."""
    found = [f"{name(path)}:{place}" for path in PURE for place in set_orders(parsed(path))]
    assert found == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("for x in {a, b}: f(x)", True),
        ("for x in sorted({a, b}): f(x)", False),
        ("s = set(a)\n for x in s - t: f(x)", True),
        ("s: set[int] = g()\n return [x for x in s]", True),
        ("s: set[int] = g()\n return {x for x in s}", False),
        ("s = set(a)\n return any(x for x in s)", False),
        ("s = set(a)\n return ', '.join(x for x in s)", True),
        ("s = set(a)\n return tuple(s)", True),
        ("s = dict(a)\n return list(s)", False),
    ],
)
def test_the_order_of_a_set_is_noticed(code: str, found: bool) -> None:
    tree = ast.parse(f"def f():\n {code}")
    assert bool(list(set_orders(tree))) is found


def set_orders(tree: ast.Module) -> Iterator[str]:
    """Places where the order of a set becomes an order of steps or of results."""
    attributes = {
        node.target.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Attribute)
        and names_set(node.annotation)
    }
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            known = local_sets(scope)
            for node in ast.walk(scope):
                if taken := order_taken(node, known, attributes):
                    yield f"{taken.lineno}: {ast.unparse(taken)}"


def local_sets(scope: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names of a function that hold sets, as far as annotations and assignments show."""
    every = (*scope.args.args, *scope.args.kwonlyargs)
    found = {arg.arg for arg in every if arg.annotation and names_set(arg.annotation)}
    for node in ast.walk(scope):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if names_set(node.annotation):
                found.add(node.target.id)
        elif isinstance(node, ast.Assign) and is_set(node.value, found, set()):
            found.update(item.id for item in node.targets if isinstance(item, ast.Name))
    return found


def names_set(annotation: ast.expr) -> bool:
    """Whether a type says that it is a set."""
    return ast.unparse(annotation).startswith(("set[", "frozenset[", "AbstractSet["))


def is_set(value: ast.AST, known: set[str], attributes: set[str]) -> bool:
    """Whether an expression surely is a set."""
    match value:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name(id=one):
            return one in known
        case ast.Attribute(attr=one):
            return one in attributes
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return is_set(left, known, attributes)
    return False


def called(func: ast.expr) -> set[str]:
    """The name of a called function or method."""
    match func:
        case ast.Name(id=one) | ast.Attribute(attr=one):
            return {one}
    return set()


def order_taken(node: ast.AST, known: set[str], attributes: set[str]) -> ast.expr | None:
    """What is wrong at this node, if anything."""

    def unordered(value: ast.AST) -> bool:
        return is_set(value, known, attributes)

    match node:
        case ast.For(iter=source) if unordered(source):
            return source
        case ast.ListComp(generators=parts) | ast.DictComp(generators=parts):
            return next((part.iter for part in parts if unordered(part.iter)), None)
        case ast.Call(func=func, args=given) if not called(func) & ORDERLESS:
            streams = [item for item in given if isinstance(item, ast.GeneratorExp)]
            taken = [part.iter for item in streams for part in item.generators]
            if called(func) & ORDERING:
                taken += given
            return next((item for item in taken if unordered(item)), None)
    return None
