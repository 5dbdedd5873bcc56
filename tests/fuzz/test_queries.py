"""Query parameters: selectors, tokens, revisions, limits, options, of every verb."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.rest_path import parse_query
from cluster.api.kinds import SERVED, Kind
from cluster.errors import StatusError
from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.originals import NAME, WIDGET
from tests.fuzz.requests import ACCEPTS, request

pytestmark = pytest.mark.asyncio(loop_scope="session")
Query = dict[str, str]
KINDS = st.sampled_from((*SERVED, WIDGET))
FLAGS = ("", "true", "false", "1", "0", "True", "x", "tru\u00e9", "All", "None")
NUMBERS = ("", "0", "1", "2", "500", "-1", "+1", "1.5", "1e3", "0x1", "٣", "9" * 18, "9" * 19,
           "9" * 4000, " 1", "x", "18446744073709551616")  # fmt: skip
SELECTORS = (
    "", "a", "!a", "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b)", "a in ()", "a in (b", "a>1",
    "a<x", "a>99999999999999999999", "a=b,", ",", "a,,b", "=b", "a=", "a = b , c != d", "a b", "(",
    ")", "a in b", "in in (in)", "notin", "a/b/c=d", "/a", "a/", "A" * 64, "é=1", "a=é", "a=\n",
    "a=" + "b" * 70, ",".join(["a"] * 3000), "a in (" + ",".join(["b"] * 5000) + ")",
    "\\", "a\\,b=c",
    "metadata.name=a", "metadata.namespace=default", "metadata.name=a,metadata.name=b",
    "metadata.name!=a", "metadata.name=..", "metadata.name=a/b", "metadata.name=\u0000",
    "status.phase=Running", "spec.nodeName=", "spec.unknown=1", "metadata.name=" + "a" * 5000,
    "metadata.namespace=/", "metadata.name=a\\=b", "metadata.name=a\\", "involvedObject.kind=Pod",
)  # fmt: skip
TOKENS = (
    "", "x", "AAAA", "!!!!", "a" * 5000, base64.urlsafe_b64encode(b"{}").decode(),
    base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1,"start":"../"}').decode(),
    base64.urlsafe_b64encode(b"\x00" * 40).decode(), "é", "====",
)  # fmt: skip
WORDS = ("", "x", "Exact", "NotOlderThan", "Strict", "Warn", "Ignore", "Orphan", "Background",
         "Foreground", "None", "Metadata", "Object", "a" * 200, "\u0000", "me", "me\n",
         "é")  # fmt: skip
KNOWN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("labelSelector", "fieldSelector"), SELECTORS),
    **dict.fromkeys(
        ("limit", "timeoutSeconds", "gracePeriodSeconds", "tailLines"), NUMBERS
    ),
    # One that lies in the future is waited for.
    "resourceVersion": tuple(text for text in NUMBERS if text not in ("500", "9" * 18)),
    **dict.fromkeys(
        ("allowWatchBookmarks", "sendInitialEvents", "force", "orphanDependents", "pretty",
         "ignoreStoreReadErrorWithClusterBreakingPotential", "shardSelector"), FLAGS
    ),
    "watch": ("0", "false"),
    "continue": TOKENS,
    "dryRun": ("All", "All", "", "x", "all"),
    **dict.fromkeys(
        ("resourceVersionMatch", "fieldValidation", "fieldManager", "propagationPolicy",
         "includeObject", "userAgent"), WORDS
    ),
}  # fmt: skip


@st.composite
def queries(draw: st.DrawFn) -> dict[str, str]:
    """Some parameters, mostly known ones."""
    names = draw(st.lists(st.sampled_from(sorted(KNOWN)), max_size=5, unique=True))
    found = {name: draw(st.sampled_from(KNOWN[name])) for name in names}
    if draw(st.integers(0, 9)) == 0:
        found[draw(st.text(max_size=5))] = draw(st.text(max_size=5))
    return found


@given(KINDS, queries(), ACCEPTS, st.sampled_from(("list", "list", "get")))
@examples(500)
async def test_reads(judge: Judge, kind: Kind, query: Query, accept: str, verb: str) -> None:
    if verb not in kind.verbs:
        return
    home = "" if verb == "list" and query.get("limit") else "default"
    name = NAME if verb == "get" else ""
    await judge.ask(request(verb, kind, home, name=name, query=query, accept=accept))


@given(
    KINDS, queries(), st.sampled_from(("create", "update", "patch", "delete", "deletecollection"))
)
@examples(300)
async def test_writes(judge: Judge, kind: Kind, query: Query, verb: str) -> None:
    """Only tried, unless the query itself spoils that."""
    query = {"dryRun": "All", **query}
    if query["dryRun"] == "":
        query["dryRun"] = "All"
    name = "" if verb in ("create", "deletecollection") else NAME
    media = "application/merge-patch+json" if verb == "patch" else "application/json"
    body = b"" if verb.startswith("delete") else orjson.dumps({"metadata": {"name": NAME}})
    await judge.ask(request(verb, kind, name=name, query=query, body=body, content_type=media))


@given(KINDS, queries(), ACCEPTS)
@examples(120)
async def test_watches(judge: Judge, kind: Kind, query: Query, accept: str) -> None:
    query.pop("watch", None)
    await judge.watch(request("watch", kind, query=query, accept=accept))


@given(st.text(max_size=30) | st.sampled_from(("&", "=", "a=%", "a=%ff", "a=%zz", "a&" * 100, ";")))
@examples(100)
async def test_any_query_string(raw: str) -> None:
    try:
        found = parse_query(raw)
    except StatusError as error:
        assert error.code == 400
    else:
        assert all(isinstance(value, str) for value in found.values())
