"""The reflector: when to list, when to watch and from which revision, how long to wait.

Job: the pure state machine that an informer's loop obeys. It resumes a lost watch at the revision
it stands at, and lists anew only when told that the revision is gone (410 Gone, see the Kubernetes
API concepts page, "Efficient detection of changes").
Must not know: streams, caches, clocks; jitter comes in as an argument.
"""

from dataclasses import dataclass
from typing import Literal

from cluster.errors import Compacted, StatusError, SteersmanError

BACKOFF_FIRST_SECONDS = 0.05
BACKOFF_MAX_SECONDS = 5.0
RESUMES_MAX = 20


@dataclass
class Reflector:
    """``phase``: what to do next. ``revision``: everything up to it has been taken in."""

    phase: Literal["list", "watch"] = "list"
    revision: int = 0
    failures: int = 0

    def listed(self, revision: int) -> None:
        """A whole list came in at ``revision``: watch from there."""
        self.phase = "watch"
        self.revision = revision
        self.failures = 0

    def renew(self) -> None:
        """List anew, whatever came in."""
        self.phase = "list"

    def advanced(self, revision: int) -> None:
        """An event or a bookmark came in: the watch works."""
        self.revision = max(self.revision, revision)
        self.failures = 0

    def ended(self) -> None:
        """The server closed the watch in order: resume it."""
        self.failures += 1

    def failed(self, error: SteersmanError) -> None:
        """A list or a watch failed: list anew if history is gone, else do the same again.

        A watch that no server could resume for long is given up for a list too.
        """
        self.failures += 1
        if is_expired(error) or self.failures >= RESUMES_MAX:
            self.phase = "list"

    def pause(self, jitter: float) -> float:
        """Seconds to wait before the next step; ``jitter`` lies in [0, 1). 0 if all went well.

        The first retry comes almost at once (a server went away, another is there); a fleet that
        fails together spreads out as it keeps failing.
        """
        if not self.failures:
            return 0.0
        step = BACKOFF_FIRST_SECONDS * 2.0 ** min(self.failures - 1, 16)
        return min(BACKOFF_MAX_SECONDS, step) * (0.2 + 0.8 * jitter)


def is_expired(error: SteersmanError) -> bool:
    """True if the error says that the revision watched from is no longer kept.

    One that is not reached yet is another matter: the server lags and will get there.
    """
    if isinstance(error, Compacted):
        return True
    return isinstance(error, StatusError) and error.code == 410
