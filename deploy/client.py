"""A small synchronous client of the API server for the launcher: plain HTTPS, server-side apply.

The command line starts quickly because this needs nothing but the standard library. Must not know:
how the cluster is run.
"""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

Object = dict[str, Any]

PLURALS = {
    "Endpoints": "endpoints", "NetworkPolicy": "networkpolicies", "Ingress": "ingresses",
    "PriorityClass": "priorityclasses", "IngressClass": "ingressclasses",
    "StorageClass": "storageclasses",
}  # fmt: skip
CLUSTER_SCOPED = {
    "Namespace", "Node", "ClusterRole", "ClusterRoleBinding", "PriorityClass", "PersistentVolume",
}  # fmt: skip


class ApiError(Exception):
    """The server refused; ``status`` is its Kubernetes Status, ``code`` the HTTP code."""

    def __init__(self, code: int, status: Object) -> None:
        super().__init__(status.get("message", f"HTTP {code}"))
        self.code = code
        self.status = status


class Unreachable(Exception):
    """No server answered."""


class Client:
    """One server ("host:port") as one user (certificate and key files)."""

    def __init__(self, server: str, ca: str, certificate: str, key: str) -> None:
        host, _, port = server.rpartition(":")
        self.host, self.port = host, int(port)
        self.context = ssl.create_default_context(cafile=ca)
        self.context.load_cert_chain(certificate, key)

    def open(
        self, method: str, path: str, body: Object | None = None, content: str = "application/json",
        timeout: float = 30.0,
    ) -> tuple[http.client.HTTPSConnection, http.client.HTTPResponse]:  # fmt: skip
        """Send a request; the caller reads the response and closes the connection.

        Raises Unreachable, ApiError.
        """
        connection = http.client.HTTPSConnection(
            self.host, self.port, timeout=timeout, context=self.context
        )
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = content
        try:
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(self._unanswered(error)) from error
        if response.status >= 400:
            text = response.read()
            connection.close()
            try:
                status = json.loads(text)
            except ValueError:
                status = {"message": text.decode(errors="replace")}
            raise ApiError(response.status, status)
        return connection, response

    def call(
        self, method: str, path: str, body: Object | None = None, content: str = "application/json",
        timeout: float = 30.0,
    ) -> Object:  # fmt: skip
        """One request, its JSON answer. ``timeout``: seconds. Raises Unreachable, ApiError."""
        connection, response = self.open(method, path, body, content, timeout)
        try:
            return cast(Object, json.loads(response.read() or b"{}"))
        finally:
            connection.close()

    def probe(self, path: str) -> Object:
        """Ask a health endpoint, which answers with text. Raises Unreachable, ApiError."""
        connection, response = self.open("GET", path)
        try:
            return {"text": response.read().decode(errors="replace")}
        finally:
            connection.close()

    def apply(self, obj: Object, force: bool = False, manager: str = "steersman") -> Object:
        """Server-side apply. ``force``: take over fields of other managers, else 409."""
        path = f"{object_path(obj)}?fieldManager={manager}{'&force=true' if force else ''}"
        return self.call("PATCH", path, obj, "application/apply-patch+yaml")

    def patiently(self, call: Callable[[], Object], seconds: float) -> Object:
        """Try again while no server answers, or says that it cannot now (5xx, 429).

        Raises what the last try raised.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                return call()
            except (Unreachable, ApiError) as error:
                if not passing(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def _unanswered(self, error: Exception) -> str:
        at = f"{self.host}:{self.port}"
        return f"no API server answers at {at} ({error}): look at `steersman status`"

    def watch(self, path: str, revision: str, seconds: float) -> Iterator[tuple[str, Object]]:
        """(type, object) of each change of a list after ``revision``.

        Ends after ``seconds`` or when the server closes. Raises Unreachable, ApiError.
        """
        sign = "&" if "?" in path else "?"
        query = f"{sign}watch=1&resourceVersion={revision}&timeoutSeconds={max(1, int(seconds))}"
        connection, response = self.open("GET", path + query, timeout=seconds + 5)
        try:
            while line := response.readline():
                event = json.loads(line)
                yield event["type"], event["object"]
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self._unanswered(error)) from error
        finally:
            connection.close()

    def wait_for(
        self, path: str, done: Callable[[dict[str, Object]], bool], seconds: float
    ) -> dict[str, Object]:
        """List, then watch, until ``done(objects by namespace/name)``, across servers that come and
        go. A list is judged as a whole, and so is one that is empty.

        Raises TimeoutError, and what a server refused.
        """
        deadline = time.monotonic() + seconds
        problem = ""
        while (left := deadline - time.monotonic()) > 0:
            try:
                listed = self.call("GET", path)
                seen = {_key(item): item for item in listed.get("items", [])}
                if done(seen):
                    return seen
                for kind, obj in self.watch(path, listed["metadata"]["resourceVersion"], left):
                    if kind == "ERROR":
                        break
                    if kind == "DELETED":
                        seen.pop(_key(obj), None)
                    elif kind in ("ADDED", "MODIFIED"):
                        seen[_key(obj)] = obj
                    if done(seen):
                        return seen
            except (Unreachable, ApiError) as error:
                if not passing(error):
                    raise
                problem = f" ({error})"
            time.sleep(0.05)
        raise TimeoutError(f"not as wanted after {seconds:.0f} s: {path}{problem}")


def _key(obj: Object) -> str:
    meta = obj["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}"


def passing(error: Exception) -> bool:
    """Whether to try again helps: nobody answered, or a server cannot now."""
    return isinstance(error, Unreachable) or (
        isinstance(error, ApiError) and (error.code >= 500 or error.code in (410, 429))
    )


def object_path(obj: Object) -> str:
    """URL path of an object."""
    version, kind, meta = obj["apiVersion"], obj["kind"], obj["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = PLURALS.get(kind, kind.lower() + "s")
    if kind not in CLUSTER_SCOPED:
        root += f"/namespaces/{meta.get('namespace', 'default')}"
    return f"{root}/{plural}/{meta['name']}"
