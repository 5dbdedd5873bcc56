"""deploy.lock: one command at a time."""

from pathlib import Path

import pytest

from deploy import lock


def test_the_second_is_told_to_wait_and_the_third_may_go(tmp_path: Path) -> None:
    place = tmp_path / "cluster"
    place.mkdir()
    (place / "file").touch()
    with (
        lock.held(str(place)),
        pytest.raises(lock.Busy, match="wait for it"),
        lock.held(str(place)),
    ):
        raise AssertionError("both held it")
    with lock.held(str(place)):
        pass
    assert place.exists()


def test_a_folder_that_stays_empty_is_not_left(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "cluster"
    with pytest.raises(ValueError, match="no"), lock.held(str(place)):
        raise ValueError("no")
    assert not place.exists()
