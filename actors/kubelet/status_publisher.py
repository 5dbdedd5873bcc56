"""Writes one pod's status to the API server: only changes, one at a time, the latest wins.

If somebody else changed what is ours (the node controller, while the node was cut off), the true
status is written again. Each write names the version that it is made for: one that was given up and
is done all the same, by a server that stood still, must not take back what was written since.
Kubernetes' kubelet names none. Must not know: how the status is made.
"""

import asyncio

from actors.client.api_client import STRATEGIC_PATCH
from actors.kubelet import pod_spec, status_patch
from actors.kubelet.node_tools import NodeTools
from cluster.api.resources import PODS
from cluster.api.types import Object
from cluster.errors import StatusError

# Others that change a pod just when its status is written are rare.
TRIES = 5


class StatusPublisher:
    """Starts from what the API object says, so that a restarted kubelet publishes nothing new."""

    def __init__(self, tools: NodeTools, pod: Object) -> None:
        self._tools = tools
        self._last: Object = pod.get("status") or {}
        self._revision = 0
        self._lock = asyncio.Lock()

    def observe(self, pod: Object) -> None:
        """A version of the API object arrived; older ones than our own write say nothing."""
        revision = _revision(pod)
        if self._lock.locked() or revision <= self._revision:
            return
        status = pod.get("status") or {}
        if status_patch.gist(status) != status_patch.gist(self._last):
            self._last = status

    def differs(self, status: Object) -> bool:
        """True if it is not what was published last."""
        return status_patch.differs(status, self._last)

    async def publish(self, pod: Object, status: Object) -> None:
        """Raises SteersmanError if the API server cannot be reached, or others do not cease to
        change the pod."""
        async with self._lock:
            if not self.differs(status):
                return
            self._revision = max(self._revision, _revision(pod))
            try:
                await self._write(pod["metadata"], status)
            except StatusError as error:
                # The pod is gone, or another one of its name has taken its place.
                if error.code not in (404, 422):
                    raise
                self._tools.ctx.log.info(
                    "status.refused", pod=pod["metadata"]["uid"], error=str(error)
                )
            self._last = status
            self._tools.ctx.note("status.published", pod_spec.full_name(pod), phase=status["phase"])

    async def _write(self, meta: Object, status: Object) -> None:
        """Over whatever else has changed."""
        client, tries = self._tools.client, 0
        while True:
            tries += 1
            patch = status_patch.make_patch(meta["uid"], self._revision, status, self._last)
            try:
                found = await client.patch(
                    PODS, meta["namespace"], meta["name"], patch, STRATEGIC_PATCH, "status"
                )
                self._revision = _revision(found)
                return
            except StatusError as error:
                if error.code != 409 or tries == TRIES:
                    raise
            found = await client.get(PODS, meta["namespace"], meta["name"])
            if found["metadata"]["uid"] != meta["uid"]:
                return
            self._revision, self._last = _revision(found), found.get("status") or {}
            if not self.differs(status):
                # It was this very write, whose answer was lost.
                return


def _revision(pod: Object) -> int:
    return int(pod["metadata"].get("resourceVersion") or 0)
