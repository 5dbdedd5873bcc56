"""Answers as people like to read them: in YAML, or JSON with lines and spaces.

Job: what is JSON becomes the other, if the client asked for that. Source: kube-apiserver, which
writes pretty JSON for ``?pretty`` and for browsers and curl. Must not know: what is answered.
Watches and streams stay as they are.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import yaml
from aiohttp import web

from actors.apiserver.call import parse_bool
from actors.apiserver.negotiation import YAML, prefers_yaml
from actors.apiserver.rest_path import parse_query
from actors.apiserver.slices import in_one
from cluster.errors import StatusError
from cluster.limits import KIB

JSON = "application/json"
# Longer ones take a thread: the event loop must have its turns.
AT_ONCE_MAX = 64 * KIB
# Programs that show what they get to a person.
_READERS = ("curl/", "Wget/", "Mozilla/5.0")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # either class
    def ignore_aliases(self, data: object) -> bool:
        return True


async def serialized(request: web.BaseRequest, response: web.Response) -> web.Response:
    """The response in the form that the request asks for."""
    if response.content_type != JSON or not response.body:
        return response
    if prefers_yaml(request.headers.get("Accept", "")):
        response.body = await _done(to_yaml, in_one(response))
        response.headers["Content-Type"] = YAML
        response.headers.pop("ETag", None)
    elif is_pretty(request.raw_path, request.headers.get("User-Agent", "")):
        response.body = await _done(to_pretty, in_one(response))
    return response


def is_pretty(raw_path: str, user_agent: str) -> bool:
    """Whether JSON is to be read by a person: ``?pretty`` says so, or the program that asks."""
    _, _, raw_query = raw_path.partition("?")
    if "pretty" in raw_query:
        try:
            query = parse_query(raw_query)
        except StatusError:
            return False
        if "pretty" in query:
            return parse_bool(query, "pretty")
    return user_agent.startswith(_READERS)


def to_yaml(body: bytes) -> bytes:
    """JSON as YAML, keys in order of the alphabet. The objects of a list are written one after the
    other: the writer lets no other thread go on until it is done."""
    document = orjson.loads(body)
    items = document.get("items") if isinstance(document, dict) else None
    if not items or not isinstance(items, list):
        return _yaml(document)
    before = {key: value for key, value in document.items() if key < "items"}
    after = {key: value for key, value in document.items() if key > "items"}
    parts = [_yaml(before) if before else b"", b"items:\n"]
    parts += [_yaml([item]) for item in items]
    return b"".join([*parts, _yaml(after) if after else b""])


def _yaml(document: object) -> bytes:
    text: str = yaml.dump(document, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
    return text.encode()


def to_pretty(body: bytes) -> bytes:
    """JSON with a line for each value."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


async def _done(work: Callable[[bytes], bytes], body: bytes) -> Any:
    if len(body) <= AT_ONCE_MAX:
        return work(body)
    return await asyncio.to_thread(work, body)
