"""Expressions that choose devices: what they may name, whether they compile, what they cost.

Source: docs "Dynamic Resource Allocation"; API reference, resource.k8s.io/v1 (CELDeviceSelector).
Must not know where they stand.
"""

from cluster.api.status import Cause
from cluster.api.validation import causes
from cluster.cel.estimates import Extent, estimate
from cluster.cel.library.quantities import QUANTITY
from cluster.cel.program import CelCompileError, Declarations, compile_expression
from cluster.cel.types import BOOL, DYN, STRING, ObjectType, map_of

# In bytes, and in units of the language.
EXPRESSION_MAX = 10 * 1024
COST_MAX = 1_000_000
# How long names and values of devices may be, and how many a device may have.
DOMAIN_MAX = 63
IDENTIFIER_MAX = 32
VALUE_MAX = 64
DRIVER_MAX = 63
PARTS_MAX = 32

_DEVICE = ObjectType(
    "kubernetes.DRADevice",
    fields={
        "driver": STRING,
        "allowMultipleAllocations": BOOL,
        "attributes": map_of(STRING, map_of(STRING, DYN)),
        "capacity": map_of(STRING, map_of(STRING, QUANTITY)),
    },
)
_DECLARED = Declarations({"device": _DEVICE})


def _parts(value: Extent) -> Extent:
    """Of values by domain and identifier."""
    inner = Extent(PARTS_MAX, value, Extent(IDENTIFIER_MAX))
    return Extent(PARTS_MAX, inner, Extent(DOMAIN_MAX))


_EXTENT = Extent(
    fields={
        "driver": Extent(DRIVER_MAX),
        "attributes": _parts(Extent(VALUE_MAX)),
        "capacity": _parts(Extent()),
    }
)


def check_expression(path: str, source: str, found: list[Cause]) -> None:
    """One that is true of the devices that are wanted."""
    if len(source.encode()) > EXPRESSION_MAX:
        found.append(causes.too_long(path, EXPRESSION_MAX))
        return
    try:
        program = compile_expression(source, _DECLARED)
    except CelCompileError as error:
        found.append(causes.invalid(path, source, str(error)))
        return
    if program.result not in (BOOL, DYN):
        text = f"must evaluate to bool or the unknown type, not {program.result}"
        found.append(causes.invalid(path, source, text))
    elif estimate(program.checked, {"device": _EXTENT}) > COST_MAX:
        found.append(causes.forbidden(path, "too complex, exceeds cost limit"))
