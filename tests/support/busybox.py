"""The one image that tests with real containers use."""

import os
import tempfile

from deploy import engine
from deploy.images import demo

BUSYBOX = demo.BUSYBOX_TAG


def ensure_busybox(socket: str) -> str:
    """Load it into the engine unless it is there; returns its name."""
    if not engine.has_image(socket, BUSYBOX):
        cache = os.path.join(tempfile.gettempdir(), "steersman-test-images")
        engine.load(socket, demo.build("busybox", cache))
    return BUSYBOX
