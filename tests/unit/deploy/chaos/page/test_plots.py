"""Plots as SVG: well-formed, in their bounds, with round marks."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.chaos.page.plots import (
    LEFT,
    RIGHT,
    WIDTH,
    Band,
    Bar,
    Line,
    Time,
    bar_plot,
    clock,
    compact,
    line_plot,
    linear_marks,
    log_marks,
    pieces,
    shortened,
)

VALUES = st.lists(st.none() | st.floats(0, 1e6), max_size=40)


@given(VALUES, st.booleans(), st.floats(1, 1e5))
def test_lines_stay_in_the_plot(values: list[float | None], logarithmic: bool, end: float) -> None:
    line = Line("<writes & more>", "s1", 1.0, values)
    svg = line_plot([line], Time(end), [Band(1, 2, "a > b")], 120.0, logarithmic)
    root = ElementTree.fromstring(svg)
    for item in root.iter("polyline"):
        for point in item.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert LEFT <= x <= WIDTH - RIGHT
            assert 0 <= y <= 120.0


@given(st.floats(0, 1e9))
def test_marks_are_few_and_hold_the_top(top: float) -> None:
    for marks in (linear_marks(top), log_marks(top)):
        assert marks[-1] >= min(top, 1e9) * 0.999
        assert marks == sorted(marks)
    assert 2 <= len(linear_marks(top)) <= 6


def test_a_gap_breaks_a_line() -> None:
    line = Line("x", "s1", 2.0, [1.0, None, 3.0, 4.0, 5.0])
    assert pieces(line, 8.0) == [[(1.0, 1.0)], [(5.0, 3.0), (7.0, 4.0)]]


def test_a_bar_has_its_word_where_there_is_room() -> None:
    bars = [Bar("r1", 0, 50, "s1", "r1 leads", "term 7"), Bar("r2", 50, 50.1, "s2", "brief", "8")]
    root = ElementTree.fromstring(bar_plot(["r1", "r2"], bars, Time(100.0)))
    assert [item.text for item in root.iter("text") if item.attrib["class"] == "word"] == ["term 7"]
    assert "brief" in [item.text for item in root.iter("title")]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (125, "2:05"), (3725, "1:02:05")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_short_texts() -> None:
    assert [compact(value) for value in (0.25, 3.0, 12.5, 640.7, 12_300)] == [
        "0.2", "3", "12.5", "641", "12k",
    ]  # fmt: skip
    assert shortened("partition", 5) == "part…"
    assert len(Time(7200.0).ticks()) <= 14
