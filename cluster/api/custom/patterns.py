"""Regular expressions of custom resources: RE2, as Kubernetes' are.

RE2 runs in time linear in the text, so that no pattern of a client can hold up the server.
Must not know schemas.
"""

from functools import lru_cache
from typing import Protocol

import re2

from cluster.cel.regular import as_go_says

_QUIET = re2.Options()
_QUIET.log_errors = False


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object:
        """Something if it occurs in the text, else None."""


@lru_cache(maxsize=1024)
def compile_pattern(text: str | None) -> Pattern | None:
    """None for no pattern. Raises ValueError, with what RE2 says, for one that is none."""
    if not text:
        return None
    try:
        pattern: Pattern = re2.compile(text, _QUIET)
    except re2.error as error:
        raise ValueError(as_go_says(error, text)) from error
    return pattern
