"""The URL grammar: what becomes a request, and what is refused."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.rest_path import (
    PlainPath,
    ResourcePath,
    api_request,
    parse_path,
    parse_query,
    verb_of,
)
from cluster.errors import StatusError


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ("/api/v1/pods", ResourcePath("", "v1", "", "pods")),
        ("/api/v1/pods/", ResourcePath("", "v1", "", "pods")),
        ("/api/v1/nodes/n-1", ResourcePath("", "v1", "", "nodes", "n-1")),
        ("/api/v1/nodes/n-1/status", ResourcePath("", "v1", "", "nodes", "n-1", "status")),
        ("/api/v1/namespaces", ResourcePath("", "v1", "", "namespaces")),
        ("/api/v1/namespaces/a", ResourcePath("", "v1", "", "namespaces", "a")),
        ("/api/v1/namespaces/a/status", ResourcePath("", "v1", "", "namespaces", "a", "status")),
        (
            "/api/v1/namespaces/a/finalize",
            ResourcePath("", "v1", "", "namespaces", "a", "finalize"),
        ),
        ("/api/v1/namespaces/a/pods", ResourcePath("", "v1", "a", "pods")),
        ("/api/v1/namespaces/a/pods/p/log", ResourcePath("", "v1", "a", "pods", "p", "log")),
        (
            "/apis/apps/v1/namespaces/a/deployments/d",
            ResourcePath("apps", "v1", "a", "deployments", "d"),
        ),
        (
            "/api/v1/namespaces/a/services/s/proxy/x/y",
            ResourcePath("", "v1", "a", "services", "s", "proxy", "x/y"),
        ),
        ("/api/v1/nodes/%6e", ResourcePath("", "v1", "", "nodes", "n")),
        ("/api/v1/watch/pods", ResourcePath("", "v1", "", "pods", watched=True)),
        (
            "/apis/apps/v1/watch/namespaces/a/deployments/d",
            ResourcePath("apps", "v1", "a", "deployments", "d", watched=True),
        ),
        ("/api/v1/watch/namespaces/a", ResourcePath("", "v1", "", "namespaces", "a", watched=True)),
        ("/api/v1/watch", ResourcePath("", "v1", "", "watch")),
        ("/api/v1/watch/watch", ResourcePath("", "v1", "", "watch", watched=True)),
        ("/version", PlainPath("/version")),
        ("/api/v1", PlainPath("/api/v1")),
        ("/apis/apps/v1", PlainPath("/apis/apps/v1")),
        ("/", PlainPath("/")),
    ],
)
def test_paths(raw: str, parsed: object) -> None:
    assert parse_path(raw) == parsed


@pytest.mark.parametrize(
    "raw",
    [
        "/api/v1/namespaces/a/../b/pods",
        "/api/v1/%2e%2e/pods",
        "/api/v1//pods",
        "/api/v1/pods/%00",
        "/api/v1/pods/a%2fb",
        "/api/v1/pods/%ff",
        "relative",
        "/" + "a" * 5000,
        "/api/v1/namespaces/a/status/more",
        "/api/v1/watch/namespaces/a/pods/p/exec",
        "/api/v1/watch/namespaces/a/status",
    ],
)
def test_tricks_are_refused(raw: str) -> None:
    with pytest.raises(StatusError) as refused:
        parse_path(raw)
    assert refused.value.code in (400, 404)


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parsed = parse_path("/" + text)
    except StatusError:
        return
    if isinstance(parsed, ResourcePath):
        assert ".." not in (parsed.namespace, parsed.resource, parsed.name)


@pytest.mark.parametrize(
    ("method", "raw", "query", "verb"),
    [
        ("GET", "/api/v1/pods", "", "list"),
        ("GET", "/api/v1/pods", "watch=1", "watch"),
        ("GET", "/api/v1/pods", "watch=true", "watch"),
        ("GET", "/api/v1/pods", "watch=0", "list"),
        ("GET", "/api/v1/watch/pods", "watch=0", "watch"),
        ("GET", "/api/v1/watch/nodes/n", "", "watch"),
        ("HEAD", "/api/v1/nodes/n", "", "get"),
        ("GET", "/api/v1/nodes/n", "watch=1", "get"),
        ("POST", "/api/v1/namespaces/a/pods", "", "create"),
        ("POST", "/api/v1/namespaces/a/pods/p/binding", "", "create"),
        ("PUT", "/api/v1/nodes/n", "", "update"),
        ("PATCH", "/api/v1/nodes/n", "", "patch"),
        ("DELETE", "/api/v1/nodes/n", "", "delete"),
        ("DELETE", "/api/v1/nodes", "", "deletecollection"),
    ],
)
def test_verbs(method: str, raw: str, query: str, verb: str) -> None:
    path = parse_path(raw)
    assert isinstance(path, ResourcePath)
    assert verb_of(method, path, parse_query(query)) == verb


def test_a_watch_of_one_object_selects_it() -> None:
    path = parse_path("/api/v1/watch/namespaces/a/pods/p")
    assert isinstance(path, ResourcePath)
    request = api_request("GET", path, {"fieldSelector": "status.phase=Running"})
    assert (request.verb, request.namespace, request.name) == ("watch", "a", "")
    assert request.query["fieldSelector"] == "metadata.name=p,status.phase=Running"


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        ("PUT", "/api/v1/pods"),
        ("BREW", "/api/v1/pods"),
        ("DELETE", "/api/v1/watch/pods"),
        ("PATCH", "/api/v1/watch/nodes/n"),
    ],
)
def test_a_wrong_method_is_405(method: str, raw: str) -> None:
    path = parse_path(raw)
    assert isinstance(path, ResourcePath)
    with pytest.raises(StatusError) as refused:
        api_request(method, path, {})
    assert refused.value.code == 405


def test_of_a_repeated_parameter_the_first_counts() -> None:
    assert parse_query("limit=1&limit=2&labelSelector=a%3Db") == {
        "limit": "1",
        "labelSelector": "a=b",
    }


@given(st.text(alphabet="ab=&;. ", max_size=30))
def test_what_is_not_encoded_is_read_as_what_is(raw: str) -> None:
    expected: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        expected.setdefault(name, value)
    assert parse_query(raw) == expected


@given(st.text(alphabet="ab./-", max_size=30))
def test_a_path_is_the_same_with_a_letter_encoded(text: str) -> None:
    def parsed(raw: str) -> object:
        try:
            return parse_path(raw)
        except StatusError as error:
            return error.code

    assert parsed(f"/api/v1/{text}") == parsed(f"/%61pi/v1/{text}")


@pytest.mark.parametrize("raw", ["a=" + "x" * 70_000, "&".join(f"f{i}=1" for i in range(100))])
def test_a_huge_query_is_refused(raw: str) -> None:
    with pytest.raises(StatusError) as refused:
        parse_query(raw)
    assert refused.value.code == 400
