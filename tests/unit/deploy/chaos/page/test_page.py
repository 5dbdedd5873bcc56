"""A report as a page."""

import re
from html.parser import HTMLParser

from cluster.chaos.observations import Violation
from cluster.chaos.report import Fault, Found, Reign, Report, Series
from cluster.chaos.scenario import Scenario
from deploy.chaos.page.page import page, rows_of

VOID = {"meta", "br"}
FAULT = Fault(
    "kill-1", "kill leader for 2.0 s", ("r1",), 5.0, 5.1, 7.1, 8.0, "r1 is gone <pid 7>", "r1 runs",
    ("is it?",),
)  # fmt: skip
VIOLATION = Violation("lost write", 6.0, "w0: acknowledged <1>", "configmap/w0", ("Acknowledged",))


def report(**more: object) -> Report:
    facts = {
        "scenario": Scenario("kills & more", "leaders <die>"), "seed": "7", "cluster": "c",
        "started": 1_767_225_600.0, "steady": 5.0, "faults_end": 20.0, "end": 25.0,
        "verdict": "held", "reasons": (), "replicas": ("r1", "r2"), **more,
    }  # fmt: skip
    return Report(**facts)  # type: ignore[arg-type] # of a test's table


FULL = report(
    verdict="broken", reasons=("1 × lost write",), faults=(FAULT,),
    figures={"writes acknowledged": 1234.0, "write p99, milliseconds": 12.5},
    violations=(Found(VIOLATION, ("trace 1", "   0   PUT")),),
    reigns=(Reign("r1", 2, 0.0, 5.0), Reign("", 0, 5.0, 6.0), Reign("r2", 3, 6.0, 25.0)),
    series=(
        Series("writes", "per second", 1.0, (1.0, None, 3.0)),
        Series("write p99", "milliseconds", 1.0, (1.0, None, 300.0)),
        Series("ready web", "pods", 1.0, (3.0, 2.0, 3.0)),
        Series("requests web answered", "per second", 1.0, (3.0, 2.0, 3.0)),
        Series("requests web failed", "per second", 1.0, (0.0, 1.0, 0.0)),
    ),
    story=((1.0, "web rolled"),), unchecked=("requests: none",),
)  # fmt: skip


class Balance(HTMLParser):
    """That every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> str:
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    return " ".join(" ".join(parser.words).split())


def test_everything_is_on_it() -> None:
    words = read(page(FULL))
    for text in (
        "kills & more", "an invariant broke", "leaders <die>", "1 × lost write", "1234",
        "Leadership", "Availability", "Latency", "Pods ready", "Requests to Service web",
        "kill leader for 2.0 s", "r1 is gone <pid 7>", "r1 runs", "not proven: is it?",
        "w0: acknowledged <1>", "configmap/w0", "PUT", "web rolled", "Not checked: requests: none",
        "steersman chaos run kills & more --seed 7 --seconds 60", "2026-01-01 00:00:00 UTC",
    ):  # fmt: skip
        assert text in words, text


def test_it_needs_nothing_else() -> None:
    text = page(FULL)
    assert not re.search(r"(src|href)=|url\(|@import|<script|https?://", text)
    assert "prefers-color-scheme: dark" in text


def test_an_empty_report() -> None:
    words = read(page(report(verdict="says nothing", reasons=("nobody was there",))))
    assert "the run says nothing" in words
    assert "nobody was there" in words


def test_the_same_report_gives_the_same_page() -> None:
    assert page(FULL) == page(FULL)


def test_faults_that_stand_at_once_have_rows_of_their_own() -> None:
    def cut(begin: float, end: float, verb: str = "partition") -> Fault:
        return Fault(
            name="f", order=f"{verb} leader", names=("r1",), begin=begin, struck=begin,
            mending=end, end=end, proof="", healed="", doubts=(), masked="",
        )  # fmt: skip

    faults = [cut(0, 5), cut(4, 9), cut(4, 6, "kill"), cut(6, 8), cut(9, 10)]
    assert rows_of(faults) == [
        ("partition", 0), ("partition", 1), ("kill", 0), ("partition", 0), ("partition", 0),
    ]  # fmt: skip
