"""deploy.tracing.sending and .exporter: to a collector that is well, slow, refusing, or gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import orjson
import pytest

from actors.kit.trace_file import RotatingFile
from cluster.settings import ClusterSettings
from deploy import processes, state
from deploy.topology import Topology, build_settings
from deploy.tracing import exporter, exporter_process, retrying, sending, spans
from deploy.tracing.exporter import Exporter
from deploy.tracing.sending import Counts, Sender
from tests.unit.deploy.tracing.collector import Collector
from tests.unit.deploy.tracing.histories import History

ITEMS = spans.items(History(1).records)


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    monkeypatch.setattr(retrying, "FIRST_SECONDS", 0.002)
    async with Collector() as started:
        yield started


async def until(what: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.01)


async def sent(sender: Sender) -> Counts:
    """Send all that it has."""
    await sender.drain(5.0)
    await sender.close()
    return sender.counts


async def test_every_span_comes_once(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SPANS_PER_REQUEST", 7)
    sender = Sender(collector.url, "c")
    sender.offer(ITEMS)
    counts = await sent(sender)
    assert counts == Counts(sent=len(ITEMS))
    assert len({span.span_id for _, span in collector.spans}) == len(ITEMS)
    assert collector.requests == -(-len(ITEMS) // 7)


@pytest.mark.parametrize(
    "answer",
    [(429, {}, {}), (502, {}, {}), (503, {"Retry-After": "0"}, {}), (504, {}, {}), "hang up"],
)
async def test_what_may_pass_is_tried_again(collector: Collector, answer: object) -> None:
    collector.script.extend([answer, answer])
    sender = Sender(collector.url, "c")
    sender.offer(ITEMS)
    assert await sent(sender) == Counts(sent=len(ITEMS))
    assert collector.requests == 3


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
async def test_what_is_refused_for_good_is_counted_and_not_tried_again(
    collector: Collector, status: int
) -> None:
    collector.script.append((status, {}, {"message": "no"}))
    sender = Sender(collector.url, "c")
    sender.offer(ITEMS)
    counts = await sent(sender)
    assert (counts.sent, counts.rejected) == (0, len(ITEMS))
    assert counts.problem.startswith(str(status))
    assert collector.requests == 1


async def test_a_partial_success_is_not_tried_again(collector: Collector) -> None:
    body = {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}
    collector.script.append((200, {}, body))
    sender = Sender(collector.url, "c")
    sender.offer(ITEMS)
    assert await sent(sender) == Counts(sent=len(ITEMS) - 3, rejected=3)
    assert collector.requests == 1


async def test_a_dead_collector_costs_the_oldest_spans_and_bounded_room() -> None:
    sender = Sender("http://127.0.0.1:9", "c", buffered_max=10)
    for _ in range(5):
        sender.offer(ITEMS)
        assert sender.waiting <= 10
    assert sender.counts.dropped == 5 * len(ITEMS) - 10
    await sender.drain(0.05)
    await sender.close()
    assert sender.counts.dropped == 5 * len(ITEMS)
    assert sender.counts.failures >= 1
    assert sender.counts.problem == "cannot connect to 127.0.0.1:9: Connection refused"


def test_waits_double_up_to_a_bound_unless_the_server_says() -> None:
    waits = [retrying.pause(attempt, 1.0) for attempt in range(1, 9)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert retrying.pause(1, 0.0) == 0.5
    assert retrying.pause(5, 0.5, asked=2.0) == 2.0
    assert retrying.pause(5, 0.5, asked=1e9) == retrying.ASKED_MAX_SECONDS


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retrying.retry_after("7", 0.0) == 7.0
    assert retrying.retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40.0) == 60.0
    assert retrying.retry_after("Thu, 01 Jan 1970 00:00:00 GMT", 40.0) == 0.0
    for words in ("", "soon", "-1", "١", "Thu, 99 Jan 1970"):
        assert retrying.retry_after(words, 0.0) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:4318", "http://h:4318/v1/traces"),
        ("https://h/", "https://h/v1/traces"),
        ("http://h/otlp/v1/traces", "http://h/otlp/v1/traces"),
    ],
)
def test_where_traces_go(url: str, expected: str) -> None:
    assert retrying.endpoint(url) == expected


@pytest.mark.parametrize("url", ["", "h:4318", "ftp://h", "http://", "http:///x"])
def test_what_is_no_collector(url: str) -> None:
    with pytest.raises(ValueError, match="no collector"):
        retrying.endpoint(url)


# -- the exporter


@pytest.fixture
def settings(tmp_path: Path, collector: Collector) -> Iterator[ClusterSettings]:
    """Of a cluster whose exporter is ended at last, whatever a test does."""
    topology = Topology(name="t", runtime="memory", tracing={"otlp": collector.url})
    found = build_settings(topology, str(tmp_path))
    state.save(found, topology)
    (tmp_path / "trace" / "p0").mkdir(parents=True)
    yield found
    exporter_process.end(found)


def write(settings: ClusterSettings, seed: int) -> int:
    """A history into the file of a process; gives the number of its spans."""
    records = History(seed).records
    file = RotatingFile(Path(settings.data_dir) / "trace" / "p0", "trace", 1 << 20, 2)
    file.write(b"".join(orjson.dumps(record) + b"\n" for record in records))
    file.close()
    return len(spans.items(records))


async def stopped(running: "asyncio.Task[None]", following: Exporter) -> None:
    following.stop()
    await running


async def test_live_spans_and_the_last_ones_at_the_end(
    settings: ClusterSettings, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "LINGER_SECONDS", 0.1)
    monkeypatch.setattr(spans, "OPEN_SECONDS", 0.1)
    write(settings, 1)  # what was there before is not told
    following = Exporter(settings, Sender(collector.url, "t"))
    told: list[Counts] = []
    running = asyncio.create_task(following.run(told.append))
    await asyncio.sleep(0)
    count = write(settings, 2)
    await until(lambda: len(collector.spans) == count)
    monkeypatch.setattr(spans, "LINGER_SECONDS", 60.0)
    collector.spans.clear()
    # Of another seed, but with the same spans: as if they were late.
    write(settings, 2)
    await stopped(running, following)
    assert {span.name for _, span in collector.spans} == {"pod.placed"}
    assert told[-1] == following.sender.counts


async def test_a_dead_collector_does_not_hold_up_the_reading(
    settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "LINGER_SECONDS", 0.01)
    monkeypatch.setattr(spans, "OPEN_SECONDS", 0.01)
    monkeypatch.setattr(exporter, "END_SECONDS", 0.05)
    sender = Sender("http://127.0.0.1:9", "t", buffered_max=20)
    following = Exporter(settings, sender)
    running = asyncio.create_task(following.run(lambda counts: None))
    await asyncio.sleep(0)
    count = write(settings, 4)
    # What does not fit is dropped while the first request still waits for its next try.
    await until(lambda: sender.counts.dropped > 0)
    assert sender.waiting <= 20
    await stopped(running, following)
    assert sender.counts.dropped == count


async def test_the_process_starts_with_the_cluster_and_ends_with_it(
    settings: ClusterSettings, collector: Collector
) -> None:
    async def call(what: Callable[[ClusterSettings], object]) -> object:
        return await asyncio.to_thread(what, settings)

    assert exporter_process.line(settings).startswith("exporter: down")
    assert await call(exporter_process.ensure) == f"to {collector.url}"
    first = processes.find(settings, exporter.NAME)
    await call(exporter_process.ensure)
    assert processes.find(settings, exporter.NAME) == first
    # It has written its counts: so it follows.
    await until(lambda: Path(exporter.counts_path(settings)).exists(), 20.0)
    count = write(settings, 3)
    await call(exporter_process.end)
    # What was under way when it was told to end comes a second time.
    assert len({span.span_id for _, span in collector.spans}) == count
    assert processes.find(settings, exporter.NAME) is None
    assert exporter.read_counts(settings) == Counts(sent=count)


def test_a_topology_names_a_collector_or_is_refused() -> None:
    with pytest.raises(ValueError, match="tracing: otlp"):
        build_settings(Topology(tracing={"otlp": "nonsense"}), "/x")
    with pytest.raises(ValueError, match="tracing"):
        build_settings(Topology(tracing={"otpl": "http://h"}), "/x")
    found = build_settings(Topology(tracing={"otlp": "http://h:4318"}), "/x")
    assert found.tracing.otlp == "http://h:4318"
