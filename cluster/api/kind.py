"""The shape of one row in the table of kinds. Must not know any particular kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from cluster.api.custom.form import CustomForm

# As discovery lists them: in order of the alphabet.
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")


@dataclass(frozen=True, slots=True)
class Subresource:
    """``name`` as ``status`` or ``scale``; ``kind`` '' is the kind of the resource itself.

    ``group``/``version``/``definition`` say what the body is; they are only set with ``kind``.
    """

    name: str
    verbs: tuple[str, ...] = STATUS_VERBS
    kind: str = ""
    group: str = ""
    version: str = ""
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource the API knows. ``group`` '' is core; ``definition`` its name in the schema.

    ``served``: this release stores it and acts on it as far as docs/compatibility.md says.
    ``create_only``: a question (as SubjectAccessReview): answered, never stored.
    ``deprecated``: what every client is warned of, '' for most. ``custom``: how objects of a custom
    resource look (None for a built-in kind). ``listed``: the kind of lists, '' for kind + List.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    namespaced: bool
    categories: tuple[str, ...]
    verbs: tuple[str, ...]
    definition: str
    served: bool = True
    subresources: Mapping[str, Subresource] = field(
        default_factory=lambda: MappingProxyType({}), hash=False, compare=False
    )
    deprecated: str = ""
    custom: Optional["CustomForm"] = field(default=None, repr=False)
    listed: str = ""

    @property
    def api_version(self) -> str:
        """``apps/v1``; ``v1`` for core."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """``DeploymentList``."""
        return self.listed or f"{self.kind}List"

    @property
    def create_only(self) -> bool:
        """True if nothing is stored: the object is a question, its status the answer."""
        return self.verbs == ("create",)


def row(
    group: str,
    version: str,
    kind: str,
    plural: str,
    definition: str,
    *,
    namespaced: bool = True,
    short: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    verbs: tuple[str, ...] = ALL_VERBS,
    served: bool = True,
    subresources: tuple[Subresource, ...] = (),
    deprecated: str = "",
    singular: str = "",
    custom: Optional["CustomForm"] = None,
    listed: str = "",
) -> Kind:
    """One row: what is the same for nearly all kinds has its default here."""
    return Kind(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=singular or kind.lower(),
        short_names=short,
        namespaced=namespaced,
        categories=categories,
        verbs=verbs,
        definition=definition,
        served=served,
        subresources=MappingProxyType({item.name: item for item in subresources}),
        deprecated=deprecated,
        custom=custom,
        listed=listed,
    )


STATUS = Subresource("status")
# No resource of its own: what /scale of a workload shows.
SCALE_KIND = row("autoscaling", "v1", "Scale", "scales", "io.k8s.api.autoscaling.v1.Scale")
SCALE = Subresource(
    "scale", STATUS_VERBS, "Scale", "autoscaling", "v1", "io.k8s.api.autoscaling.v1.Scale"
)
