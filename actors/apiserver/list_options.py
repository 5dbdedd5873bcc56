"""ListOptions of meta/v1: what a list or watch may be asked, checked.

Source: docs "Kubernetes API concepts", Semantics for get and list, Semantics for watch.
Must not know: the store beyond the shape of a Range.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.apiserver.call import parse_bool, parse_int, parse_revision
from cluster.api import status
from cluster.api.status import Cause
from cluster.api.validation import causes
from cluster.errors import StatusError
from cluster.messages.store import Range

_MATCHES = ("", "Exact", "NotOlderThan")


@dataclass(frozen=True)
class ListOptions:
    """``revision`` None: unset (linearizable). ``exact``: that revision, no other."""

    limit: int = 0
    token: str = ""
    revision: int | None = None
    exact: bool = False

    def range_request(self) -> Range:
        """The Range that reads as the options say; its key is for the caller to set."""
        if self.revision is None:
            return Range(key="")
        if self.exact:
            return Range(key="", revision=self.revision)
        return Range(key="", linearizable=False, at_least=self.revision)


@dataclass(frozen=True)
class WatchOptions:
    """``initial``: send what exists first. ``mark_initial``: and say when that is done.

    ``revision``: None from the newest, 0 from whatever this replica has, N after exactly N.
    ``timeout``: seconds, 0 for none asked.
    """

    revision: int | None = None
    initial: bool = False
    mark_initial: bool = False
    bookmarks: bool = False
    timeout: int = 0


def list_options(query: Mapping[str, str]) -> ListOptions:
    """Raises StatusError 400 or 422."""
    revision = parse_revision(query)
    match = query.get("resourceVersionMatch", "")
    token = query.get("continue", "")
    # As for Kubernetes' servers: what is below nothing is as nothing.
    limit = max(parse_int(query, "limit", signed=True), 0)
    parse_int(query, "timeoutSeconds", signed=True)
    if parse_bool(query, "sendInitialEvents"):
        detail = "sendInitialEvents is forbidden for list"
        raise _invalid(causes.forbidden("sendInitialEvents", detail))
    if match not in _MATCHES:
        raise _invalid(causes.unsupported("resourceVersionMatch", match, _MATCHES))
    if match and token:
        raise _refused("resourceVersionMatch is forbidden when continue is provided")
    if match and revision is None:
        raise _refused("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match == "Exact" and revision == 0:
        raise _refused('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')
    if token and revision:
        raise status.bad_request("specifying resource version is not allowed when using continue")
    # Without a match rule a page of a given revision is that revision (the older meaning).
    exact = match == "Exact" or (not match and limit > 0 and bool(revision))
    return ListOptions(limit=limit, token=token, revision=revision, exact=exact)


def watch_options(query: Mapping[str, str]) -> WatchOptions:
    """Raises StatusError 400 or 422."""
    revision = parse_revision(query)
    match = query.get("resourceVersionMatch", "")
    initial = "sendInitialEvents" in query
    wanted = initial and parse_bool(query, "sendInitialEvents")
    bookmarks = parse_bool(query, "allowWatchBookmarks")
    if initial and match != "NotOlderThan":
        raise _refused("resourceVersionMatch must be NotOlderThan when sendInitialEvents is set")
    if match and not initial:
        raise _refused(
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is set"
        )
    if not initial:
        wanted = not revision
    return WatchOptions(
        revision=revision,
        initial=wanted,
        mark_initial=wanted and initial and bookmarks,
        bookmarks=bookmarks,
        timeout=parse_int(query, "timeoutSeconds"),
    )


def _refused(detail: str) -> StatusError:
    return _invalid(causes.forbidden("resourceVersionMatch", detail))


def _invalid(cause: Cause) -> StatusError:
    return status.invalid_object("meta.k8s.io", "ListOptions", "", [cause])
