"""The libraries of functions that Kubernetes 1.37 gives to expressions, each in a file of its own.

Source: Kubernetes docs, "Common Expression Language in Kubernetes", "CEL options, language
features, and libraries".
"""

from cluster.cel.functions import Functions, merged
from cluster.cel.library.formats import FORMATS
from cluster.cel.library.lists import LISTS
from cluster.cel.library.networks import NETWORKS
from cluster.cel.library.optionals import OPTIONALS
from cluster.cel.library.patterns import PATTERNS
from cluster.cel.library.quantities import QUANTITIES
from cluster.cel.library.semvers import SEMVERS
from cluster.cel.library.sets import SETS
from cluster.cel.library.strings import STRINGS
from cluster.cel.library.urls import URLS

LIBRARIES: Functions = merged(
    STRINGS, LISTS, PATTERNS, URLS, NETWORKS, QUANTITIES, SEMVERS, FORMATS, SETS, OPTIONALS
)
