"""Links of a page that came through the proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.streaming.proxy_headers import rewritten
from actors.apiserver.streaming.proxy_links import rewrite

PREFIX = "/api/v1/namespaces/a/pods/b/proxy"
HOSTS = frozenset({"10.1.2.3:80", "api.example:6443"})


def link(url: str) -> str:
    return rewritten(url, PREFIX, HOSTS)


@pytest.mark.parametrize(
    ("url", "through"),
    [
        ("/x", PREFIX + "/x"),
        ("/", PREFIX + "/"),
        ("/x/?a=b#c", PREFIX + "/x/?a=b#c"),
        ("http://10.1.2.3:80/x", PREFIX + "/x"),
        ("https://api.example:6443/x", PREFIX + "/x"),
        ("http://elsewhere/x", "http://elsewhere/x"),
        ("//elsewhere/x", "//elsewhere/x"),
        (PREFIX + "/x", PREFIX + "/x"),
        ("x/y", "x/y"),
        ("#top", "#top"),
        ("mailto:a@b", "mailto:a@b"),
        ("http://[", "http://["),
    ],
)
def test_urls(url: str, through: str) -> None:
    assert link(url) == through


@pytest.mark.parametrize(
    ("page", "through"),
    [
        ("<a href='/x'>/x</a>", f"<a href='{PREFIX}/x'>/x</a>"),
        ("<A HREF=/x>", f'<A HREF="{PREFIX}/x">'),
        ('<img alt="/x" src="/y?a=1&amp;b=2">', f'<img alt="/x" src="{PREFIX}/y?a=1&amp;b=2">'),
        ('<script src="/x"></script>', f'<script src="{PREFIX}/x"></script>'),
        ('<!-- <a href="/x"> -->', '<!-- <a href="/x"> -->'),
        ('<p title="a>b" href="/x">', '<p title="a>b" href="/x">'),
        ('<link title="a>b" href="/x">', f'<link title="a>b" href="{PREFIX}/x">'),
        ("a < b <a", "a < b <a"),
    ],
)
def test_pages(page: str, through: str) -> None:
    assert rewrite(page, link) == through


@given(st.text(max_size=200))
def test_nothing_else_changes(text: str) -> None:
    assert rewrite(text, lambda url: url) == text
