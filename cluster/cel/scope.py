"""What an expression may name: variables, functions, types of objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.cel.functions import Functions, merged
from cluster.cel.library import LIBRARIES
from cluster.cel.library.formats import FORMAT
from cluster.cel.library.networks import CIDR, IP
from cluster.cel.library.quantities import QUANTITY
from cluster.cel.library.semvers import SEMVER
from cluster.cel.library.urls import URL
from cluster.cel.operators import FUNCTIONS, OPERATORS
from cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    ObjectType,
    Type,
    list_of,
    map_of,
)

STANDARD: Functions = merged(OPERATORS, FUNCTIONS, LIBRARIES)

# Names of types as values.
TYPES: Mapping[str, Type] = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "null_type": NULL,
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "type": TYPE,
    "google.protobuf.Duration": DURATION,
    "google.protobuf.Timestamp": TIMESTAMP,
    **{kind.name: kind for kind in (CIDR, IP, FORMAT, QUANTITY, SEMVER, URL)},
}


@dataclass(frozen=True)
class Declarations:
    """``types``: objects that may be written as ``Name{field: value}``, by name."""

    variables: Mapping[str, Type]
    functions: Functions = field(default_factory=lambda: STANDARD)
    types: Mapping[str, ObjectType] = field(default_factory=dict)
