"""The table of who monitors whom."""

from actors.kit.monitors import Monitors


def test_watchers_are_told_once_and_in_order() -> None:
    table = Monitors()
    for watcher in ("b@x", "a@x", "b@x"):
        table.add("t@y", watcher)
    assert table.watchers("t@y") == ["b@x", "a@x"]
    assert table.take("t@y") == ["b@x", "a@x"]
    assert table.take("t@y") == []


def test_watchers_leave_alone_or_by_process() -> None:
    table = Monitors()
    table.add("t@y", "a@x")
    table.add("t@y", "b@z")
    table.add("u@y", "a@x")
    table.remove_watcher("a@x")
    assert table.targets() == ["t@y"]
    table.remove_process("z")
    assert table.targets() == []
    assert table.remove("t@y", "b@z") is False
