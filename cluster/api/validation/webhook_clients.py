"""Rules of where a webhook is: a URL, or a path of a service. Must not know what it is asked.

Source: API reference, WebhookClientConfig; "Dynamic Admission Control", Contacting the webhook.
"""

from urllib.parse import urlsplit

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_FORM = "; desired format: https://host[/path]"


def check_client_config(path: str, client: Object, found: list[Cause]) -> None:
    """Exactly one of url and service, and that one right."""
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        detail = "exactly one of url or service is required"
        found.append(
            causes.required(path, detail) if url is None else causes.invalid(path, client, detail)
        )
    elif url is not None:
        _url(f"{path}.url", str(url), found)
    else:
        _service(f"{path}.service", service or {}, found)


def _url(path: str, url: str, found: list[Cause]) -> None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError as error:
        found.append(causes.required(path, f"url must be a valid URL: {error}{_FORM}"))
        return
    if parts.scheme != "https":
        detail = f"'https' is the only allowed URL scheme{_FORM}"
        found.append(causes.invalid(path, parts.scheme, detail))
    if not parts.netloc:
        found.append(causes.invalid(path, parts.netloc, f"host must be specified{_FORM}"))
    if parts.username is not None:
        detail = "user information is not permitted in the URL"
        found.append(causes.invalid(path, parts.username, detail))
    if parts.fragment:
        detail = "fragments are not permitted in the URL"
        found.append(causes.invalid(path, parts.fragment, detail))
    if parts.query:
        detail = "query parameters are not permitted in the URL"
        found.append(causes.invalid(path, parts.query, detail))


def _service(path: str, service: Object, found: list[Cause]) -> None:
    for name in ("name", "namespace"):
        if not service.get(name):
            found.append(causes.required(f"{path}.{name}", f"service {name} is required"))
    port = service.get("port", 443)
    if not 1 <= port <= 65535:
        detail = "port is not valid: must be between 1 and 65535, inclusive"
        found.append(causes.invalid(f"{path}.port", port, detail))
    url_path = service.get("path")
    if url_path is not None:
        _path(f"{path}.path", url_path, found)


def _path(path: str, given: str, found: list[Cause]) -> None:
    if not given.startswith("/"):
        found.append(causes.invalid(path, given, "must start with a '/'"))
        return
    if given == "/":
        return
    segments = given[1:].split("/")
    if len(segments) > 1 and not segments[-1]:
        segments.pop()
    for position, segment in enumerate(segments):
        if not segment:
            detail = f"segment[{position}] may not be empty"
            found.append(causes.invalid(path, given, detail))
        else:
            for error in names.subdomain_errors(segment):
                found.append(causes.invalid(path, given, f"segment[{position}]: {error}"))
