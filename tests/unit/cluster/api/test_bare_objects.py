"""What every object of a kind holds by itself."""

from cluster.api import bare_objects
from cluster.api.bare_objects import bare_object
from cluster.api.custom.definition import kinds_of
from cluster.api.kinds import SERVED, by_kind
from tests.support.widgets import definition


def test_each_row_is_of_a_kind_and_has_its_metadata() -> None:
    known = {(kind.group, kind.kind) for kind in SERVED}
    assert set(bare_objects._BARE) <= known
    assert all(bare["metadata"] == {} for bare in bare_objects._BARE.values())


def test_parts_that_are_no_pointers() -> None:
    deployment = by_kind("apps", "v1", "Deployment")
    assert deployment is not None
    bare = bare_object(deployment)
    assert bare["status"] == {} and bare["spec"]["strategy"] == {}
    assert bare["spec"]["template"]["spec"] == {"containers": None}


def test_a_custom_resource_holds_nothing() -> None:
    status = {
        "acceptedNames": {"kind": "Widget", "plural": "widgets"},
        "conditions": [{"type": "Established", "status": "True"}],
    }
    (kind, *_) = kinds_of({**definition(), "status": status})
    assert bare_object(kind) == {}
