"""Which Events get written."""

from actors.client.event_aggregation import ALIKE_MAX, BURST, COMBINED_PREFIX, EventCorrelator, Said


def said(message: str, about: str = "uid-1", reason: str = "Started") -> Said:
    return Said(about, "Normal", reason, message)


def test_repeats_are_counted() -> None:
    correlator = EventCorrelator()
    records = [correlator.observe(said("again"), 100.0 + second) for second in range(3)]
    assert [record and record.times for record in records] == [1, 2, 3]
    last = records[-1]
    assert last is not None and (last.first, last.last) == (100.0, 102.0)
    other = correlator.observe(said("again", about="uid-2"), 103.0)
    assert other is not None and other.times == 1


def test_many_alike_become_one() -> None:
    correlator = EventCorrelator()
    records = [correlator.observe(said(f"message {n}"), 100.0) for n in range(ALIKE_MAX + 3)]
    combined = [record for record in records if record and record.key.message == COMBINED_PREFIX]
    assert [record.times for record in combined] == [1, 2, 3]
    assert combined[-1].message == f"{COMBINED_PREFIX}message {ALIKE_MAX + 2}"
    later = correlator.observe(said("fresh"), 100.0 + 700.0)
    assert later is not None and later.message == "fresh"


def test_an_object_that_talks_too_much_is_cut_off() -> None:
    correlator = EventCorrelator()
    spoken = [correlator.observe(said("x"), 100.0) for _ in range(BURST + 5)]
    assert sum(record is not None for record in spoken) == BURST
    assert correlator.observe(said("x", about="other"), 100.0) is not None
    assert correlator.observe(said("x"), 100.0 + 301.0) is not None


def test_a_lost_event_is_made_anew() -> None:
    correlator = EventCorrelator()
    first = correlator.observe(said("x"), 1.0)
    assert first is not None
    correlator.lost(first.key)
    again = correlator.observe(said("x"), 2.0)
    assert again is not None and again.times == 1
