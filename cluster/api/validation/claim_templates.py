"""Rules of a claim that is made for a pod and goes with it (generic ephemeral
volumes), or that a StatefulSet makes for its pods.

Source: docs "Ephemeral Volumes"; API reference, PersistentVolumeClaimTemplate. Must not know pods.
"""

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.claims import check_claim_spec
from cluster.api.validation.metadata import check_annotations, check_labels


def check_claim_template(path: str, template: Object, found: list[Cause]) -> None:
    """Of metadata only labels and annotations; a spec as a claim has it."""
    metadata = template.get("metadata") or {}
    check_annotations(f"{path}.metadata.annotations", metadata.get("annotations") or {}, found)
    check_labels(f"{path}.metadata.labels", metadata.get("labels") or {}, found)
    for name, value in metadata.items():
        if value and name not in ("annotations", "labels"):
            found.append(causes.forbidden(f"{path}.metadata.{name}", "cannot be set"))
    check_claim_spec(f"{path}.spec", template.get("spec") or {}, found)
