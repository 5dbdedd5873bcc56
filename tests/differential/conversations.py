"""Hold many made-up conversations about single objects with a real server and with ours.

    python -m tests.differential.conversations REAL.json OURS.json [--seed N] [--count N] [KIND ...]

Each conversation is made from the seed and its number: some managers create, apply, patch and put
one object, its status and its scale, now and then wrongly. It is followed until the answers first
differ: what differs there is printed, with the steps before it. Compared are whole answers with
managedFields, but for uids, times, resourceVersions, warnings, and what only Kubernetes 1.37 tells
(``subresource``, and what conversations.yaml lists as ``newer``). Which is right is to be judged.
What a kind has as ``definition`` is created first, and served when the conversations begin.
"""

import argparse
import asyncio
import difflib
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.differential.options import two_servers
from tests.differential.steps import Json, Server

TALKS = Path(__file__).with_name("conversations.yaml")
STEPS_MAX = 8
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# Until each server serves what was defined.
SERVED_SECONDS = 6.0
# How often a request is a dry run, and how often an apply has odd metadata.
DRY, ODD = 0.05, 0.12
_LINE_MAX = 400
_ENTRY = ("operation", "manager", "apiVersion", "time")
# 1.37 names the object there.
_NAMED = re.compile(r"typed patch object \(.*?\):")
# 1.37 tells which item of a list, calls a wrong type by its name, and numbers in decimals.
_ITEM = re.compile(r"\[\d+\]")
VOID = "void"
MANAGERS = ("ann", "bob", "kubectl")
PATCHES = ("merge", "strategic")


class Talker:
    """Makes the steps of one conversation about an object of one kind."""

    def __init__(self, talk: Json, name: str, seed: str) -> None:
        self.talk, self.name = talk, name
        self.random = random.Random(seed)

    def fragment(self, below: str = "") -> Json:
        """Some fields of the kind or its status, each with one of the values of the file."""
        fields = {
            path: values
            for path, values in self.talk["fields"].items()
            if path.startswith("status.") == bool(below)
        }
        chosen = self.random.sample(sorted(fields), self.random.randint(1, min(4, len(fields))))
        body: Json = {}
        for path in sorted(chosen):
            at, (*way, last) = body, path.split(".")
            for part in way:
                at = at.setdefault(part, {})
            at[last] = self.random.choice(fields[path])
        for path, value in () if below else self.talk.get("needs", {}).items():
            at, (*way, last) = body, path.split(".")
            for part in way:
                at = at.setdefault(part, {})
            at.setdefault(last, value)
        return body

    def body(self, version: str, below: str = "") -> Json:
        """A whole object with such a fragment."""
        made = self.fragment(below)
        metadata = {"name": self.name, **made.pop("metadata", {})}
        return {"apiVersion": version, "kind": self.talk["kind"], "metadata": metadata, **made}

    def step(self, first: bool) -> Json:
        """One request; the ``first`` creates the object."""
        pick = self.random.choice
        path = pick(self.talk["paths"])
        version = path.removeprefix("/apis/").removeprefix("/api/").split("/namespaces/")[0]
        version = "/".join(version.split("/")[: 1 if path.startswith("/api/") else 2])
        query = [f"fieldManager={pick(MANAGERS)}"]
        if not first and self.random.random() < DRY:
            query.append("dryRun=All")
        kind = pick(("apply",) * 5 + ("merge", "strategic", "put", "post", "json"))
        below = pick(self.talk.get("below", [""]))
        if first:
            kind, below = pick(("apply", "post")), ""
        if kind == "strategic" and "definition" in self.talk:
            kind = "merge"
        at = f"{path}/{self.name}{below}"
        if kind == "post":
            return self.told("POST", path, query, self.body(version), "json")
        if kind == "json":
            patch = [self.random.choice(self.talk["json"])]
            return self.told("PATCH", at, query, patch, "patch")
        if kind in PATCHES:
            return self.told("PATCH", at, query, self.fragment(below), kind)
        body = self.body(version, below)
        if kind == "put":
            return self.told("PUT", at, query, body, "json")
        if self.random.random() < 0.5:
            query.append("force=true")
        if not first and self.random.random() < ODD:
            body["metadata"].update(self.random.choice(ODD_METADATA))
        return self.told("PATCH", at, query, body, "apply")

    @staticmethod
    def told(method: str, path: str, query: list[str], body: object, kind: str) -> Json:
        """The step as ``Server.send`` takes it."""
        return {"call": f"{method} {path}?{'&'.join(query)}", "body": body, "type": kind}


ODD_METADATA: tuple[Json, ...] = (
    {"managedFields": []},
    {"managedFields": [{}]},
    {"managedFields": [{"manager": "x", "operation": "Apply", "apiVersion": "v1"}]},
    {"managedFields": None},
    {"resourceVersion": "$version"},
    {"resourceVersion": "1"},
    {"generateName": "made-"},
    {"uid": "00000000-0000-0000-0000-000000000000"},
    {"name": "another"},
    {"namespace": "default"},
    {"name": ""},
)


def without(value: Any, names: frozenset[str]) -> Any:
    """Without the fields of these names, and their owners."""
    if isinstance(value, dict):
        return {
            key: without(item, names)
            for key, item in value.items()
            if key.removeprefix("f:") not in names and (key, item) != ("creationTimestamp", None)
        }
    if isinstance(value, list):
        return [without(item, names) for item in value]
    return plainly(value) if isinstance(value, str) else value


def plainly(text: str) -> str:
    """A text as old and new releases would have it."""
    text = _ITEM.sub("", _NAMED.sub("typed patch object:", text))
    return text.replace("FieldValueTypeInvalid", "FieldValueInvalid").replace(
        "value: 0x0:", "value: 0:"
    )


def tidy(lines: list[str], newer: frozenset[str]) -> list[str]:
    """Without what is ``newer``, and entries of managedFields in the order of their managers."""
    lines = [line for line in lines if not line.startswith("Warning: ")]
    start = next((at for at, line in enumerate(lines) if line in ("{", "[")), None)
    if start is None:
        return lines
    try:
        told = without(json.loads("\n".join(lines[start:])), newer | {"subresource"})
    except ValueError:
        return lines
    causes = (told.get("details") or {}).get("causes") if isinstance(told, dict) else None
    if isinstance(causes, list) and len(causes) > 1:
        # They come in any order.
        causes.sort(key=lambda one: (one.get("field", ""), one.get("message", "")))
        told.pop("message", None)
    metadata = told.get("metadata") if isinstance(told, dict) else None
    entries = metadata.get("managedFields") if isinstance(metadata, dict) else None
    if isinstance(entries, list):
        entries.sort(key=lambda one: [str(one.get(name)) for name in _ENTRY])
    return [*lines[:start], *json.dumps(told, indent=1, sort_keys=True).splitlines()]


async def hold(
    session: aiohttp.ClientSession, servers: tuple[Server, Server], talker: Talker
) -> str:
    """The conversation; what differed first, or '', or ``VOID`` where a server broke it off."""
    said: list[str] = []
    for server in servers:
        server.version = "1"
    newer = frozenset(talker.talk.get("newer", ()))
    for number in range(STEPS_MAX):
        step = talker.step(first=not number)
        try:
            sent = await asyncio.gather(*(server.send(session, step) for server in servers))
        except aiohttp.ClientError:
            return VOID
        told = [tidy(lines, newer) for lines in sent]
        body = json.dumps(step["body"])
        said.append(f"   {step['call']} {step['type']} {body}: {told[0][0]}")
        if told[0] != told[1]:
            lines = list(difflib.unified_diff(told[0], told[1], "real", "ours", lineterm="", n=3))[
                2:
            ]
            return "\n".join([*said, *(f"    {line[:_LINE_MAX]}" for line in lines)])
    return ""


async def define(
    session: aiohttp.ClientSession, servers: tuple[Server, Server], talk: Json
) -> None:
    """The kind's definition, where it has one and it is not there yet."""
    if "definition" not in talk:
        return
    step = Talker.told("POST", DEFINITIONS, [], talk["definition"], "json")
    sent = await asyncio.gather(*(server.send(session, step) for server in servers))
    if any(lines[0] not in ("201", "409") for lines in sent):
        sys.stdout.write(f"!! the definition: {[lines[:20] for lines in sent]}\n")
    if any(lines[0] == "201" for lines in sent):
        await asyncio.sleep(SERVED_SECONDS)


async def run(options: argparse.Namespace) -> int:
    """All conversations; how many went apart."""
    talks = [one for one in yaml.safe_load_all(TALKS.read_text("utf-8")) if one]
    servers = (Server(options.real), Server(options.ours))
    apart = held = void = 0
    async with aiohttp.ClientSession() as session:
        for talk in talks:
            if options.kinds and talk["kind"] not in options.kinds:
                continue
            await define(session, servers, talk)
            for number in range(options.count):
                seed = f"{options.seed}-{talk['kind']}-{number}"
                name = f"t{options.run}-{options.seed}-{number}"
                found = await hold(session, servers, Talker(talk, name, seed))
                held += 1
                if found == VOID:
                    void += 1
                elif found:
                    apart += 1
                    sys.stdout.write(f"!! {talk['kind']} {number}\n{found}\n")
    sys.stdout.write(f"{apart} of {held} conversations went apart, {void} were broken off\n")
    return apart


def main() -> int:
    """The command; ends with 1 if any went apart."""
    parser = two_servers(__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20, help="conversations of each kind")
    parser.add_argument("--run", default="a", help="part of the names: another one for a new run")
    options = parser.parse_args()
    return 1 if asyncio.run(run(options)) else 0


if __name__ == "__main__":
    sys.exit(main())
