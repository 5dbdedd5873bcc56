"""The one image that tests with real containers use."""

from deploy import engine, state
from deploy.images import demo

BUSYBOX = demo.BUSYBOX_TAG


def ensure_busybox(socket: str) -> str:
    """Load it into the engine unless it is there; returns its name."""
    found = engine.image_labels(socket, BUSYBOX)
    if found.get(demo.RECIPE_LABEL) != demo.recipe():
        engine.load(socket, demo.build("busybox", state.cache_dir()))
    return BUSYBOX
