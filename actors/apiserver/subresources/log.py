"""pods/<name>/log: what a container wrote, from the kubelet of the pod's node.

Source: docs "Logging Architecture"; PodLogOptions of core/v1.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import cast

from actors.apiserver.call import Call, parse_bool, parse_int
from actors.apiserver.environment import Environment
from actors.apiserver.store_client import translate
from actors.apiserver.subresources.handler import Answer, Parts
from cluster import limits, names
from cluster.api import status
from cluster.api.encoding import decode
from cluster.api.timestamps import seconds_of
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.errors import SteersmanError
from cluster.messages.kubelet import LogChunk, ReadLogs

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


async def handle(parts: Parts, call: Call) -> Answer:
    """The whole log in one answer, for the message door (bounded by the frame's size)."""
    pieces: list[bytes] = []
    size = 0
    async for piece in await open_log(parts.environment, call, follow=False):
        size += len(piece)
        if size > limits.FRAME_BYTES_MAX // 2:
            break
        pieces.append(piece)
    return Answer(b"".join(pieces), content_type="text/plain")


async def open_log(
    environment: Environment, call: Call, follow: bool | None = None
) -> AsyncGenerator[bytes, None]:
    """Find the pod and its kubelet. Raises StatusError 400 or 404 before anything is read."""
    item = await environment.objects.get(call.kind, call.namespace, call.request.name, None)
    pod = decode(item.value)
    node = (pod.get("spec") or {}).get("nodeName")
    message = read_logs(call, pod, environment.clock.now())
    if follow is not None and message.follow != follow:
        raise status.bad_request("logs cannot be followed through this door")
    if not node:
        # Nothing has run: as at kube-apiserver nothing was written, and that is no error.
        return _nothing()
    return _pieces(environment, node, message)


def read_logs(call: Call, pod: Object, now: float) -> ReadLogs:
    """PodLogOptions of the query as the kubelet is asked. Raises StatusError 400, 422."""
    query = call.request.query
    _check_options(call.request.name, query)
    since = 0.0
    if query.get("sinceSeconds"):
        since = now - parse_int(query, "sinceSeconds")
    elif query.get("sinceTime"):
        try:
            since = seconds_of(query["sinceTime"])
        except ValueError as error:
            raise status.bad_request("sinceTime: must be RFC 3339") from error
    return ReadLogs(
        namespace=call.namespace,
        pod=call.request.name,
        container=choose_container(pod, query.get("container", "")),
        follow=parse_bool(query, "follow"),
        previous=parse_bool(query, "previous"),
        timestamps=parse_bool(query, "timestamps"),
        tail=parse_int(query, "tailLines", -1),
        since=since,
        limit_bytes=parse_int(query, "limitBytes"),
    )


def _check_options(name: str, query: Mapping[str, str]) -> None:
    found = []
    for option, least in (("tailLines", 0), ("sinceSeconds", 1), ("limitBytes", 1)):
        if query.get(option):
            value = parse_int(query, option, signed=True)
            if value < least:
                detail = "must be greater than " + ("or equal to 0" if least == 0 else "0")
                found.append(causes.invalid(option, value, detail))
    if query.get("sinceSeconds") and query.get("sinceTime"):
        detail = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        found.append(causes.forbidden("", detail))
    if found:
        raise status.invalid_object("", "PodLogOptions", name, found)


async def _nothing() -> AsyncGenerator[bytes, None]:
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece


def choose_container(pod: Object, asked: str) -> str:
    """The container meant. Raises StatusError 400 if that is none or not clear."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    regular = [item["name"] for item in spec.get("containers") or ()]
    init = [item["name"] for item in spec.get("initContainers") or ()]
    ephemeral = [item["name"] for item in spec.get("ephemeralContainers") or ()]
    annotations = pod["metadata"].get("annotations") or {}
    asked = asked or annotations.get(DEFAULT_CONTAINER, "")
    if asked:
        if asked not in (*regular, *init, *ephemeral):
            raise status.bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(regular) == 1:
        return str(regular[0])
    message = f"a container name must be specified for pod {name}, choose one of: {regular}"
    if init:
        message += f" or one of the init containers: {init}"
    raise status.bad_request(message.replace("'", ""))


async def _pieces(
    environment: Environment, node: str, message: ReadLogs
) -> AsyncGenerator[bytes, None]:
    kubelet = environment.ref(names.address(names.KUBELET, node))
    try:
        async with kubelet.stream(message) as stream:
            async for chunk in stream:
                yield cast(LogChunk, chunk).data
    except SteersmanError as error:
        raise _unreachable(node, error) from error


def _unreachable(node: str, error: SteersmanError) -> SteersmanError:
    readable = translate(error)
    if readable.code == 503:
        return status.service_unavailable(f"the kubelet of node {node} cannot be reached")
    return readable
