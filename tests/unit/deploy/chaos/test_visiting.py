"""A request to the page's server, as a run makes it: what is known of the answer."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from deploy.chaos.manifests import template
from deploy.chaos.visiting import get
from deploy.images.web_app import Handler


class Quiet(Handler):
    """Without a line on stderr for each request."""

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_an_answer_names_its_pod(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, pod, _ = get("127.0.0.1", port)
    assert (problem, pod) == ("", ""), "a pod whose manifest does not tell it"
    (variable,) = template("web")["spec"]["containers"][0]["env"]
    assert variable["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.uid"}}
    monkeypatch.setenv(variable["name"], "uid-1")
    problem, pod, took = get("127.0.0.1", port)
    assert (problem, pod) == ("", "uid-1")
    assert 0.0 < took < 1.0


def test_one_that_fails_may_name_it_too(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_UID", "uid-1")
    draining = threading.Event()
    draining.set()
    monkeypatch.setattr("deploy.images.web_app.DRAINING", draining)
    problem, pod, _ = get("127.0.0.1", port, "/readyz")
    assert (problem, pod) == ("HTTP 503", "uid-1")


def test_nobody_answers(port: int) -> None:
    problem, pod, _ = get("127.0.0.2", port)
    assert (problem.partition(":")[0], pod) == ("ConnectionRefusedError", "")
