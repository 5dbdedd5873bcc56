"""Names of shapes that the whole object model shares. Must not know any kind."""

from typing import Any, TypeAlias

# A Kubernetes object, or a part of one, as decoded from JSON.
Object: TypeAlias = dict[str, Any]
