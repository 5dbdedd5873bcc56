"""When the token of a Secret was last used: a label, written at most once a day.

Job: one write per Secret and day, beside the request that showed the token, which does not wait for
it. If it fails, the next use tries again. Must not know: whether the token counts.
Source: KEP-2799; docs "Managing Service Accounts", clean-up of legacy tokens.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from actors.apiserver.call import Call, Caller, WriteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.writer import Writer
from cluster import names
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.security import secret_tokens

MYSELF = Caller("system:apiserver", (names.GROUP_MASTERS,), component=names.APISERVER)
MANAGER = "kube-apiserver"
_SECRETS = by_resource("", "v1", "secrets")


class TokenUse:
    """``task``: starts what runs beside."""

    def __init__(
        self,
        environment: Environment,
        writer: Writer,
        task: Callable[[Coroutine[Any, Any, Any], str], object],
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._environment = environment
        self._writer = writer
        self._task = task
        self._log = log
        self._under_way: set[str] = set()

    def note(self, secret: Object) -> None:
        """Somebody showed the token of this Secret."""
        uid = secret["metadata"]["uid"]
        now = self._environment.clock.now()
        if uid in self._under_way or secret_tokens.is_use_noted(secret, now):
            return
        self._under_way.add(uid)
        self._task(self._write(secret["metadata"], now), "token use")

    async def _write(self, metadata: Object, now: float) -> None:
        def labelled(live: Object) -> Object:
            meta = live["metadata"]
            if meta["uid"] != metadata["uid"] or secret_tokens.is_use_noted(live, now):
                return live
            labels = {**(meta.get("labels") or {})}
            labels[secret_tokens.LAST_USED] = secret_tokens.day_of(now)
            return {**live, "metadata": {**meta, "labels": labels}}

        try:
            await self._writer.modify(self._call(metadata), labelled)
        except SteersmanError as error:
            self._log.info("the use of a token is not noted", error=str(error))
        finally:
            self._under_way.discard(metadata["uid"])

    def _call(self, metadata: Object) -> Call:
        assert _SECRETS is not None
        request = ApiRequest(
            verb="patch",
            resource=_SECRETS.plural,
            namespace=metadata["namespace"],
            name=metadata["name"],
        )
        now = self._environment.clock.now()
        return Call(request, _SECRETS, MYSELF, WriteOptions(manager=MANAGER), now)
