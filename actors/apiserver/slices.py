"""Long answers are sent a slice at a time.

Job: a list of a hundred megabytes is not encrypted and handed to the kernel in one go, while which
the event loop would stand still, and which would double it in memory. Must not know: what it is.
"""

import io

from aiohttp import payload, web

# Shorter ones go out at once.
BYTES_MIN = 512 * 1024


def in_slices(response: web.Response) -> web.Response:
    """The response, which waits between slices until the client has taken enough."""
    body = response.body
    if isinstance(body, bytes) and len(body) >= BYTES_MIN:
        response.body = payload.BytesIOPayload(io.BytesIO(body))
    return response
