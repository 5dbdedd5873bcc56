"""Send the same requests, one after the other, to a real server and to ours; tell what differs.

    python -m tests.differential.steps REAL.json OURS.json STEPS.yaml [--all]

Each document of STEPS.yaml is a request: ``call`` ("POST /api/v1/..."), ``body``, ``type`` (of the
body: json, or merge, patch, apply for the patch types), ``accept``, ``wait`` (seconds before it),
``name`` (to print). ``raw`` instead of ``body``: sent as it is. ``$version`` in a body is the
resourceVersion last answered. The whole answers are compared, with warnings, but for uids, times
and resourceVersions. ``--all``: also prints what is the same. ``--unmanaged``: nor managedFields.
"""

import argparse
import asyncio
import difflib
import json
import re
import ssl
import sys
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.differential.options import two_servers

Json = dict[str, Any]

TYPES = {
    "json": "application/json",
    "merge": "application/merge-patch+json",
    "patch": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
    "yaml": "application/yaml",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HIDDEN = {"resourceVersion", "selfLink"}
_LINE_MAX = 300
REVIVED_SECONDS = 30


class Server:
    """One of the two, and the resourceVersion it answered last."""

    def __init__(self, file: Path) -> None:
        found = json.loads(file.read_text(encoding="utf-8"))
        self.address = found["address"]
        self.trust = ssl.create_default_context(cafile=found["ca"])
        self.trust.load_cert_chain(found["crt"], found["key"])
        self.version = ""

    async def send(self, session: aiohttp.ClientSession, step: Json) -> list[str]:
        """The answer, in lines that can be compared. One that died of a request comes again."""
        for _ in range(REVIVED_SECONDS):
            try:
                return await self._send(session, step)
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(1)
            except aiohttp.ClientError as error:
                return [f"no answer: {error}"]
        return ["no answer"]

    async def _send(self, session: aiohttp.ClientSession, step: Json) -> list[str]:
        method, path = step["call"].split(" ", 1)
        head = {"Content-Type": TYPES[step.get("type", "json")]}
        head["Accept"] = step.get("accept", "application/json")
        data = step.get("raw")
        if data is None and "body" in step:
            data = json.dumps(step["body"]).replace("$version", self.version)
        url = f"https://{self.address}{path}"
        async with session.request(method, url, data=data, headers=head, ssl=self.trust) as got:
            text = await got.text()
            warned = got.headers.getall("Warning", [])
        try:
            told: Any = json.loads(text)
        except ValueError:
            told = text
        if isinstance(told, dict):
            self.version = str((told.get("metadata") or {}).get("resourceVersion") or self.version)
        shown = json.dumps(plain(told), indent=1, sort_keys=True).splitlines()
        kind = [] if isinstance(told, dict | list) else [str(got.headers.get("Content-Type"))]
        return [str(got.status), *(f"Warning: {one}" for one in sorted(warned)), *kind, *shown]


def plain(value: Any) -> Any:
    """Without what is another one on each server."""
    if isinstance(value, dict):
        shown = {key: plain(item) for key, item in value.items() if key not in _HIDDEN}
        if isinstance(shown.get("causes"), list):
            shown["causes"].sort(key=json.dumps)
        return shown
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return _UID.sub("<uid>", _TIME.sub("<time>", value))
    return value


async def run(options: argparse.Namespace) -> int:
    """All steps; how many were answered differently."""
    servers = (Server(options.real), Server(options.ours))
    steps = [one for one in yaml.safe_load_all(options.steps.read_text("utf-8")) if one]
    different = 0
    async with aiohttp.ClientSession() as session:
        for step in steps:
            await asyncio.sleep(step.get("wait", 0))
            sent = await asyncio.gather(*(one.send(session, step) for one in servers))
            title = f"{step['call']} {step.get('name', '')}".strip()
            if sent[0] == sent[1]:
                if options.all:
                    sys.stdout.write(f"== {title}: {sent[0][0]}\n")
                continue
            different += 1
            sys.stdout.write(f"!! {title}: {sent[0][0]} {sent[1][0]}\n")
            lines = difflib.unified_diff(*sent, "real", "ours", lineterm="", n=2)
            sys.stdout.writelines(f"    {line[:_LINE_MAX]}\n" for line in list(lines)[2:])
    sys.stdout.write(f"{different} of {len(steps)} differ\n")
    return different


def main() -> int:
    """The command; ends with 1 if anything differs."""
    parser = two_servers(__doc__)
    parser.add_argument("steps", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--unmanaged", action="store_true")
    options = parser.parse_args()
    if options.unmanaged:
        _HIDDEN.add("managedFields")
    return 1 if asyncio.run(run(options)) else 0


if __name__ == "__main__":
    sys.exit(main())
