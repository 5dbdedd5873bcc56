"""Which objects a list, watch or deletecollection is about: namespace, name, labels, fields.

Job: narrow to a key range, and match the small parsed index of an object. Must not know: the bytes
of objects, the store.
"""

from actors.apiserver.store_client import prefix_end
from cluster.api import status
from cluster.api.index import read_index
from cluster.api.kinds import Kind, storage_key, storage_prefix
from cluster.api.selectors import SelectorError, parse_field_selector, parse_label_selector
from cluster.messages.apiserver import ApiRequest

# Longer selectors are attacks: parsing is linear, but so is everything after it.
SELECTOR_CHARACTERS_MAX = 64 * 1024


class Selection:
    """The objects of ``kind`` in ``namespace`` ('' all) that the selectors choose.

    ``start``/``end``: the key range that holds them all. ``selective``: not everything in the range
    is chosen. ``name``: the one name asked for, or ''. ``view``: selections that are equal in it
    and in the range choose the same, and show it the same.
    """

    def __init__(
        self, kind: Kind, namespace: str = "", labels: str = "", fields: str = "", name: str = ""
    ) -> None:
        """Raises StatusError 400 for a malformed or unsupported selector."""
        if len(labels) + len(fields) > SELECTOR_CHARACTERS_MAX:
            raise status.bad_request("the selector is too long")
        try:
            self._labels = parse_label_selector(labels)
        except SelectorError as error:
            raise status.bad_request(str(error)) from error
        try:
            self._fields = parse_field_selector(fields, kind)
        except SelectorError as error:
            raise status.bad_request(str(error)) from error
        self.kind = kind
        self.view = (kind.group, kind.version, kind.plural, labels, fields)
        self.name = name or self._fields.exact("metadata.name") or ""
        self.namespace = namespace or self._fields.exact("metadata.namespace") or ""
        self.selective = not (self._labels.everything and self._fields.everything)
        if self.name and "/" not in self.name and (self.namespace or not kind.namespaced):
            self.start = storage_key(kind, self.namespace, self.name)
            self.end = self.start + "\x00"
        else:
            self.start = storage_prefix(kind, self.namespace if kind.namespaced else "")
            self.end = prefix_end(self.start)

    def matches(self, index: bytes) -> bool:
        """True if the object of this index is chosen."""
        if not self.selective:
            return True
        found = read_index(index)
        return self._labels.matches(found.labels) and self._fields.matches(found.fields)


# Of each built-in kind in each namespace that is written to: admission asks for the same ones again
# and again.
_EVERYTHING: dict[tuple[str, str, str], Selection] = {}
_EVERYTHING_MAX = 2048


def everything_in(kind: Kind, namespace: str) -> Selection:
    """All objects of a built-in kind in a namespace."""
    place = (kind.group, kind.plural, namespace)
    found = _EVERYTHING.get(place)
    if found is None or found.kind is not kind:
        if len(_EVERYTHING) >= _EVERYTHING_MAX:
            _EVERYTHING.clear()
        found = _EVERYTHING[place] = Selection(kind, namespace)
    return found


def selection_of(kind: Kind, request: ApiRequest) -> Selection:
    """What the request's path and parameters choose. Raises StatusError 400."""
    return Selection(
        kind,
        request.namespace,
        request.query.get("labelSelector", ""),
        request.query.get("fieldSelector", ""),
        request.name,
    )
