"""The reflector's machine: resume when possible, list anew when history is gone."""

from actors.client.reflector import BACKOFF_MAX_SECONDS, RESUMES_MAX, Reflector
from cluster.errors import ActorDown, Compacted, FutureRevision, StatusError


def test_lists_then_watches_from_there() -> None:
    reflector = Reflector()
    assert reflector.phase == "list"
    reflector.listed(10)
    assert (reflector.phase, reflector.revision) == ("watch", 10)
    reflector.advanced(12)
    assert reflector.revision == 12


def test_a_lost_watch_is_resumed_where_it_stood() -> None:
    reflector = Reflector()
    reflector.listed(10)
    reflector.advanced(15)
    reflector.failed(ActorDown("gone"))
    assert (reflector.phase, reflector.revision) == ("watch", 15)
    reflector.failed(FutureRevision("the replica lags"))
    assert reflector.phase == "watch"
    reflector.ended()
    assert reflector.phase == "watch"


def test_lost_history_lists_anew() -> None:
    for error in (Compacted("gone"), StatusError({"code": 410, "reason": "Expired"})):
        reflector = Reflector()
        reflector.listed(10)
        reflector.failed(error)
        assert reflector.phase == "list"


def test_a_watch_nobody_can_resume_becomes_a_list() -> None:
    reflector = Reflector()
    reflector.listed(10)
    for _ in range(RESUMES_MAX):
        assert reflector.phase == "watch"
        reflector.failed(FutureRevision("behind"))
    assert reflector.phase == "list"


def test_pauses_grow_within_bounds_and_end_with_success() -> None:
    reflector = Reflector()
    assert reflector.pause(0.5) == 0.0
    pauses = []
    for _ in range(12):
        reflector.failed(ActorDown("gone"))
        pauses.append(reflector.pause(1.0))
    assert pauses == sorted(pauses) and pauses[0] <= 0.05 and pauses[-1] == BACKOFF_MAX_SECONDS
    assert reflector.pause(0.0) < reflector.pause(0.9)
    reflector.advanced(1)
    assert reflector.pause(1.0) == 0.0
