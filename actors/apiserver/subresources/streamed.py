"""Subresources that become streams: by messages there is nothing to connect to."""

from actors.apiserver.call import Call
from actors.apiserver.subresources.handler import Answer, Parts
from cluster.api import status


async def handle(parts: Parts, call: Call) -> Answer:
    """Raises StatusError 400: it takes an HTTP connection that can be upgraded."""
    raise status.bad_request("Upgrade request required")
