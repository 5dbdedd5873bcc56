"""The page's own files, as they lie in this package.

Must not know: who may read them.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "page"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class PageFile:
    """``etag``: says what it holds."""

    body: bytes
    content_type: str
    etag: str


@lru_cache(maxsize=1)
def load() -> dict[str, PageFile]:
    """All of them by name."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in TYPES:
            body = path.read_bytes()
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found[path.name] = PageFile(body, TYPES[path.suffix], tag)
    return found
