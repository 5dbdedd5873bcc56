"""A new claim, volume or class of volume attributes gets the finalizer that keeps it while it is
in use.

Source: docs "Admission Controllers": StorageObjectInUseProtection; "Persistent Volumes", Storage
Object in Use Protection. Must not know who uses it, nor who takes the finalizer away.
"""

from actors.apiserver.admission.plugin import Review
from cluster.api.storage_finalizers import FINALIZERS


async def admit(review: Review) -> None:
    """Add the finalizer to what is created."""
    finalizer = FINALIZERS.get(review.call.resource)
    if finalizer is None or review.operation != "CREATE" or review.call.request.subresource:
        return
    assert review.obj is not None
    metadata = review.obj["metadata"]
    held = metadata.get("finalizers") or []
    if finalizer not in held:
        metadata["finalizers"] = [*held, finalizer]
