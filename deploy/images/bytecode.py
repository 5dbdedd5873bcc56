"""Compiled modules for an image, so that its containers start without compiling the library anew.

Debian compiles at installation, which unpacking is not; a container starts from a clean layer every
time, and compiling what a web server imports takes a second of a core. Compiled here with this
process's own Python if it is of the image's minor version (the format is the same for all of one),
else not at all. The same input gives the same bytes. Must not know: which image.
"""

import os
import py_compile
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from deploy.images.archive import Entry, file_entry

LIBRARY = f"usr/lib/python{sys.version_info.major}.{sys.version_info.minor}/"
IMPORTED = """
import os, sys, {modules}
folder = os.path.dirname(os.__file__)
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None) or ""
    if path.endswith(".py") and path.startswith(folder):
        print(os.path.relpath(path, folder))
"""


def imported(modules: Sequence[str]) -> set[str]:
    """Paths below the library's folder of all that importing ``modules`` loads."""
    program = IMPORTED.format(modules=", ".join(modules))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split("\n")) - {""}


def compiled(entries: Sequence[Entry], modules: Sequence[str]) -> list[Entry]:
    """The ``__pycache__`` files of the library modules among ``entries`` that ``modules`` need."""
    wanted = {LIBRARY + path for path in imported(modules)}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "source.py"), os.path.join(folder, "target.pyc")
        for info, data in entries:
            if info.name not in wanted or not info.isfile():
                continue
            with open(source, "wb") as file:
                file.write(data)
            py_compile.compile(
                source, target, dfile="/" + info.name, doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )  # fmt: skip
            with open(target, "rb") as file:
                found.append(file_entry(cache_path(info.name), file.read()))
    return found


def cache_path(name: str) -> str:
    """Where Python looks for the compiled form of a module. Source: PEP 3147."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/__pycache__/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
