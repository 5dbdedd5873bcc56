"""Status objects: the words and codes clients read."""

from cluster.api import status
from cluster.api.kinds import by_resource
from cluster.api.status import Cause

PODS = by_resource("", "v1", "pods")
DEPLOYMENTS = by_resource("apps", "v1", "deployments")
assert PODS and DEPLOYMENTS


def test_not_found_names_resource_and_object() -> None:
    error = status.not_found(DEPLOYMENTS, "web")
    assert (error.code, error.reason) == (404, "NotFound")
    assert error.status["message"] == 'deployments.apps "web" not found'
    details = {"name": "web", "group": "apps", "kind": "deployments"}
    assert error.status["details"] == details


def test_invalid_with_one_cause_and_with_several() -> None:
    one = Cause("spec.replicas", "FieldValueInvalid", "Invalid value: -1: must not be")
    two = Cause("spec.selector", "FieldValueRequired", "Required value")
    single = status.invalid(DEPLOYMENTS, "web", [one]).status
    assert single["message"] == (
        'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must not be'
    )
    several = status.invalid(DEPLOYMENTS, "web", iter([one, two])).status
    assert several["message"].endswith("must not be, spec.selector: Required value]")
    assert [cause["field"] for cause in several["details"]["causes"]] == [
        "spec.replicas",
        "spec.selector",
    ]
    assert (several["code"], several["details"]["kind"]) == (422, "Deployment")


def test_codes_and_reasons() -> None:
    cases = (
        (status.already_exists(PODS, "a"), 409, "AlreadyExists"),
        (status.conflict(PODS, "a"), 409, "Conflict"),
        (status.bad_request("x"), 400, "BadRequest"),
        (status.forbidden(PODS, "a", "no"), 403, "Forbidden"),
        (status.forbidden(None, "", "no"), 403, "Forbidden"),
        (status.unauthorized(), 401, "Unauthorized"),
        (status.method_not_allowed(PODS, "put"), 405, "MethodNotAllowed"),
        (status.gone("x"), 410, "Gone"),
        (status.expired(), 410, "Expired"),
        (status.too_large(), 413, "RequestEntityTooLarge"),
        (status.unsupported_media_type(["c/d"]), 415, "UnsupportedMediaType"),
        (status.not_acceptable(["c/d"]), 406, "NotAcceptable"),
        (status.too_many_requests("x"), 429, "TooManyRequests"),
        (status.service_unavailable("x"), 503, "ServiceUnavailable"),
        (status.timeout("x"), 504, "Timeout"),
        (status.internal_error("x"), 500, "InternalError"),
        (status.resource_not_found(), 404, "NotFound"),
    )
    for error, code, reason in cases:
        assert (error.code, error.reason) == (code, reason)
        assert error.status["kind"] == "Status" and error.status["status"] == "Failure"


def test_a_future_revision_tells_clients_to_retry() -> None:
    error = status.revision_too_large("9, current: 5").status
    assert error["message"] == "Timeout: Too large resource version: 9, current: 5"
    details = error["details"]
    assert details["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert details["retryAfterSeconds"] == 1


def test_success() -> None:
    told = status.success(PODS, "a", "uid-1")
    assert told["status"] == "Success" and "code" not in told
    assert told["details"] == {"name": "a", "kind": "pods", "uid": "uid-1"}


def test_kubectl_finds_details_where_it_looks_for_them() -> None:
    assert status.resource_not_found().status["details"] == {}
    assert status.status_error(422, "Invalid", "no").status["details"] == {}
    assert "details" not in status.bad_request("no").status
