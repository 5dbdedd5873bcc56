"""Calls to etcd over gRPC: one connection per endpoint, used in turn when one does not answer.

Job: connect, call, tell in the house's errors what went wrong. Must not know: what calls are for,
who retries writes and how.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import grpc
import grpc.aio

from actors.store.engines.etcd import messages as etcd
from actors.store.engines.etcd.endpoints import Endpoint
from actors.store.engines.etcd.protobuf import ProtoMessage, decode, encode
from actors.store.engines.etcd.watch_answers import WatchAssembly, WatchBatch
from cluster import limits
from cluster.errors import (
    ActorDown,
    AskTimeout,
    Compacted,
    FutureRevision,
    LeaseNotFound,
    Overloaded,
    StoreError,
    TemporaryFault,
    TooLarge,
    Unusable,
)

# One try of one call: longer than a fair election of etcd's (1 s by default).
TRY_SECONDS = 2.0
# Pause between tries.
PAUSE_SECONDS = 0.05
# Objects asked for at once: an answer of the largest must still fit.
PAGE_OBJECTS = 128
_OPTIONS = (
    # (Watches answer in fragments of etcd's own request size.)
    ("grpc.max_receive_message_length", PAGE_OBJECTS * limits.OBJECT_BYTES_MAX * 2),
    ("grpc.max_send_message_length", limits.FRAME_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A silent connection is found dead (etcd refuses pings that come quicker than every 5 s).
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    # Who retries must know that there was a first try.
    ("grpc.enable_retries", 0),
)
# A server that has lost its own leader ends the stream, instead of being silent.
_NEEDS_LEADER = (("hasleader", "true"),)

Answer = TypeVar("Answer", bound=ProtoMessage)


class EtcdClient:
    """``calls`` and ``failures`` so far."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = tuple(endpoints)
        self._channels: list[grpc.aio.Channel] = []
        self._current = 0
        self.calls = 0
        self.failures = 0

    def open(self) -> None:
        """Make the connections (they connect when used). Raises OSError if a file is missing."""
        self._channels = [_channel(endpoint) for endpoint in self._endpoints]

    async def close(self) -> None:
        """Calls under way fail."""
        channels, self._channels = self._channels, []
        for channel in channels:
            await channel.close(grace=None)

    @property
    def endpoint(self) -> str:
        """The endpoint in use."""
        return self._endpoints[self._current].target

    def next_endpoint(self, since: int | None = None) -> None:
        """Use another one from now on (no effect if that was done since ``since``)."""
        if since is None or since == self._current:
            self._current = (self._current + 1) % len(self._endpoints)

    async def once(
        self, method: str, request: ProtoMessage, kind: type[Answer], seconds: float = TRY_SECONDS
    ) -> Answer:
        """One try. Raises StoreError (it did not happen), Overloaded (neither), ActorDown and
        AskTimeout (it may have happened)."""
        used = self._current
        call = self._channel().unary_unary(
            method, request_serializer=encode, response_deserializer=partial(decode, kind)
        )
        self.calls += 1
        try:
            answer: Answer = await call(request, timeout=seconds)
            return answer
        except grpc.aio.AioRpcError as error:
            self.failures += 1
            raise self._fault(error, used) from error

    async def insist(
        self, method: str, request: ProtoMessage, kind: type[Answer], deadline: float
    ) -> Answer:
        """Try until ``deadline``: only what may safely happen twice. Raises StoreError,
        AskTimeout."""
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    try:
                        return await self.once(method, request, kind)
                    except TemporaryFault:
                        await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError as error:
            raise AskTimeout(f"etcd did not answer in time at {self.endpoint}") from error

    async def keep_alive(self, lease: int, seconds: float) -> etcd.LeaseKeepAliveResponse:
        """Begin a lease's time anew, once. Raises as ``once``; LeaseNotFound."""
        used = self._current
        call = self._channel().stream_stream(
            etcd.LEASE_KEEP_ALIVE,
            request_serializer=encode,
            response_deserializer=partial(decode, etcd.LeaseKeepAliveResponse),
        )(timeout=seconds)
        self.calls += 1
        try:
            await call.write(etcd.LeaseRequest(lease))
            answer = await call.read()
        except grpc.aio.AioRpcError as error:
            self.failures += 1
            raise self._fault(error, used) from error
        finally:
            call.cancel()
        if not isinstance(answer, etcd.LeaseKeepAliveResponse):
            raise ActorDown("etcd ended the stream of keep-alives")
        if answer.ttl <= 0:
            raise LeaseNotFound(f"lease {lease} has ended")
        return answer

    async def watch(self, key: bytes, end: bytes, start: int) -> AsyncGenerator[WatchBatch, None]:
        """Batches of whole revisions from ``start`` on, the first without events once the watch
        stands. Raises Compacted, TemporaryFault (watch again from after what was got)."""
        used = self._current
        call = self._channel().stream_stream(
            etcd.WATCH,
            request_serializer=encode,
            response_deserializer=partial(decode, etcd.WatchResponse),
        )(metadata=_NEEDS_LEADER)
        create = etcd.WatchCreateRequest(
            key, end, start, progress_notify=True, prev_kv=True, fragment=True
        )
        assembly = WatchAssembly()
        self.calls += 1
        try:
            await call.write(etcd.WatchRequest(create))
            async for answer in call:
                for batch in assembly.take(answer):
                    yield batch
        except grpc.aio.AioRpcError as error:
            self.failures += 1
            raise self._fault(error, used) from error
        finally:
            call.cancel()
        self.next_endpoint(used)
        raise ActorDown("etcd ended the watch")

    async def each(
        self, method: str, request: ProtoMessage, kind: type[Answer]
    ) -> list[tuple[str, Answer]]:
        """The answers of all endpoints that answer, with their names. Raises StoreError."""
        found = []
        for endpoint, channel in zip(self._endpoints, self._channels, strict=True):
            call = channel.unary_unary(
                method, request_serializer=encode, response_deserializer=partial(decode, kind)
            )
            try:
                found.append((endpoint.target, await call(request, timeout=TRY_SECONDS)))
            except grpc.aio.AioRpcError as error:
                fault = translate(error.code(), error.details() or "")
                if isinstance(fault, StoreError):
                    raise fault from error
        return found

    def _channel(self) -> grpc.aio.Channel:
        if not self._channels:
            raise ActorDown("the connection to etcd is closed")
        return self._channels[self._current]

    def _fault(self, error: grpc.aio.AioRpcError, used: int) -> StoreError | TemporaryFault:
        fault = translate(error.code(), error.details() or "")
        if isinstance(fault, ActorDown | AskTimeout):
            self.next_endpoint(used)
        return fault


def translate(code: grpc.StatusCode, text: str) -> StoreError | TemporaryFault:
    """etcd's errors come as gRPC codes with a text (server: "etcdserver: ...")."""
    if "required revision has been compacted" in text:
        return Compacted("the revision is no longer kept by etcd")
    if "required revision is a future revision" in text:
        return FutureRevision("the revision has not been reached in etcd")
    if "requested lease not found" in text:
        return LeaseNotFound("etcd knows no such lease (any more)")
    if "request is too large" in text:
        return TooLarge(f"etcd: {text}")
    match code:
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return AskTimeout(f"etcd: {text}")
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "space" not in text:
            return Overloaded(f"etcd: {text}")
        case (
            grpc.StatusCode.PERMISSION_DENIED
            | grpc.StatusCode.UNAUTHENTICATED
            | grpc.StatusCode.RESOURCE_EXHAUSTED
        ):
            return Unusable(f"etcd: {text}")
        case (
            grpc.StatusCode.INVALID_ARGUMENT
            | grpc.StatusCode.NOT_FOUND
            | grpc.StatusCode.ALREADY_EXISTS
            | grpc.StatusCode.FAILED_PRECONDITION
            | grpc.StatusCode.OUT_OF_RANGE
            | grpc.StatusCode.UNIMPLEMENTED
        ):
            return StoreError(f"etcd: {text}")
    return ActorDown(f"etcd: {code.name.lower()}: {text}")


def _channel(endpoint: Endpoint) -> grpc.aio.Channel:
    if not endpoint.tls:
        return grpc.aio.insecure_channel(endpoint.target, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        _read(endpoint.ca), _read(endpoint.key), _read(endpoint.cert)
    )
    return grpc.aio.secure_channel(endpoint.target, credentials, options=_OPTIONS)


def _read(file: str) -> bytes | None:
    return Path(file).read_bytes() if file else None
