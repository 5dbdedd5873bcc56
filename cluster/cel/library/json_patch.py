"""Keys as steps of a JSON pointer. Source: RFC 6901 section 3; docs "Mutating Admission Policy"."""

from cluster.cel.functions import Functions, function, made
from cluster.cel.types import STRING


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


JSON_PATCH: Functions = {
    "jsonpatch.escapeKey": (
        function(
            "jsonpatch_escapekey_string",
            (STRING,),
            STRING,
            _escaped,
            made(),
            lambda key: 2 * len(key),
        ),
    ),
}
