"""Values that fit a schema, nearly: what a strange but well-typed client would send.

Job: hypothesis strategies from compiled schemas, so that most values get past the decoder into
defaults, validation, strategies and tables. One choice in some twenty is of another type.
"""

from typing import Any

from hypothesis import strategies as st

from actors.apiserver.schema_files import load_definitions
from cluster.api.kind import Kind
from cluster.api.schema_node import SchemaNode

DEPTH_MAX = 5
FIELDS_MAX = 5
NUMBERS = (0, 1, -1, 2, 80, 255, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, 2**63)
FRACTIONS = (0.5, -0.0, 1e-9, 1e308, 5e-324, 1.0)
TEXTS = (
    "", "a", "a.b/c", "A_b", "-", ".", "..", "/", "a/b", "*", "0", "007", "1.5", "100m", "1Gi",
    "-5", "50%", "101%", "%", "::1", "10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "300.1.1.1", "a=b",
    "a,b", "a" * 63, "a" * 64, "a" * 254, "é", "\u0000", "\U0001f600", " ", "\n", "$(A)", "{}",
    "null", "true", "AA==", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "TCP", "Always",
    "None", "In", "Exists", "Recreate", "RollingUpdate", "ClusterIP", "ExternalName", "* * * * *",
    "@daily", "tcp://a", "https://a.example.com/b", "kubernetes.io/hostname", "system:a", "(", "[",
    "object.metadata.name == 'a'", "1/0 == 1", "object.spec.x.y", "[1,2].all(x, x > 0)", "Object{}",
)  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from(NUMBERS + FRACTIONS)
    | st.sampled_from(TEXTS)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(TEXTS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
_TEXT = st.sampled_from(TEXTS)
_NUMBER = st.sampled_from(NUMBERS)
_SMALL = st.sampled_from((0, 1, 2, 3, 80, -1, 2**31 - 1))
_TIME = st.sampled_from(
    ("2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00",
     "2026-01-01T00:00:00.123456Z", "0001-01-01T00:00:00+14:00")
)  # fmt: skip
_QUANTITY = st.sampled_from(
    ("0", "1", "100m", "1Gi", "-1", "1e3", "1E", "0.0000000001", "9223372036854775807", "1e400",
     "1Ki", "12e-3", ".5", "1e-999999", "9999999999999999999999Ei", "+1")
)  # fmt: skip
_LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "bool": st.booleans(),
    "int32": _SMALL,
    "int64": _SMALL,
    "number": _NUMBER | st.sampled_from(FRACTIONS),
    "any": ANYTHING,
    "object": st.dictionaries(_TEXT, ANYTHING, max_size=3),
    "int-or-string": _SMALL | _TEXT,
    "quantity": _QUANTITY,
    "time": _TIME,
    "microtime": _TIME,
    "bytes": st.sampled_from(("", "AA==", "AAAA", "LS0tLS0=")),
}


def schema_of(kind: Kind) -> SchemaNode | None:
    """None for a custom kind: anything may be tried there."""
    return load_definitions().schema_for(kind.definition) if kind.definition else None


@st.composite
def value_of(draw: st.DrawFn, node: SchemaNode | None, depth: int = 0) -> Any:
    """A value for a place of a schema."""
    if node is None or draw(st.integers(0, 19)) == 0:
        return draw(ANYTHING)
    shape = getattr(node, "shape", "any")
    if shape in _LEAVES:
        return draw(_LEAVES[shape])
    if depth >= DEPTH_MAX:
        return [] if shape == "list" else {}
    if shape == "list":
        item = value_of(getattr(node, "items", None), depth + 1)
        return draw(st.lists(item, max_size=2))
    if shape == "map":
        return draw(
            st.dictionaries(_TEXT, value_of(getattr(node, "values", None), depth + 1), max_size=2)
        )
    fields = sorted(node.struct_fields())
    if not fields:
        return draw(ANYTHING)
    chosen = draw(st.lists(st.sampled_from(fields), max_size=FIELDS_MAX, unique=True))
    return {name: draw(value_of(node.child(name), depth + 1)) for name in chosen}


@st.composite
def bent(draw: st.DrawFn, obj: dict[str, Any], schema: SchemaNode | None) -> dict[str, Any]:
    """The object with one to three places changed, added or removed. ``obj`` is changed."""
    for _ in range(draw(st.integers(1, 3))):
        _bend(draw, obj, schema)
    return obj


def _bend(draw: st.DrawFn, obj: dict[str, Any], schema: SchemaNode | None) -> None:
    """Walk down some steps, then change what is there."""
    here: Any = obj
    node: SchemaNode | None = schema
    for _ in range(draw(st.integers(0, 6))):
        step = _step(draw, here, node)
        if step is None:
            break
        here, node = step
    if isinstance(here, dict):
        known = sorted(node.struct_fields()) if node is not None else ["a"]
        key = draw(st.sampled_from([*known, *sorted(here)] or ["a"]))
        if draw(st.integers(0, 4)) == 0:
            here.pop(key, None)
        else:
            here[key] = draw(value_of(node.child(key) if node is not None else None, 2))
    elif here:
        place = draw(st.integers(0, len(here) - 1))
        action = draw(st.sampled_from(("replace", "double", "remove")))
        if action == "replace":
            here[place] = draw(value_of(getattr(node, "items", None), 2))
        elif action == "double":
            here.append(here[place])
        else:
            del here[place]


def _step(draw: st.DrawFn, here: Any, node: SchemaNode | None) -> tuple[Any, Any] | None:
    if isinstance(here, dict):
        inner = sorted(key for key, item in here.items() if item and isinstance(item, dict | list))
        if not inner:
            return None
        key = draw(st.sampled_from(inner))
        return here[key], node.child(key) if node is not None else None
    inside = [item for item in here if item and isinstance(item, dict | list)]
    if not inside:
        return None
    return draw(st.sampled_from(inside)), getattr(node, "items", None)
