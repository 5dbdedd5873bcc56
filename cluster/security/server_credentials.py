"""What this API server shows to other servers, by their names: the users of a kubeconfig file.

Job: from the file to credentials, and from a server's name to the one for it. Source: docs "Dynamic
Admission Control", Authenticate API servers; v1 Config (AuthInfo). Must not know: files,
connections. No text made here holds a secret.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.api.admission_configuration import BadAdmissionConfiguration, load
from cluster.api.types import Object

# Says how one would get in, by means that are not here.
_MISSING = ("exec", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra")
_KNOWN = frozenset(
    (
        "client-certificate", "client-certificate-data", "client-key", "client-key-data", "token",
        "tokenFile", "username", "password", "extensions", *_MISSING,
    )
)  # fmt: skip
HTTPS_PORT = "443"


@dataclass(frozen=True, repr=False)
class Credential:
    """``authorization``: the header's value, '' for none. ``certificate`` and ``key``: PEM, empty
    if no client certificate is shown."""

    authorization: str = ""
    certificate: bytes = b""
    key: bytes = b""


NOTHING = Credential()


@dataclass(frozen=True, repr=False)
class ServerCredentials:
    """``users``: by the name of the server, ``*`` for all others. ``current``: of the current
    context, for whom nothing else is."""

    users: Mapping[str, Credential] = field(default_factory=dict)
    current: Credential = NOTHING

    def of(self, host: str) -> Credential:
        """``host``: with its port, as a webhook's URL has it; of a service always with one. The
        name itself goes before ``*.`` and its ends, longest first; the port 443 need not be said.
        """
        found = self._named(host)
        if found is None and host.endswith(f":{HTTPS_PORT}"):
            found = self._named(host.removesuffix(f":{HTTPS_PORT}"))
        return found or self.users.get("*") or self.current

    def _named(self, host: str) -> Credential | None:
        steps = host.split(".")
        names = (host, *(f"*.{'.'.join(steps[at:])}" for at in range(1, len(steps))))
        return next((self.users[name] for name in names if name in self.users), None)


def parse_kube_config(text: bytes, read: Callable[[str], bytes]) -> ServerCredentials:
    """``read``: gives a file that is named in it. Raises BadAdmissionConfiguration; what ``read``
    does."""
    document = load(text)
    if not isinstance(document, dict) or document.get("kind") not in (None, "", "Config"):
        raise BadAdmissionConfiguration("it is no Config of v1")
    users: dict[str, Credential] = {}
    for position, item in enumerate(_list(document, "users")):
        name, user = item.get("name"), item.get("user") or {}
        if not isinstance(name, str) or not name or not isinstance(user, dict):
            raise BadAdmissionConfiguration(f"users[{position}]: a name and a user are needed")
        try:
            users[name] = _credential(user, read)
        except BadAdmissionConfiguration as error:
            raise BadAdmissionConfiguration(f"users[{position}].user: {error}") from None
    return ServerCredentials(users, users.get(_current_user(document), NOTHING))


def _list(document: Object, name: str) -> list[Object]:
    found: Any = document.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise BadAdmissionConfiguration(f"{name}: a list of objects is needed")
    return found


def _current_user(document: Object) -> str:
    for item in _list(document, "contexts"):
        if item.get("name") == document.get("current-context") and item.get("name"):
            context = item.get("context")
            return str(context.get("user") or "") if isinstance(context, dict) else ""
    return ""


def _credential(user: Object, read: Callable[[str], bytes]) -> Credential:
    for name, value in user.items():
        if name not in _KNOWN:
            raise BadAdmissionConfiguration("a field is not known")
        if value and name in _MISSING:
            raise BadAdmissionConfiguration(f"{name} is not supported here")
        if value and name != "extensions" and not isinstance(value, str):
            raise BadAdmissionConfiguration(f"{name} must be a string")
    certificate = _data(user, "client-certificate", read)
    key = _data(user, "client-key", read)
    if bool(certificate) != bool(key):
        raise BadAdmissionConfiguration("a client certificate needs its key, and the other way")
    return Credential(_authorization(user, read), certificate, key)


def _data(user: Object, name: str, read: Callable[[str], bytes]) -> bytes:
    inline = user.get(f"{name}-data")
    if not inline:
        return read(user[name]) if user.get(name) else b""
    try:
        return base64.b64decode("".join(inline.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadAdmissionConfiguration(f"{name}-data is no base64") from None


def _authorization(user: Object, read: Callable[[str], bytes]) -> str:
    token = user.get("token") or ""
    if user.get("tokenFile"):
        try:
            token = read(user["tokenFile"]).decode("ascii").strip()
        except UnicodeDecodeError:
            raise BadAdmissionConfiguration("tokenFile holds no token") from None
    name = user.get("username") or ""
    if token and (name or user.get("password")):
        detail = "username/password or bearer token may be set, but not both"
        raise BadAdmissionConfiguration(detail)
    if token:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise BadAdmissionConfiguration("token cannot be sent in a header")
        return f"Bearer {token}"
    if name:
        pair = f"{name}:{user.get('password') or ''}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return ""
