"""The session table and its bounds."""

import pytest

from cluster import limits
from cluster.errors import SessionExpired
from cluster.messages.store import KeyValue, TxnResult
from cluster.state.sessions import RESULT_OVERHEAD_BYTES, Sessions, cost_of

RESULT = TxnResult(True, 2)


def test_results_are_forgotten_when_no_longer_wanted() -> None:
    sessions = Sessions()
    for sequence in (1, 2, 3):
        sessions.record("c", sequence, 0, RESULT)
    sessions.record("c", 4, 3, RESULT)
    assert list(sessions.table["c"].results) == [3, 4]
    assert isinstance(sessions.find("c", 2, True), SessionExpired)
    assert sessions.find("c", 3, True) is RESULT
    assert sessions.find("c", 5, True) is None


def test_the_least_recently_used_session_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSIONS_MAX", 2)
    sessions = Sessions()
    sessions.record("a", 1, 0, RESULT)
    sessions.record("b", 1, 0, RESULT)
    sessions.find("a", 1, True)
    sessions.record("c", 1, 0, RESULT)
    assert list(sessions.table) == ["a", "c"]


def test_looking_up_a_result_is_no_use_of_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """One replica may be asked what another is not: they must forget alike all the same."""
    monkeypatch.setattr(limits, "SESSIONS_MAX", 2)
    sessions = Sessions()
    sessions.record("a", 1, 0, RESULT)
    sessions.record("b", 1, 0, RESULT)
    assert sessions.remembered("a", 1) is RESULT
    assert sessions.remembered("a", 2) is None
    assert sessions.remembered("z", 1) is None
    sessions.record("c", 1, 0, RESULT)
    assert list(sessions.table) == ["b", "c"]


def test_results_of_one_session_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSION_RESULTS_MAX", 3)
    sessions = Sessions()
    for sequence in range(1, 6):
        sessions.record("c", sequence, 0, RESULT)
    assert list(sessions.table["c"].results) == [3, 4, 5]
    assert isinstance(sessions.find("c", 1, True), SessionExpired)
    assert isinstance(sessions.find("c", 2, False), SessionExpired)


def large(size: int) -> TxnResult:
    return TxnResult(True, 2, (KeyValue("k", bytes(size), 1, 1, 1), None))


def check_bytes(sessions: Sessions) -> None:
    kept = [outcome for each in sessions.table.values() for outcome, _ in each.results.values()]
    assert sessions.bytes == sum(cost_of(outcome) for outcome in kept)


def test_bytes_are_bounded_and_quiet_sessions_pay_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSIONS_BYTES_MAX", 10_000)
    sessions = Sessions()
    for sequence in (1, 2, 3):
        sessions.record("quiet", sequence, 0, large(1000))
    for sequence in (1, 2, 3, 4, 5):
        sessions.record("busy", sequence, 0, large(1000))
        check_bytes(sessions)
    assert list(sessions.table["quiet"].results) == [3]
    assert list(sessions.table["busy"].results) == [1, 2, 3, 4, 5]
    # Its numbers count as answered for, though nobody ever said so: never applied again.
    for sequence in (1, 2):
        assert isinstance(sessions.find("quiet", sequence, False), SessionExpired)
    assert sessions.find("quiet", 4, False) is None
    for sequence in range(6, 30):
        sessions.record("busy", sequence, 0, large(1000))
        assert sessions.bytes <= 10_000
        check_bytes(sessions)
    assert list(sessions.table["busy"].results)[-1] == 29


def test_the_newest_result_stays_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSIONS_BYTES_MAX", 10_000)
    sessions = Sessions()
    huge = large(50_000)
    sessions.record("a", 1, 0, RESULT)
    sessions.record("b", 1, 0, huge)
    assert sessions.find("b", 1, True) is huge
    sessions.record("a", 2, 0, RESULT)
    assert isinstance(sessions.find("b", 1, True), SessionExpired)
    assert sessions.find("a", 2, True) is RESULT
    check_bytes(sessions)


def test_one_that_overtook_others_is_forgotten_with_them() -> None:
    sessions = Sessions()
    for sequence in (3, 1, 2, 4):
        sessions.record("c", sequence, 0, RESULT)
    sessions.record("c", 5, 3, RESULT)
    assert list(sessions.table["c"].results) == [3, 1, 2, 4, 5]
    # Still known, so still answered: as good as refused, and nothing had to be searched for.
    assert sessions.find("c", 1, True) is RESULT
    sessions.record("c", 6, 5, RESULT)
    assert list(sessions.table["c"].results) == [5, 6]
    assert sessions.bytes == 2 * RESULT_OVERHEAD_BYTES


def test_a_dropped_session_gives_its_bytes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSIONS_MAX", 1)
    sessions = Sessions()
    sessions.record("a", 1, 0, large(1000))
    sessions.record("b", 1, 0, RESULT)
    assert list(sessions.table) == ["b"] and sessions.bytes == RESULT_OVERHEAD_BYTES
