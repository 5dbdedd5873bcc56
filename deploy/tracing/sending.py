"""Sends spans to an OpenTelemetry collector by HTTP, and never waits for it with what comes next.

Job: a bounded buffer (the oldest go first, and are counted), requests one after the other, retries.
Must not know: where the spans come from.
"""

import asyncio
import os
import random
import time
from collections import deque
from collections.abc import Iterable

import aiohttp
import msgspec

from deploy.tracing import otlp, retrying
from deploy.tracing.spans import Item

BUFFERED_MAX = 20_000
SPANS_PER_REQUEST = 1000
REQUEST_SECONDS = 10.0
ANSWER_BYTES_MAX = 1 << 20


class Counts(msgspec.Struct):
    """What became of spans. ``sent``: taken by the collector; ``rejected``: refused by it for good;
    ``dropped``: they made room for newer ones. ``failures``: tries in a row that failed, of which
    ``problem`` says why the last did."""

    sent: int = 0
    rejected: int = 0
    dropped: int = 0
    failures: int = 0
    problem: str = ""


class Sender:
    """One collector. ``cluster``: its name, for the spans. Raises ValueError for a bad URL."""

    def __init__(self, url: str, cluster: str, buffered_max: int = BUFFERED_MAX) -> None:
        self.counts = Counts()
        self._url = retrying.endpoint(url)
        self._cluster = cluster
        self._buffer: deque[Item] = deque()
        self._buffered_max = buffered_max
        self._filled = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    def offer(self, items: Iterable[Item]) -> None:
        """Take spans, to be sent soon."""
        self._buffer.extend(items)
        while len(self._buffer) > self._buffered_max:
            self._buffer.popleft()
            self.counts.dropped += 1
        if self._buffer:
            self._filled.set()

    @property
    def waiting(self) -> int:
        """Spans that are still to be sent."""
        return len(self._buffer)

    async def run(self) -> None:
        """Send what is offered, until cancelled."""
        try:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._buffer:
                    await self._send_some()
        finally:
            await self.close()

    async def drain(self, seconds: float) -> None:
        """Send what is there, for at most that long; what is left is dropped, and counted."""
        try:
            async with asyncio.timeout(seconds):
                while self._buffer:
                    await self._send_some()
        except TimeoutError:
            pass
        self.counts.dropped += len(self._buffer)
        self._buffer.clear()

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send_some(self) -> None:
        count = min(len(self._buffer), SPANS_PER_REQUEST)
        batch = [self._buffer.popleft() for _ in range(count)]
        body = msgspec.json.encode(otlp.request(batch, self._cluster))
        attempt = 0
        try:
            while (wait := await self._try(body, count)) is not None:
                attempt += 1
                await asyncio.sleep(retrying.pause(attempt, random.random(), wait[0]))
        except asyncio.CancelledError:
            # Not known to have come: it may be sent again, by ``drain``.
            self._buffer.extendleft(reversed(batch))
            raise

    async def _try(self, body: bytes, count: int) -> tuple[float | None] | None:
        """One request. None: it is over; else (the wait that the server asks for, if any)."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                text = await answer.content.read(ANSWER_BYTES_MAX)
                if answer.status == 200:
                    self._taken(count, text)
                    return None
                problem = f"{answer.status} {answer.reason or ''}".strip()
                if answer.status in retrying.RETRYABLE:
                    asked = retrying.retry_after(answer.headers.get("Retry-After", ""), time.time())
                    return self._failed(problem, asked)
                self.counts.rejected += count
                self.counts.problem = problem
                return None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return self._failed(problem_of(error), None)

    def _failed(self, problem: str, asked: float | None) -> tuple[float | None]:
        self.counts.failures += 1
        self.counts.problem = problem
        return (asked,)

    def _taken(self, count: int, answer: bytes) -> None:
        """A partial success says how many were rejected; those are not to be sent again."""
        rejected = min(rejected_spans(answer), count)
        self.counts.sent += count - rejected
        self.counts.rejected += rejected
        self.counts.failures, self.counts.problem = 0, ""


def problem_of(error: Exception) -> str:
    """Why there was no answer."""
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        why = os.strerror(number) if number > 0 else str(error.os_error)
        return f"cannot connect to {error.host}:{error.port}: {why}"
    return str(error) or type(error).__name__


def rejected_spans(answer: bytes) -> int:
    """From an ExportTraceServiceResponse in JSON; 0 if it says nothing of that."""
    try:
        parsed = msgspec.json.decode(answer or b"{}", type=_Answer)
        return int(parsed.partialSuccess.rejectedSpans)
    except (msgspec.DecodeError, ValueError):
        return 0


class _Partial(msgspec.Struct):
    rejectedSpans: int | str = 0


class _Answer(msgspec.Struct):
    partialSuccess: _Partial = msgspec.field(default_factory=_Partial)
