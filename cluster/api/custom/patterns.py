"""Regular expressions of custom resources: RE2, as Kubernetes' are.

RE2 runs in time linear in the text, so that no pattern of a client can hold up the server.
Must not know schemas.
"""

from functools import lru_cache
from typing import Protocol

import re2

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
        reason = error.args[0] if error.args else "not a regular expression"
        said = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"error parsing regexp: {said}: `{text}`") from error
    return pattern
