"""Requests that become streams: which they are, what they ask for, whether they may. Pure.

Source: API reference, PodExecOptions, PodAttachOptions, PodPortForwardOptions, PodProxyOptions.
Must not know: HTTP, kubelets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from actors.apiserver.call import Call
from actors.apiserver.rest_path import QUERY_CHARACTERS_MAX, ResourcePath, verb_of
from actors.apiserver.subresources.log import choose_container
from cluster.api import status
from cluster.api.types import Object
from cluster.messages.apiserver import ApiRequest, Verb

# Arguments of a command are fields of the query.
QUERY_FIELDS_MAX = 4096
STREAMED = ("attach", "exec", "portforward")
OPTIONS = {
    "attach": "PodAttachOptions",
    "exec": "PodExecOptions",
    "portforward": "PodPortForwardOptions",
}
_PROXY = re.compile(
    r"(/api/v1/(?:namespaces/[^/]+/)?(?:pods|services|nodes)/[^/]+/proxy)(/.*)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """What the query of exec, attach or portforward asks for."""

    container: str = ""
    command: tuple[str, ...] = ()
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False
    ports: tuple[int, ...] = ()

    def as_object(self, subresource: str) -> Object:
        """As admission sees it."""
        made: Object = {"apiVersion": "v1", "kind": OPTIONS[subresource]}
        if subresource == "portforward":
            return {**made, "ports": list(self.ports)} if self.ports else made
        for name in ("stdin", "stdout", "stderr", "tty", "container"):
            if getattr(self, name):
                made[name] = getattr(self, name)
        if subresource == "exec":
            made["command"] = list(self.command)
        return made


def split_proxy(raw_path: str) -> tuple[str, str | None]:
    """The part of a path that is ours, and what is behind ``/proxy``, as it came; None if it is no
    proxy's path. '' : nothing, not even a slash."""
    found = _PROXY.fullmatch(raw_path) if "/proxy" in raw_path else None
    return (found[1], found[2] or "") if found else (raw_path, None)


def is_stream(path: ResourcePath) -> bool:
    """Whether it is exec, attach or portforward of a pod."""
    of_pods = (path.group, path.version, path.resource) == ("", "v1", "pods")
    return of_pods and path.subresource in STREAMED


def connect_request(method: str, path: ResourcePath, query: Mapping[str, str]) -> ApiRequest:
    """For the request chain. A method that is no verb (OPTIONS) is taken for a get here; what it
    may is asked with ``verb_asked``."""
    verb = verb_asked(method, path)
    return ApiRequest(
        verb=verb or "get",
        resource=path.resource,
        group=path.group,
        version=path.version,
        namespace=path.namespace,
        name=path.name,
        subresource=path.subresource,
        query=dict(query),
    )


def verb_asked(method: str, path: ResourcePath) -> Verb | None:
    """What rules must allow; None: only those for all verbs do. Raises StatusError 405."""
    return None if method == "OPTIONS" else verb_of(method, path, {})


def parse_options(subresource: str, raw_query: str) -> ConnectOptions:
    """Raises StatusError 400."""
    if len(raw_query) > QUERY_CHARACTERS_MAX:
        raise status.bad_request("the query is too long")
    try:
        pairs = parse_qsl(
            raw_query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise status.bad_request("the query is malformed") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)

    def flag(name: str, default: bool = False) -> bool:
        values = fields.get(name)
        return values[0].lower() not in ("0", "false") if values else default

    if subresource == "portforward":
        return ConnectOptions(ports=_ports(fields.get("ports", [])))
    options = ConnectOptions(
        container=fields.get("container", [""])[0],
        command=tuple(fields.get("command", [])) if subresource == "exec" else (),
        stdin=flag("stdin"),
        stdout=flag("stdout"),
        # A terminal has one output.
        stderr=flag("stderr") and not flag("tty"),
        tty=flag("tty"),
    )
    if not (options.stdin or options.stdout or options.stderr):
        raise status.bad_request("you must specify at least 1 of stdin, stdout, stderr")
    if subresource == "exec" and not options.command:
        raise status.bad_request("you must specify at least one command for the container")
    return options


def _ports(values: list[str]) -> tuple[int, ...]:
    found = []
    for value in values:
        for text in value.split(","):
            if not text.isdecimal() or not 0 < int(text[:6]) < 65536:
                raise status.bad_request(f"invalid port {text!r}".replace("'", '"'))
            found.append(int(text))
    return tuple(found)


def target(call: Call, pod: Object, options: ConnectOptions) -> tuple[str, str]:
    """(node, container) that it goes to. Raises StatusError 400."""
    name = pod["metadata"]["name"]
    container = ""
    if call.request.subresource != "portforward":
        container = choose_container(pod, options.container)
    node = (pod.get("spec") or {}).get("nodeName")
    if not node:
        raise status.bad_request(f"pod {name} does not have a host assigned")
    return str(node), container
