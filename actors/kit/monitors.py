"""Who monitors whom: a table, pure. Must not know: how anyone is told."""

from collections.abc import Callable


class Monitors:
    """Watchers (addresses) by target (an address or a process name)."""

    def __init__(self) -> None:
        self._watchers: dict[str, dict[str, None]] = {}

    def add(self, target: str, watcher: str) -> None:
        """``watcher`` watches ``target``; twice is once."""
        self._watchers.setdefault(target, {})[watcher] = None

    def watchers(self, target: str) -> list[str]:
        """Who watches it, in order of entry."""
        return list(self._watchers.get(target, ()))

    def take(self, target: str) -> list[str]:
        """Who watches it; they watch it no more."""
        return list(self._watchers.pop(target, ()))

    def remove(self, target: str, watcher: str) -> bool:
        """End one watch. Whether there was one."""
        watchers = self._watchers.get(target, {})
        if watcher not in watchers:
            return False
        del watchers[watcher]
        if not watchers:
            del self._watchers[target]
        return True

    def targets(self) -> list[str]:
        """All that are watched."""
        return list(self._watchers)

    def remove_watcher(self, watcher: str) -> None:
        """It watches nothing any more."""
        self._remove(lambda entry: entry == watcher)

    def remove_process(self, process: str) -> None:
        """No actor of that process watches anything any more."""
        self._remove(lambda entry: entry.rpartition("@")[2] == process)

    def _remove(self, leaves: Callable[[str], bool]) -> None:
        for target, watchers in list(self._watchers.items()):
            for entry in [entry for entry in watchers if leaves(entry)]:
                del watchers[entry]
            if not watchers:
                del self._watchers[target]
