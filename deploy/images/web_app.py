"""The demo's web server: runs inside a container, with nothing but Python's standard library.

``/`` answers with the pod, its zone, a greeting from a ConfigMap and a counter kept in Redis;
``/healthz`` is alive, ``/readyz`` is ready. Every answer names the pod by its uid, if the pod's
manifest has put that into POD_UID. On SIGTERM it goes on serving for DRAIN_SECONDS, so
that proxies can take it out of rotation, and then ends.
"""

import html
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DRAINING = threading.Event()
POD_HEADER = "X-Pod-Uid"


def redis(*words: str, timeout: float = 1.0) -> str:
    """One command to Redis (RESP2). Raises OSError if it is not reachable."""
    host, port = os.environ.get("REDIS_HOST", "redis"), int(os.environ.get("REDIS_PORT", "6379"))
    password = os.environ.get("REDIS_PASSWORD", "")
    commands = [["AUTH", password], list(words)] if password else [list(words)]
    with socket.create_connection((host, port), timeout=timeout) as connection:
        reader = connection.makefile("rb")
        for command in commands:
            body = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in command)
            connection.sendall(f"*{len(command)}\r\n{body}".encode())
            line = reader.readline().decode().strip()
            if line.startswith("-"):
                raise OSError(line[1:])
        return line.lstrip(":+")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, "ok\n")
        elif self.path == "/readyz":
            self.answer(
                503 if DRAINING.is_set() else 200, "draining\n" if DRAINING.is_set() else "ok\n"
            )
        else:
            self.answer(200, page(), "text/html; charset=utf-8")

    def answer(self, code: int, text: str, kind: str = "text/plain") -> None:
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if uid := os.environ.get("POD_UID"):
            self.send_header(POD_HEADER, uid)
        if DRAINING.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)


def page() -> str:
    """The page, as HTML of a few lines."""
    try:
        visits = redis("INCR", "visits")
    except OSError as error:
        visits = f"unknown ({error})"
    rows = {
        "pod": socket.gethostname(),
        "node": os.environ.get("NODE_NAME", "?"),
        "version": os.environ.get("VERSION", "?"),
        "visits": visits,
    }
    greeting = html.escape(os.environ.get("GREETING", "Hello"))
    body = "".join(f"<tr><th>{k}</th><td>{html.escape(v)}</td></tr>\n" for k, v in rows.items())
    return (
        f"<!doctype html><title>Steersman</title>\n<h1>{greeting}</h1>\n<table>\n{body}</table>\n"
    )


def main() -> None:
    """Serve until SIGTERM, then drain."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("", int(os.environ.get("PORT", "8080"))), Handler)

    def drain(*_: object) -> None:
        DRAINING.set()
        threading.Timer(float(os.environ.get("DRAIN_SECONDS", "3")), server.shutdown).start()

    signal.signal(signal.SIGTERM, drain)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}).start()


if __name__ == "__main__":
    main()
