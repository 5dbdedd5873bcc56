"""AdmissionReviews: what a webhook is asked, and what its answer means. Pure.

Source: "Dynamic Admission Control", Webhook request and response; API of admission.k8s.io/v1.
Must not know: who sends them, what is done with an answer.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from cluster.api.status import quoted, status_error
from cluster.api.types import Object
from cluster.errors import StatusError

GROUP = "admission.k8s.io"
VERSIONS = ("v1", "v1beta1")
WARNINGS_MAX = 64
# Warnings travel in headers: Kubernetes' bounds, in characters.
WARNING_CHARS_MAX = 256
WARNINGS_CHARS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """``patch``: operations of a JSON patch, None for none. ``result``: a Status that says why
    not."""

    allowed: bool
    patch: list[Any] | None = None
    warnings: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    result: Object | None = None


def envelope(versions: tuple[str, ...], request: Object) -> Object:
    """The review to send, in the first version that the webhook and we know."""
    chosen = next((item for item in versions if item in VERSIONS), "v1")
    return {"kind": "AdmissionReview", "apiVersion": f"{GROUP}/{chosen}", "request": request}


def verdict(review: Object, answer: object, mutating: bool) -> Verdict:
    """What the answer to ``review`` says. Raises ValueError if it is no answer to it."""
    if not isinstance(answer, dict):
        raise ValueError("the answer is no JSON object")
    version = review["apiVersion"]
    group, _, given_version = str(answer.get("apiVersion") or "").rpartition("/")
    given = f"{group}/{given_version}, Kind={answer.get('kind') or ''}"
    if given != f"{version}, Kind=AdmissionReview":
        raise ValueError(
            f"expected webhook response of {version}, Kind=AdmissionReview, got {given}"
        )
    response = answer.get("response")
    if not isinstance(response, dict):
        raise ValueError("webhook response was absent")
    uid = review["request"]["uid"]
    if version.endswith("/v1") and response.get("uid") != uid:
        raise ValueError(
            f"expected response.uid={quoted(uid)}, got {quoted(response.get('uid') or '')}"
        )
    strict = version.endswith("/v1")
    result = response.get("status") or None
    if result is not None and not isinstance(result, dict):
        raise ValueError("webhook response.status is no object")
    return Verdict(
        response.get("allowed") is True,
        _patch(response, mutating, strict),
        _warnings(response.get("warnings")),
        _annotations(response.get("auditAnnotations")),
        result,
    )


def _patch(response: Object, mutating: bool, strict: bool) -> list[Any] | None:
    patch, kind = response.get("patch"), response.get("patchType")
    if not mutating:
        if patch and strict:
            raise ValueError("validating webhook may not return response.patch")
        if kind and strict:
            raise ValueError("validating webhook may not return response.patchType")
        return None
    if strict and patch and not kind:
        raise ValueError("webhook returned response.patch but not response.patchType")
    if strict and kind and not patch:
        raise ValueError("webhook returned response.patchType but not response.patch")
    if not patch:
        return None
    if kind and kind != "JSONPatch":
        raise ValueError(f"webhook returned invalid response.patchType of {quoted(kind)}")
    try:
        operations = orjson.loads(base64.b64decode(str(patch), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"webhook returned a response.patch that is no JSON: {error}") from error
    if not isinstance(operations, list):
        raise ValueError("webhook returned a response.patch that is no list of operations")
    return operations


def _warnings(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    texts = [str(text) for text in given[:WARNINGS_MAX]]
    if sum(map(len, texts)) > WARNINGS_CHARS_MAX:
        texts = [text[:WARNING_CHARS_MAX] for text in texts]
    kept: list[str] = []
    for text in texts:
        if sum(map(len, kept)) + len(text) > WARNINGS_CHARS_MAX:
            break
        kept.append(text)
    return tuple(kept)


def _annotations(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, dict):
        return ()
    return tuple((str(key), str(value)) for key, value in given.items())


def denied(name: str, result: Object | None) -> StatusError:
    """The webhook's own status, worded as a denial; 400 if it names no code of a failure."""
    result = dict(result or {})
    code = result.get("code")
    if not isinstance(code, int) or isinstance(code, bool) or not 400 <= code <= 599:
        code = 400
    reason = str(result.get("reason") or "")
    by = f"admission webhook {quoted(name)} denied the request"
    text = result.get("message") or reason
    error = status_error(code, reason, f"{by}: {text}" if text else f"{by} without explanation")
    details = result.get("details")
    if isinstance(details, dict) and details:
        error.status["details"] = details
    return error
