"""Requests by HTTPS as anybody: by impersonation, by token, by nothing at all.

async with Door.opened(plane) as door:
    await door.ask(user("jane"), "GET", "/api/v1/namespaces/default/pods")
"""

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from deploy import pki
from tests.support.control_plane import REPLICA, ControlPlane

RBAC = "/apis/rbac.authorization.k8s.io/v1"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON = "application/json"


class Who(NamedTuple):
    """Headers that say who asks."""

    headers: tuple[tuple[str, str], ...] = ()
    admin: bool = False


NOBODY = Who()
ADMIN = Who(admin=True)


def user(name: str, *groups: str, **extra: str) -> Who:
    """An ordinary user; the administrator acts as it."""
    named = [("Impersonate-User", name), *(("Impersonate-Group", group) for group in groups)]
    more = [(f"Impersonate-Extra-{quote(key)}", value) for key, value in extra.items()]
    return Who((*named, *more), admin=True)


def node(name: str) -> Who:
    """A node, as its certificate shows it."""
    return user(f"system:node:{name}", "system:nodes")


def bearer(token: str) -> Who:
    """Whoever the token is of."""
    return Who((("Authorization", f"Bearer {token}"),))


class Answer(NamedTuple):
    """What came back. ``body``: JSON, or the text itself."""

    code: int
    body: Any

    @property
    def message(self) -> str:
        """Of a Status."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""


@dataclass
class Door:
    """``plane``: whose door it is."""

    plane: ControlPlane
    admin: aiohttp.ClientSession
    stranger: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def opened(cls, plane: ControlPlane) -> AsyncIterator["Door"]:
        """With an administrator's certificate on one side, and none on the other."""
        async with session(tls(plane, "admin")) as admin, session(tls(plane)) as stranger:
            yield cls(plane, admin, stranger)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{self.plane.settings.replica(REPLICA).api_addresses[0]}"

    async def ask(
        self,
        who: Who,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = JSON,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """One request; ``kind``: media type of the body."""
        client = self.admin if who.admin else self.stranger
        sent = [*who.headers, *headers, ("Content-Type", kind)]
        data = body if isinstance(body, bytes | None) else orjson.dumps(body)
        where = URL(self.url + path, encoded=True)
        async with client.request(method, where, data=data, headers=sent) as answer:
            text = await answer.read()
            if answer.content_type == JSON and "watch=" not in path:
                return Answer(answer.status, orjson.loads(text))
            return Answer(answer.status, text.decode(errors="replace"))

    async def must(self, method: str, path: str, body: Any = None, who: Who = ADMIN) -> Any:
        """As the administrator; anything but success is an error of the test."""
        answer = await self.ask(who, method, path, body)
        assert answer.code < 300, (method, path, answer.body)
        return answer.body

    async def grant(self, name: str, to: str, *rules: dict[str, Any], namespace: str = "") -> None:
        """A role with these rules bound to a user, in the namespace or everywhere."""
        place = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        kind = "Role" if namespace else "ClusterRole"
        await self.must("POST", f"{place}/{kind.lower()}s", role(name, *rules))
        await self.must("POST", f"{place}/{kind.lower()}bindings", binding(name, kind, name, to))


def rule(verbs: str, groups: str, resources: str, *names: str) -> dict[str, Any]:
    """Words of verbs, groups (``core`` is '') and resources."""
    found: dict[str, Any] = {
        "verbs": verbs.split(),
        "apiGroups": [group.replace("core", "") for group in groups.split()],
        "resources": resources.split(),
    }
    return {**found, "resourceNames": list(names)} if names else found


def role(name: str, *rules: dict[str, Any], **labels: str) -> dict[str, Any]:
    """A Role or ClusterRole."""
    shown = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    return {"metadata": {"name": name, "labels": shown}, "rules": list(rules)}


def binding(name: str, kind: str, of: str, to: str) -> dict[str, Any]:
    """A binding of that role to the user."""
    group = "rbac.authorization.k8s.io"
    return {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": kind, "name": of},
        "subjects": [{"apiGroup": group, "kind": "User", "name": to}],
    }


def tls(plane: ControlPlane, client: str = "") -> ssl.SSLContext:
    """Trusts the cluster; shows that client's certificate."""
    made = ssl.create_default_context(cafile=pki.path(plane.settings, "ca.crt"))
    if client:
        certificate, key = (pki.path(plane.settings, f"{client}.{end}") for end in ("crt", "key"))
        made.load_cert_chain(certificate, key)
    return made


def session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """A client that follows no redirect and decodes nothing."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
