"""Writes one pod's status to the API server: only changes, one at a time, the latest wins.

Must not know: how the status is made.
"""

import asyncio

from actors.kubelet import pod_spec
from actors.kubelet.node_tools import NodeTools
from cluster.api.resources import PODS
from cluster.api.types import Object
from cluster.errors import StatusError

# Keys that a merge patch must take away when the new status lacks them.
REMOVABLE = ("reason", "message", "podIP", "podIPs", "initContainerStatuses")


class StatusPublisher:
    """Starts from what the API object says, so that a restarted kubelet publishes nothing new."""

    def __init__(self, tools: NodeTools, pod: Object) -> None:
        self._tools = tools
        self._last: Object = pod.get("status") or {}
        self._lock = asyncio.Lock()

    def differs(self, status: Object) -> bool:
        """True if it is not what was published last."""
        if any(self._last.get(key) != value for key, value in status.items()):
            return True
        return any(key in self._last and key not in status for key in REMOVABLE)

    async def publish(self, pod: Object, status: Object) -> None:
        """Raises SteersmanError if the API server cannot be reached."""
        async with self._lock:
            if not self.differs(status):
                return
            meta = pod["metadata"]
            gone = {key: None for key in REMOVABLE if key not in status and key in self._last}
            patch = {"metadata": {"uid": meta["uid"]}, "status": {**status, **gone}}
            try:
                await self._tools.client.patch(
                    PODS, meta["namespace"], meta["name"], patch, subresource="status"
                )
            except StatusError as error:
                # The pod is gone, or another one of its name has taken its place.
                if error.code not in (404, 409, 422):
                    raise
                self._tools.ctx.log.info("status.refused", pod=meta["uid"], error=str(error))
            self._last = status
            self._tools.ctx.note("status.published", pod_spec.full_name(pod), phase=status["phase"])

    async def flush(self, pod: Object, status: Object) -> None:
        """As ``publish``, after any that is under way."""
        await self.publish(pod, status)
