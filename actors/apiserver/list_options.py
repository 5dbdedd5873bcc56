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
from cluster.messages.store import Range

_MATCHES = ("Exact", "NotOlderThan", "")


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
    found: list[Cause] = []
    if match not in _MATCHES:
        found.append(causes.unsupported("resourceVersionMatch", match, _MATCHES))
    if match and token:
        found.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    if match and revision is None:
        detail = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        found.append(_forbidden(detail))
    if match == "Exact" and revision == 0:
        detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        found.append(_forbidden(detail))
    if "sendInitialEvents" in query:
        detail = "sendInitialEvents is forbidden for list"
        found.append(causes.forbidden("sendInitialEvents", detail))
    _judge(found)
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
    found: list[Cause] = []
    if query.get("continue"):
        found.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    if initial and not match:
        detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        found.append(_forbidden(detail))
    if match and not initial:
        detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        found.append(_forbidden(detail))
    if match and match != "NotOlderThan":
        found.append(causes.unsupported("resourceVersionMatch", match, ("NotOlderThan",)))
    _judge(found)
    if not initial:
        wanted = not revision
    return WatchOptions(
        revision=revision,
        initial=wanted,
        mark_initial=wanted and initial and bookmarks,
        bookmarks=bookmarks,
        timeout=parse_int(query, "timeoutSeconds"),
    )


def _forbidden(detail: str) -> Cause:
    return causes.forbidden("resourceVersionMatch", detail)


def _judge(found: list[Cause]) -> None:
    if found:
        raise status.invalid_object("meta.k8s.io", "ListOptions", "", found)
