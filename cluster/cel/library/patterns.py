"""Regular expressions. Source: docs "Common Expression Language in Kubernetes", regex library."""

from cluster.cel.functions import Functions, method, regex
from cluster.cel.regular import find, find_all
from cluster.cel.types import INT, STRING, list_of

PATTERNS: Functions = {
    "find": (method("string_find_string", (STRING, STRING), STRING, find, regex),),
    "findAll": (
        method("string_find_all_string", (STRING, STRING), list_of(STRING), find_all, regex),
        method(
            "string_find_all_string_int", (STRING, STRING, INT), list_of(STRING), find_all, regex
        ),
    ),
}
