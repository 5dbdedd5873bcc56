"""Whether a request was made by our own page, and not by another site's that the browser also has.
Pure.

A cookie or a client certificate goes with whatever any page asks for. Source: Fetch Metadata
Request Headers (Sec-Fetch-Site), RFC 6454 (Origin). A client that is no browser sends neither.
"""

from collections.abc import Mapping

JSON = "application/json"
# Of the one script that stands in the pages themselves, as it must work when files do not come.
INLINE_SCRIPT = "'sha256-AlZIzch/fcKLPM2LZxc9skgeP791jLm4DQCb7o/Ts+Q='"
# Headers of everything below /ui. No script or style but our files', no frame, no form elsewhere.
SAFE_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' {INLINE_SCRIPT}; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def objection(method: str, headers: Mapping[str, str], page: bool) -> str:
    """Why a request is refused; '' if it is not. ``page``: it is for a page itself, which anybody
    may link to."""
    site = headers.get("Sec-Fetch-Site", "")
    if method in ("GET", "HEAD"):
        if page or site in ("", "same-origin", "none"):
            return ""
        return "another site's page asked for this"
    if site not in ("", "same-origin"):
        return "another site's page asked for this"
    origin = headers.get("Origin")
    if origin is not None and origin != f"https://{headers.get('Host', '')}":
        return "another site's page asked for this"
    # Which no form of another site can send.
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != JSON:
        return f"the content type must be {JSON}"
    return ""
