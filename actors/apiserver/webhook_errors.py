"""Why a webhook gave no answer, in the words of Kubernetes' client, for what people search for.

Must not know: who asked what.
"""

import errno
import ssl

import aiohttp

from cluster.api.status import quoted

# How much of an error's body is repeated.
BODY_CHARS_MAX = 2048
_SAID = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be "
    "processing the request",
}
# Their own words say who may not do what, or what is acceptable.
_SPEAKING = (403, 406, 415)
_CONNECT = {
    errno.ECONNREFUSED: "connect: connection refused",
    errno.EHOSTUNREACH: "connect: no route to host",
    errno.ENETUNREACH: "connect: network is unreachable",
    errno.ETIMEDOUT: "connect: connection timed out",
}
_RESET = "read: connection reset by peer"
# X509_V_ERR_*: no way to a certificate that is trusted.
_UNTRUSTED = (2, 18, 19, 20, 21)
_EXPIRED = (9, 10)
_OTHER_NAME = (62, 64)


def told(error: Exception) -> str:
    """What went wrong between us and it."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        if "[Errno" in str(error.os_error):
            return f"dial tcp: lookup {error.host}: no such host"
        return str(error.os_error.strerror or error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _distrust(error.certificate_error, error.host)
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        if isinstance(cause, ssl.SSLError):
            return _misunderstood(cause)
        if isinstance(cause, ConnectionResetError):
            return _RESET
        why = _CONNECT.get(cause.errno or 0, f"connect: {cause}")
        return f"dial tcp {error.host}:{error.port}: {why}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "unexpected EOF"
    if isinstance(error, ssl.SSLError):
        return _misunderstood(error)
    if isinstance(error, ConnectionResetError) or getattr(error, "errno", 0) == errno.ECONNRESET:
        return _RESET
    return str(error) or type(error).__name__


def refusal(code: int, body: bytes) -> str:
    """What an HTTP status other than success means."""
    if code in _SAID:
        return _SAID[code]
    text = body[:BODY_CHARS_MAX].decode("utf-8", "replace").strip() or "unknown"
    if code in _SPEAKING:
        return text
    if code >= 500:
        return f"an error on the server ({quoted(text)}) has prevented the request from succeeding"
    return f"the server responded with the status code {code} but did not return more information"


def _distrust(error: Exception, host: str) -> str:
    code = getattr(error, "verify_code", 0)
    if code in _UNTRUSTED:
        why = "certificate signed by unknown authority"
    elif code in _EXPIRED:
        why = "certificate has expired or is not yet valid"
    elif code in _OTHER_NAME:
        why = f"certificate is valid for other names, not {host}"
    else:
        why = str(getattr(error, "verify_message", "") or error)
    return f"tls: failed to verify certificate: x509: {why}"


def _misunderstood(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    _, alert, what = reason.partition("ALERT_")
    if alert:
        return f"remote error: tls: {what.replace('_', ' ').lower()}"
    return f"tls: {reason.replace('_', ' ').lower() or error}"
