"""Ages, selectors and lists as kubectl prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api import tables_columns as columns

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0.4, "0s"),
        (119, "119s"),
        (120, "2m"),
        (135, "2m15s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 90 * 60, "4h30m"),
        (8 * 3600, "8h"),
        (47 * 3600 + 3599, "47h"),
        (2 * DAY, "2d"),
        (3 * DAY + 7200, "3d2h"),
        (8 * DAY, "8d"),
        (729 * DAY, "729d"),
        (730 * DAY, "2y"),
        (800 * DAY, "2y70d"),
        (3000 * DAY, "8y"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert columns.human_duration(seconds) == text


@given(st.floats(0, 1e10))
def test_a_duration_is_never_long(seconds: float) -> None:
    assert len(columns.human_duration(seconds)) <= 7


def test_since() -> None:
    assert columns.since("2023-11-14T22:13:20Z", 1_700_000_005) == "5s"
    assert columns.since("2023-11-14T22:13:20.5Z", 1_700_000_005) == "4s"
    for nothing in (None, "", "yesterday", "2023-11-14T22:13:20", 7):
        assert columns.since(nothing, 0) == "<unknown>"


def test_dig_finds_or_defaults() -> None:
    obj = {"a": [{"b": 1}], "n": None, "z": 0}
    assert columns.dig(obj, "a", 0, "b") == 1
    assert columns.dig(obj, "z", default=9) == 0
    for path in (("a", 1, "b"), ("a", "b"), ("n",), ("n", "x"), ("missing",)):
        assert columns.dig(obj, *path, default="d") == "d"


def test_lists_and_selectors() -> None:
    assert columns.joined([]) == "<none>"
    assert columns.shortened(["a", "b", "c"]) == "a,b,c"
    assert columns.shortened(["a", "b", "c", "d", "e"]) == "a,b,c + 2 more..."
    assert columns.labels_text({"b": "2", "a": "1"}) == "a=1,b=2"
    assert columns.selector_text(None) == columns.selector_text({}) == "<none>"
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["b", "a"]},
            {"key": "x", "operator": "Exists"},
            {"key": "y", "operator": "DoesNotExist"},
        ],
    }
    assert columns.selector_text(selector) == "app=web,tier in (a,b),x,!y"
