"""Carries out probe and lifecycle handlers: exec in the container, HTTP and TCP to the pod.

Must not know: when, or what follows. Source: core/v1 ProbeHandler, LifecycleHandler.
"""

import asyncio
from dataclasses import dataclass

from actors.kit.world.containers import RuntimeFault
from actors.kubelet import probes
from actors.kubelet.event_texts import dial_failure, get_failure
from actors.kubelet.node_tools import NodeTools
from cluster.api.types import Object

OUTPUT_MAX = 10_240
# A lifecycle HTTP request that gets no answer is given up; the grace period bounds it as well.
HOOK_HTTP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """``text``: output or reason, for an event."""

    success: bool
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """One running container of a pod with its address."""

    spec: Object
    container: str
    address: str


async def run_probe(
    tools: NodeTools, target: Target, handler: Object, timeout: float
) -> Attempt | None:
    """One try. None if it could not be carried out at all (that is nobody's fault)."""
    try:
        if "exec" in handler:
            return await run_exec(tools, target, handler["exec"].get("command") or [], timeout)
        if "httpGet" in handler:
            return await run_http(tools, target, handler["httpGet"], "probe", timeout)
        if "tcpSocket" in handler:
            action = handler["tcpSocket"]
            port = probes.resolve_port(action["port"], target.spec)
            return await run_tcp(tools, action.get("host") or target.address, port, timeout)
    except ValueError as error:
        return Attempt(False, str(error))
    return Attempt(False, f"{', '.join(handler) or 'empty'} probes are not offered by this node")


async def run_exec(
    tools: NodeTools, target: Target, command: list[str], timeout: float
) -> Attempt | None:
    """Exit code 0 is success; no end in time is failure."""
    began = asyncio.get_running_loop().time()
    try:
        done = await tools.runtime.exec(target.container, command, timeout, OUTPUT_MAX)
    except RuntimeFault as fault:
        if not fault.unreachable:
            return Attempt(False, str(fault))
        if asyncio.get_running_loop().time() - began >= timeout:
            return Attempt(False, f"command timed out: {command!r} timed out after {timeout:g}s")
        return None
    return Attempt(done.exit_code == 0, done.output.decode(errors="replace"))


async def run_http(
    tools: NodeTools, target: Target, action: Object, what: str, timeout: float
) -> Attempt:
    """Any status from 200 to 399 is success."""
    url = probes.http_url(action, target.spec, target.address)
    try:
        status, body = await tools.network.http_get(url, probes.http_headers(action, what), timeout)
    except TimeoutError:
        return Attempt(False, f'Get "{url}": context deadline exceeded')
    except OSError as error:
        return Attempt(False, get_failure(url, error))
    if 200 <= status < 400:
        return Attempt(True, body)
    return Attempt(False, f"HTTP probe failed with statuscode: {status}")


async def run_tcp(tools: NodeTools, address: str, port: int, timeout: float) -> Attempt:
    """An accepted connection is success."""
    try:
        await tools.network.connect(address, port, timeout)
    except TimeoutError:
        return Attempt(False, f"dial tcp {address}:{port}: i/o timeout")
    except OSError as error:
        return Attempt(False, dial_failure(address, port, error))
    return Attempt(True, "")


async def run_hook(tools: NodeTools, target: Target, handler: Object, timeout: float) -> Attempt:
    """A postStart or preStop handler."""
    if "sleep" in handler:
        await asyncio.sleep(min(float(handler["sleep"]["seconds"]), timeout))
        return Attempt(True, "")
    if "httpGet" in handler:
        limit = min(timeout, HOOK_HTTP_SECONDS)
        try:
            return await run_http(tools, target, handler["httpGet"], "lifecycle", limit)
        except ValueError as error:
            return Attempt(False, str(error))
    if "exec" in handler:
        command = handler["exec"].get("command") or []
        done = await run_exec(tools, target, command, timeout)
        return done or Attempt(False, "the container engine cannot be reached")
    return Attempt(False, f"{', '.join(handler) or 'empty'} handlers are not offered by this node")
