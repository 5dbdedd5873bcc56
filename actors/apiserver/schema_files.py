"""Where the published API schemas lie on this machine: inside the package kubernetes-validate.

Must not know what is in them: ``cluster.api.schema`` reads the bytes.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from cluster.api.schema import Definitions

_VERSION = "v1.37.0-local"


@lru_cache(maxsize=1)
def load_definitions() -> Definitions:
    """All built-in kinds' schemas, parsed once per process."""
    return Definitions(read_definitions())


def read_definitions() -> bytes:
    """The bytes for ``cluster.api.schema.Definitions``. Raises FileNotFoundError if not installed.

    The package is found, not imported: importing it costs more than reading the file.
    """
    spec = find_spec("kubernetes_validate")
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise FileNotFoundError("the package kubernetes-validate is not installed")
    folder = Path(next(iter(places))) / "kubernetes-json-schema" / _VERSION
    return (folder / "_definitions.json").read_bytes()
