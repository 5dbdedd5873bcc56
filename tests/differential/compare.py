"""Send odd bodies to a real kube-apiserver and to ours, and tell where the answers differ.

    python -m tests.differential.compare REAL.json OURS.json [KIND ...] [--put] [--causes]

The files as tests/differential/servers.py writes them; an older kube-apiserver does not know all
that this release does, so a difference is a question, not yet a mistake. Nothing is stored: all is
sent with dryRun=All, but the objects that ``--put`` updates. ``--causes``: also where both refuse,
for other reasons or of other fields.
"""

import argparse
import asyncio
import json
import ssl
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from cluster.api.kinds import SERVED, Kind, by_kind
from tests.differential.mutations import mutations
from tests.differential.options import two_servers
from tests.support.group_objects import signing_request

Json = dict[str, Any]
Verdict = tuple[int, str, tuple[str, ...]]

IN_FLIGHT = 12
TRIES = 60
SETTLE_SECONDS = 2.0
NAMESPACES = ("rich-quota",)
ALLOCATED = ("clusterIP", "healthCheckNodePort")
BODIES = Path(__file__).with_name("bodies.yaml")


class Server:
    """One of the two."""

    def __init__(self, file: Path, real: bool) -> None:
        found = json.loads(file.read_text(encoding="utf-8"))
        self.real = real
        self._file = file
        self._trust = ssl.create_default_context(cafile=found["ca"])
        self._trust.load_cert_chain(found["crt"], found["key"])
        self._places = asyncio.Semaphore(IN_FLIGHT)

    async def call(
        self, session: aiohttp.ClientSession, method: str, path: str, body: Any = None
    ) -> tuple[int, Json]:
        """Code and body; tries again while nobody listens. (0, {}): it always broke off."""
        data = None if body is None else json.dumps(body)
        head = {"Content-Type": "application/json"}
        async with self._places:
            for _ in range(TRIES):
                address = json.loads(self._file.read_text(encoding="utf-8"))["address"]
                url = f"https://{address}{path}"
                try:
                    async with session.request(
                        method, url, data=data, headers=head, ssl=self._trust
                    ) as got:
                        return got.status, json.loads(await got.read())
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.25)
                except (aiohttp.ClientError, ValueError):
                    return 0, {}
        return 0, {}


def verdict(code: int, body: Json) -> Verdict:
    """What is compared of an answer."""
    if code < 400:
        return code, "", ()
    details = body.get("details") or {}
    causes = {f"{one.get('reason')} {one.get('field', '')}" for one in details.get("causes") or []}
    return code, str(body.get("reason", "")), tuple(sorted(causes))


def show(value: Verdict) -> str:
    """In a line."""
    code, reason, causes = value
    return " ".join([str(code), reason, "; ".join(causes)]).strip()


def said_again(body: Json, live: Json) -> Json:
    """A body as an update of the live object: of its version, with what it was given
    (an older kube-apiserver takes its absence for a change)."""
    metadata, spec = body.get("metadata"), body.get("spec")
    if isinstance(metadata, dict):
        version = str(live.get("metadata", {}).get("resourceVersion", ""))
        body = {**body, "metadata": {**metadata, "resourceVersion": version}}
    if isinstance(spec, dict) and live.get("kind") == "Service":
        given = {name: live["spec"][name] for name in ALLOCATED if name in live["spec"]}
        body = {**body, "spec": {**given, **spec}}
    return body


class Case:
    """A kind and a right body of it."""

    def __init__(self, body: Json) -> None:
        self.older = body.pop("real", "")
        self.body = body
        group, _, version = body["apiVersion"].rpartition("/")
        found = by_kind(group, version, body["kind"])
        if found is None:
            raise SystemExit(f"{body['apiVersion']} {body['kind']} is no kind of this release")
        self.kind: Kind = found

    def place(self, server: Server, name: str = "") -> str:
        """Path of the collection, or of one object."""
        version = self.older if server.real and self.older else self.body["apiVersion"]
        prefix = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if self.kind.namespaced:
            prefix += f"/namespaces/{self.body['metadata']['namespace']}"
        return f"{prefix}/{self.kind.plural}" + (f"/{name}" if name else "")

    def sent(self, server: Server, body: Json) -> Json:
        """As this server calls the version."""
        if server.real and self.older and body.get("apiVersion") == self.body["apiVersion"]:
            return {**body, "apiVersion": self.older}
        return body


class Comparison:
    """Of one run."""

    def __init__(self, session: aiohttp.ClientSession, real: Server, ours: Server) -> None:
        self._session = session
        self.servers = (real, ours)

    async def prepare(self, case: Case, put: bool) -> list[Json]:
        """Namespaces, and the object to update, as it is on each (or what each says instead)."""
        lives = []
        for server in self.servers:
            for name in NAMESPACES:
                space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                await server.call(self._session, "POST", "/api/v1/namespaces", space)
            suffix = "" if put else "?dryRun=All"
            name = case.body["metadata"]["name"]
            code, got = await server.call(
                self._session, "POST", case.place(server) + suffix, case.sent(server, case.body)
            )
            if put and (code < 400 or code == 409):
                # Controllers of ours are done with it then.
                await asyncio.sleep(SETTLE_SECONDS)
                code, got = await server.call(self._session, "GET", case.place(server, name))
            if code >= 400 or code == 0:
                said = got.get("message")
                sys.stdout.write(f"!! {case.kind.kind} {name}, real={server.real}: {code} {said}\n")
            lives.append(got)
        return lives

    async def clean(self, case: Case) -> None:
        """Remove the object that was updated."""
        for server in self.servers:
            path = case.place(server, case.body["metadata"]["name"])
            code, found = await server.call(self._session, "GET", path)
            if code < 400 and found.get("metadata", {}).pop("finalizers", None):
                # Nobody runs beside it who would take them away.
                await server.call(self._session, "PUT", path, found)
            await server.call(
                self._session, "DELETE", f"{path}?gracePeriodSeconds=0&propagationPolicy=Background"
            )

    async def ask(self, case: Case, body: Json, lives: list[Json], put: bool) -> list[Verdict]:
        """Both verdicts of one body."""

        async def one(server: Server, live: Json) -> Verdict:
            sent = case.sent(server, body)
            name = case.body["metadata"]["name"] if put else ""
            if put:
                sent = said_again(sent, live)
            path = f"{case.place(server, name)}?dryRun=All"
            return verdict(*await server.call(self._session, "PUT" if put else "POST", path, sent))

        pairs = zip(self.servers, lives, strict=True)
        return list(await asyncio.gather(*(one(server, live) for server, live in pairs)))

    async def run(self, case: Case, put: bool, causes: bool) -> int:
        """All mutations of one body; prints the differences. Returns how many there are."""
        lives = await self.prepare(case, put)
        asked = list(mutations(case.body))
        found = await asyncio.gather(*(self.ask(case, body, lives, put) for _, _, body in asked))
        if put:
            await self.clean(case)
        groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for (path, value, _), (real, ours) in zip(asked, found, strict=True):
            if real == ours or real[0] == 0 or (not causes and real[0] == ours[0]):
                continue
            where = ".".join(map(str, path))
            put_there = json.dumps(value)
            groups[where, show(real), show(ours)].append(
                put_there if len(put_there) < 40 else "<long>"
            )
        total = sum(map(len, groups.values()))
        verb = "PUT" if put else "POST"
        title = f"{verb} {case.kind.kind} {case.body['metadata']['name']}"
        void = sum(real[0] == 0 for real, _ in found)
        sys.stdout.write(f"== {title}: {len(asked)} bodies, {total} differ, {void} void\n")
        for (where, real_said, our_said), values in groups.items():
            sys.stdout.write(
                f"{where} = {' '.join(values)}\n    real {real_said}\n    ours {our_said}\n"
            )
        return total


def cases(kinds: list[str]) -> list[Case]:
    """Of these kinds, or of all."""
    listed = list(yaml.safe_load_all(BODIES.read_text(encoding="utf-8")))
    text = signing_request()
    for body in listed:
        if body["kind"] == "CertificateSigningRequest":
            body["spec"]["request"] = text
    wanted = {kind.lower() for kind in kinds}
    known = {kind.kind.lower() for kind in SERVED}
    if wanted - known:
        raise SystemExit(f"no kinds of this release: {' '.join(sorted(wanted - known))}")
    return [Case(body) for body in listed if not wanted or body["kind"].lower() in wanted]


async def compare(options: argparse.Namespace) -> int:
    """All of it. Returns how many bodies were answered differently."""
    real, ours = Server(options.real, real=True), Server(options.ours, real=False)
    async with aiohttp.ClientSession() as session:
        comparison = Comparison(session, real, ours)
        total = 0
        for case in cases(options.kinds):
            total += await comparison.run(case, options.put, options.causes)
    sys.stdout.write(f"{total} differ\n")
    return total


def main() -> int:
    """The command; ends with 1 if anything differs."""
    parser = two_servers(__doc__)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--put", action="store_true", help="updates instead of creations")
    parser.add_argument("--causes", action="store_true", help="also other causes of a refusal")
    return 1 if asyncio.run(compare(parser.parse_args())) else 0


if __name__ == "__main__":
    sys.exit(main())
