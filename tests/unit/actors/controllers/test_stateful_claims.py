"""Claims: made before their pod, and owned so that the policy comes true."""

from typing import Any

import pytest

from actors.controllers.plan import Create, Patch
from actors.controllers.stateful_claims import lacking, make_claim, retain
from cluster.api.resources import PERSISTENT_VOLUME_CLAIMS
from cluster.api.types import Object
from tests.unit.actors.controllers.stateful import (
    GOING,
    claim_template,
    make_stateful,
    pod,
    view_of,
)


def stateful_with(deleted: str = "Retain", scaled: str = "Retain") -> Object:
    return make_stateful(
        volumeClaimTemplates=[claim_template("data"), claim_template("logs")],
        persistentVolumeClaimRetentionPolicy={"whenDeleted": deleted, "whenScaled": scaled},
    )


def claim(name: str, *owners: tuple[str, str, str], **meta: Any) -> Object:
    """``owners``: (kind, name, uid)."""
    references = [
        {"kind": kind, "name": of, "uid": uid, "controller": True} for kind, of, uid in owners
    ]
    fields: Object = {"name": name, "namespace": "default", **meta}
    if references:
        fields["ownerReferences"] = references
    return {"kind": "PersistentVolumeClaim", "metadata": fields, "spec": {}}


def test_what_a_claim_is_made_of() -> None:
    template = claim_template("data")
    template["metadata"]["labels"] = {"tier": "gold"}
    made = make_claim(stateful_with(), template, 2)
    meta = made["metadata"]
    assert (meta["name"], meta["namespace"]) == ("data-web-2", "default")
    assert meta["labels"] == {"tier": "gold", "app": "web"}
    assert "ownerReferences" not in meta
    assert made["spec"] == template["spec"]
    owned = make_claim(stateful_with(deleted="Delete"), template, 2)
    assert owned["metadata"]["ownerReferences"][0]["uid"] == "uid-web"


def test_missing_claims_are_made() -> None:
    found = lacking(stateful_with(), 1, view_of(claim("data-web-1"), claim("logs-web-0")))
    (create,) = found.creates
    assert isinstance(create, Create) and create.resource == PERSISTENT_VOLUME_CLAIMS
    assert create.obj["metadata"]["name"] == "logs-web-1" and not found.waiting


@pytest.mark.parametrize(
    "old",
    [claim("data-web-1", **GOING), claim("data-web-1", ("Pod", "web-1", "uid-old"))],
    ids=["being deleted", "of a pod that is gone"],
)
def test_the_claim_of_an_earlier_pod_is_waited_for(old: Object) -> None:
    found = lacking(stateful_with(), 1, view_of(old, claim("logs-web-1")))
    assert found == ([], True)


@pytest.mark.parametrize(
    ("deleted", "scaled", "wanted", "owner"),
    [
        ("Retain", "Retain", True, None),
        ("Retain", "Retain", False, None),
        ("Delete", "Retain", True, "uid-web"),
        ("Delete", "Retain", False, "uid-web"),
        ("Retain", "Delete", True, None),
        ("Retain", "Delete", False, "uid-1"),
        ("Delete", "Delete", True, "uid-web"),
        ("Delete", "Delete", False, "uid-1"),
    ],
)
@pytest.mark.parametrize(
    "before",
    [(), (("StatefulSet", "web", "uid-web"),), (("Pod", "web-1", "uid-1"),)],
    ids=["unowned", "of the set", "of the pod"],
)
def test_who_owns_a_claim(
    deleted: str, scaled: str, wanted: bool, owner: str | None, before: Any
) -> None:
    stateful = stateful_with(deleted, scaled)
    view = view_of(claim("data-web-1", *before))
    patches = retain(stateful, 1, pod(stateful, 1), wanted, view)
    present = before[0][2] if before else None
    if present == owner:
        assert patches == []
        return
    (patch,) = patches
    assert isinstance(patch, Patch)
    assert patch.patch["metadata"]["resourceVersion"]
    owners = patch.patch["metadata"]["ownerReferences"] or []
    assert [item["uid"] for item in owners] == ([owner] if owner else [])


def test_others_owners_stay_and_a_controller_of_another_kind_decides() -> None:
    stateful = stateful_with("Delete", "Delete")
    plain = claim("data-web-1")
    plain["metadata"]["ownerReferences"] = [{"kind": "Team", "name": "t", "uid": "u"}]
    (patch,) = retain(stateful, 1, pod(stateful, 1), True, view_of(plain))
    assert isinstance(patch, Patch)
    uids = [item["uid"] for item in patch.patch["metadata"]["ownerReferences"]]
    assert uids == ["u", "uid-web"]
    foreign = claim("data-web-1", ("Backup", "b", "u"))
    assert retain(stateful, 1, pod(stateful, 1), True, view_of(foreign)) == []
    going = claim("data-web-1", **GOING)
    assert retain(stateful, 1, pod(stateful, 1), True, view_of(going)) == []
