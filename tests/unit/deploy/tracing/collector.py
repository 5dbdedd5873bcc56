"""An OpenTelemetry collector in small: takes OTLP/HTTP JSON, strictly, answers as it is told."""

import json
from collections import deque
from typing import Any

from aiohttp import web
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.unit.deploy.tracing.test_otlp import all_spans, parse


class Collector:
    """``script``: what to answer the next requests: (status, headers, body), or "hang up"; when it
    is over, 200. ``spans``: (process, span) of the requests that were answered with 200."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.script: deque[Any] = deque()
        self.requests = 0
        self.url = ""
        self._runner = web.ServerRunner(web.Server(self._handle))

    async def __aenter__(self) -> "Collector":
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        self.requests += 1
        assert (request.method, request.path) == ("POST", "/v1/traces")
        assert request.content_type == "application/json"
        found = list(all_spans(parse(json.loads(await request.read()))))
        answer = self.script.popleft() if self.script else (200, {}, {})
        if answer == "hang up":
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        status, headers, body = answer
        if status == 200:
            self.spans += found
        return web.json_response(body, status=status, headers=headers)
