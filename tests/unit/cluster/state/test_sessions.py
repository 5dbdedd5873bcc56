"""The session table and its bounds."""

import pytest

from cluster import limits
from cluster.errors import SessionExpired
from cluster.messages.store import TxnResult
from cluster.state.sessions import Sessions

RESULT = TxnResult(True, 2)


def test_results_are_forgotten_when_no_longer_wanted() -> None:
    sessions = Sessions()
    for sequence in (1, 2, 3):
        sessions.record("c", sequence, 0, RESULT)
    sessions.record("c", 4, 3, RESULT)
    assert sorted(sessions.table["c"].results) == [3, 4]
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


def test_results_of_one_session_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SESSION_RESULTS_MAX", 3)
    sessions = Sessions()
    for sequence in range(1, 6):
        sessions.record("c", sequence, 0, RESULT)
    assert sorted(sessions.table["c"].results) == [3, 4, 5]
    assert isinstance(sessions.find("c", 1, True), SessionExpired)
