"""A request as webhooks see it: which object, of which kind, and back again. Pure.

Source: API of admission.k8s.io/v1, AdmissionRequest. For most requests it is the object itself;
for /scale it is the Scale. Must not know: which webhooks there are.
"""

from dataclasses import dataclass

from actors.apiserver import bodies
from actors.apiserver.admission.matching import Asked
from actors.apiserver.admission.plugin import Review
from actors.apiserver.call import DeleteOptions
from actors.apiserver.reviews import user_info
from actors.apiserver.subresources.scale_form import scale_before, scale_of, scaled
from cluster.api import events, status
from cluster.api.defaults import apply_defaults, apply_subresource_defaults
from cluster.api.kinds import Kind, Subresource
from cluster.api.schema import Definitions
from cluster.api.types import Object

_META = "meta.k8s.io/v1"


@dataclass
class Subject:
    """``obj`` and ``old``: what webhooks see of the review's."""

    review: Review
    obj: Object | None
    old: Object | None

    @property
    def asked(self) -> Asked:
        """What rules are held against."""
        call = self.review.call
        return Asked(self.review.operation, call.kind, call.request.subresource, self.name)

    @property
    def name(self) -> str:
        """Of the object; '' if it is not known."""
        metadata = (self.obj or {}).get("metadata") or {}
        return str(self.review.call.request.name or metadata.get("name") or "")

    @property
    def dry_run(self) -> bool:
        """Nothing will be stored."""
        options = self.review.options
        return self.review.call.options.dry_run or (options is not None and options.dry_run)

    def request(self, kind: Kind, uid: str, obj: Object | None, old: Object | None) -> Object:
        """The AdmissionRequest; ``kind``: the form in which ``obj`` and ``old`` are."""
        review, call = self.review, self.review.call
        part = call.request.subresource
        namespace = call.namespace
        if call.resource == ("", "namespaces"):
            namespace = self.name
        asked: Object = {
            "uid": uid,
            "kind": self._kind(kind),
            "resource": _resource(kind),
            **({"subResource": part} if part else {}),
            "requestKind": self._kind(call.kind),
            "requestResource": _resource(call.kind),
            **({"requestSubResource": part} if part else {}),
            **({"name": self.name} if self.name else {}),
            **({"namespace": namespace} if namespace else {}),
            "operation": review.operation,
            "userInfo": user_info(call.caller),
            "object": obj,
            "oldObject": old,
            "dryRun": self.dry_run,
            "options": None if review.connect else self._options(),
        }
        return asked

    def _kind(self, kind: Kind) -> Object:
        part = body_of(self.review)
        if part is not None:
            return {"group": part.group, "version": part.version, "kind": part.kind}
        if self.review.connect:
            assert self.obj is not None
            return {"group": "", "version": "v1", "kind": self.obj["kind"]}
        return {"group": kind.group, "version": kind.version, "kind": kind.kind}

    def _options(self) -> Object:
        review, query = self.review, self.review.call.request.query
        dry: Object = {"dryRun": ["All"]} if self.dry_run else {}
        if review.operation == "DELETE":
            return {"kind": "DeleteOptions", "apiVersion": _META, **dry, **_of(review.options)}
        kept = {key: query[key] for key in ("fieldManager", "fieldValidation") if query.get(key)}
        kind = "CreateOptions" if review.operation == "CREATE" else "UpdateOptions"
        return {"kind": kind, "apiVersion": _META, **dry, **kept}


def subject_of(review: Review) -> Subject:
    """For /scale the Scale, else what the review has."""
    kind = review.call.kind
    if review.call.request.subresource == "scale" and review.obj is not None:
        assert review.old is not None
        return Subject(review, scale_of(kind, review.obj), scale_before(kind, review.old))
    return Subject(review, review.obj, review.old)


def settle(definitions: Definitions, subject: Subject, obj: Object) -> None:
    """Take what a webhook made of the object: hold it to its schema, fill in defaults, put it in
    the review's place. Raises StatusError for what is no such object."""
    review = subject.review
    call, kind, part = review.call, review.call.kind, body_of(review)
    definition = part.definition if part is not None else ""
    definitions.conform(kind, obj, "Ignore", (), definition)
    if not isinstance(obj.get("metadata"), dict):
        obj["metadata"] = {}
    assert review.obj is not None
    if part is None:
        bodies.check_place(call, obj)
        name = review.obj["metadata"].get("name")
        if name and obj["metadata"].get("name") != name:
            raise status.bad_request(f"metadata.name must stay {status.quoted(name)}")
        apply_defaults(kind, obj)
    else:
        apply_subresource_defaults(part.kind, obj)
    subject.obj = obj
    new = obj
    if call.request.subresource == "scale":
        assert review.old is not None
        new = scaled(kind, review.old, obj)
    # In place: whoever asked for admission holds this very object.
    review.obj.clear()
    review.obj.update(new)


def event_as(kind: Kind, obj: Object) -> Object:
    """An Event in the form of that kind."""
    if events.is_new_form(kind) is (obj.get("apiVersion") != "v1"):
        return obj
    return events.from_core(obj) if events.is_new_form(kind) else events.to_core(obj)


def body_of(review: Review) -> Subresource | None:
    """The subresource whose body webhooks see, None where it is the object itself."""
    if review.connect:
        return None
    part = review.part or review.call.kind.subresources.get(review.call.request.subresource)
    return part if part is not None and part.kind else None


def _resource(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "resource": kind.plural}


def _of(options: DeleteOptions | None) -> Object:
    if options is None:
        return {}
    found: Object = {}
    if options.grace is not None:
        found["gracePeriodSeconds"] = options.grace
    if options.propagation:
        found["propagationPolicy"] = options.propagation
    wanted = options.preconditions
    given = {"uid": wanted.uid, "resourceVersion": wanted.resource_version}
    stated = {key: value for key, value in given.items() if value is not None}
    if stated:
        found["preconditions"] = stated
    return found
