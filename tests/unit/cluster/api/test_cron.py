"""Schedules and time zones of cron jobs."""

import pytest

from cluster.api.cron import schedule_error, zone_error


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/5 0-6,12 ? jan-mar MON-fri", "59 23 31 12 6", "1-59/2 * * * *", "@hourly",
     "@every 1h30m", "0 0 * * 0"],
)  # fmt: skip
def test_right_schedules(schedule: str) -> None:
    assert schedule_error(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("0 0 0 0 0 0", "expected exactly 5 fields, found 6"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("@often", "unrecognized descriptor: @often"),
        ("@every x", "failed to parse duration @every x"),
    ],
)
def test_wrong_schedules(schedule: str, text: str) -> None:
    assert text in schedule_error(schedule)


def test_time_zones() -> None:
    assert zone_error("Etc/UTC") == "" and zone_error("Europe/Berlin") == ""
    assert zone_error("Mars/Base") == "unknown time zone Mars/Base"
    assert zone_error("../etc/passwd").startswith("unknown time zone")
    assert "must be an explicit time zone" in zone_error("Local")
    assert zone_error("") == "timeZone must be nil or non-empty string"
