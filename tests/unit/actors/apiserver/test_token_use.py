"""When a token was last used: one write per Secret and day, beside the request."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import structlog

from actors.apiserver.call import Call
from actors.apiserver.token_use import TokenUse
from actors.apiserver.writer import Revise
from cluster.api import status
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.security.secret_tokens import LAST_USED, day_of, start_of

SECRETS = by_resource("", "v1", "secrets")


@dataclass
class Bench:
    """A clock that stands, and a writer of one Secret. ``fails``: it refuses."""

    now: float = 1767225600.0 + 3600.0
    live: Object = field(
        default_factory=lambda: {"metadata": {"namespace": "ns", "name": "s", "uid": "u1"}}
    )
    writes: int = 0
    fails: bool = False
    started: list[Coroutine[Any, Any, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        environment = SimpleNamespace(clock=SimpleNamespace(now=lambda: self.now))
        log = structlog.get_logger()
        self.use = TokenUse(cast(Any, environment), cast(Any, self), cast(Any, self.task), log)

    def task(self, coroutine: Coroutine[Any, Any, Any], name: str) -> None:
        self.started.append(coroutine)

    async def modify(self, call: Call, revise: Revise) -> None:
        """The writer's."""
        assert (call.namespace, call.request.name, call.kind) == ("ns", "s", SECRETS)
        assert (call.caller.user, call.options.manager) == ("system:apiserver", "kube-apiserver")
        if self.fails:
            raise status.conflict(call.kind, "s")
        new = revise(self.live)
        self.writes += new != self.live
        self.live = new

    def run(self) -> int:
        """All that was started; how many writes there have been."""
        started, self.started = self.started, []
        for coroutine in started:
            asyncio.run(coroutine)
        return self.writes

    def said(self) -> str:
        return str((self.live["metadata"].get("labels") or {}).get(LAST_USED, ""))


def test_once_a_day() -> None:
    bench = Bench()
    for _ in range(3):
        bench.use.note(bench.live)
    assert len(bench.started) == 1
    assert (bench.run(), bench.said()) == (1, "2026-01-01")
    bench.use.note(bench.live)
    assert bench.started == []
    bench.now += 86400.0
    bench.use.note(bench.live)
    assert (bench.run(), bench.said()) == (2, "2026-01-02")


def test_another_replica_was_quicker() -> None:
    bench = Bench()
    stale = bench.live
    for day in ("2026-01-01", "2026-01-02"):
        bench.live = {"metadata": {**stale["metadata"], "labels": {LAST_USED: day, "a": "b"}}}
        bench.use.note(stale)
        assert (bench.run(), bench.said()) == (0, day)
    bench.live = {"metadata": {**stale["metadata"], "labels": {LAST_USED: "x", "a": "b"}}}
    bench.use.note(stale)
    assert bench.run() == 1
    assert bench.live["metadata"]["labels"] == {LAST_USED: "2026-01-01", "a": "b"}


def test_another_secret_of_that_name_was_not_used() -> None:
    bench = Bench()
    bench.use.note(bench.live)
    bench.live = {"metadata": {**bench.live["metadata"], "uid": "u2"}}
    assert (bench.run(), bench.said()) == (0, "")


def test_what_failed_is_tried_at_the_next_use() -> None:
    bench = Bench(fails=True)
    bench.use.note(bench.live)
    assert bench.run() == 0
    bench.fails = False
    bench.use.note(bench.live)
    assert (bench.run(), bench.said()) == (1, "2026-01-01")


def test_days() -> None:
    assert start_of("2026-01-01") == 1767225600.0
    assert day_of(1767225599.9) == "2025-12-31"
    for text in ("", "2026-1-1", "20260101", "2026-02-30", "2026-01-01T00:00:00Z", "2026-W01-4"):
        assert start_of(text) is None
