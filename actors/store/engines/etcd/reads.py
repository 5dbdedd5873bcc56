"""Reads from etcd: linearizable by default, at one revision, in pages.

Job: the ``Range`` contract. Must not know: transactions, watches.

What is compacted is told by reading one revision earlier too: etcd is compacted to the revision
before the oldest one that may be asked for, so that watches from that one on miss nothing (etcd
forgets a delete at the very revision that it is compacted to).
"""

import asyncio

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.client import PAGE_OBJECTS, PAUSE_SECONDS, EtcdClient
from actors.store.engines.etcd.layout import Layout
from cluster.errors import AskTimeout, FutureRevision
from cluster.messages.store import KeyValue, Range, RangeResult

# How long a read waits for a revision that is not here yet (kube-apiserver's watch cache: 3 s).
FUTURE_SECONDS = 3.0


class EtcdReads:
    """The reading side of one replica."""

    def __init__(self, client: EtcdClient, layout: Layout) -> None:
        self._client = client
        self._layout = layout

    async def read(self, query: Range, deadline: float) -> RangeResult:
        """Answer ``query``. Raises Compacted, FutureRevision, AskTimeout."""
        try:
            async with asyncio.timeout_at(deadline):
                serializable = not query.linearizable
                try:
                    return await self._read(query, deadline, serializable)
                except FutureRevision:
                    # The member asked may lag behind; a linearizable read does not.
                    return await self._when_reached(query, deadline)
        except TimeoutError as error:
            raise AskTimeout("etcd did not answer the read in time") from error

    async def _when_reached(self, query: Range, deadline: float) -> RangeResult:
        until = asyncio.get_running_loop().time() + (FUTURE_SECONDS if query.at_least else 0.0)
        while True:
            try:
                return await self._read(query, deadline, serializable=False)
            except FutureRevision:
                if asyncio.get_running_loop().time() >= until:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read(self, query: Range, deadline: float, serializable: bool) -> RangeResult:
        limit = query.limit if query.limit and not query.count_only else 0
        first = await self._page(query, query.key, limit, query.revision, deadline, serializable)
        revision = first.header.revision
        if revision < max(query.at_least, query.revision):
            asked = max(query.at_least, query.revision)
            raise FutureRevision(f"{asked}, current: {revision}")
        if query.count_only:
            return RangeResult((), revision, first.count)
        items = [self._layout.item(kept) for kept in first.kvs]
        wanted = min(first.count, limit or first.count)
        at = query.revision or revision
        while len(items) < wanted:
            items += await self._more(query, items[-1].key, wanted - len(items), at, deadline)
        return RangeResult(tuple(items), revision, first.count, wanted < first.count)

    async def _more(
        self, query: Range, after: str, wanted: int, revision: int, deadline: float
    ) -> list[KeyValue]:
        request = etcd.RangeRequest(
            self._layout.key(after + "\0"),
            self._layout.key(query.end),
            min(wanted, PAGE_OBJECTS),
            revision,
            # The revision is fixed: any member that has it answers the same.
            serializable=True,
        )
        try:
            page = await self._client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)
        except FutureRevision:
            request = etcd.RangeRequest(
                request.key, request.range_end, request.limit, request.revision
            )
            page = await self._client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)
        return [self._layout.item(kept) for kept in page.kvs]

    async def _page(
        self,
        query: Range,
        key: str,
        limit: int,
        revision: int,
        deadline: float,
        serializable: bool,
    ) -> etcd.RangeResponse:
        request = etcd.RangeRequest(
            self._layout.key(key),
            self._layout.key(query.end) if query.end else b"",
            min(limit or PAGE_OBJECTS, PAGE_OBJECTS),
            revision,
            serializable,
            count_only=query.count_only,
        )
        if not revision:
            return await self._client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)
        probe = etcd.RangeRequest(
            self._layout.leader,
            revision=max(revision - 1, 1),
            serializable=serializable,
            count_only=True,
        )
        both = etcd.TxnRequest(success=(etcd.RequestOp(range=probe), etcd.RequestOp(range=request)))
        try:
            answer = await self._client.insist(etcd.TXN, both, etcd.TxnResponse, deadline)
        except FutureRevision:
            present = await self.revision(deadline)
            raise FutureRevision(f"{revision}, current: {present}") from None
        page = answer.responses[1].range
        assert page is not None
        return etcd.RangeResponse(answer.header, page.kvs, page.more, page.count)

    async def revision(self, deadline: float) -> int:
        """The store's, now. Raises AskTimeout."""
        request = etcd.RangeRequest(self._layout.leader, count_only=True)
        answer = await self._client.insist(etcd.RANGE, request, etcd.RangeResponse, deadline)
        return answer.header.revision
