"""Which names a definition gets, when several of one group want the same.

Job: acceptedNames and the conditions NamesAccepted, Established and, for protected groups,
KubernetesAPIApprovalPolicyConformant. Source: the CustomResourceDefinition API reference.
Must not know who writes the status.
"""

from collections.abc import Iterable
from typing import Any

from cluster.api.custom.approval import condition_of
from cluster.api.custom.definition import ESTABLISHED, NAMES_ACCEPTED, is_true
from cluster.api.types import Object


def status_of(definition: Object, others: Iterable[Object], now: str) -> Object:
    """The status the definition should have; the same object if it has it. ``others``: all
    definitions (itself may be among them). ``now``: as metav1.Time."""
    spec, metadata = definition["spec"], definition["metadata"]
    status: Object = {**(definition.get("status") or {})}
    taken = [
        (item.get("status") or {}).get("acceptedNames") or {}
        for item in others
        if item["spec"]["group"] == spec["group"] and item["metadata"]["uid"] != metadata["uid"]
    ]
    accepted, accepting = _accepted(spec["names"], status.get("acceptedNames") or {}, taken)
    wanted = [accepting]
    if accepting["status"] == "True":
        wanted.append(_condition(
            ESTABLISHED, "True", "InitialNamesAccepted", "the initial names have been accepted"
        ))  # fmt: skip
    elif not is_true(definition, ESTABLISHED):
        wanted.append(_condition(ESTABLISHED, "False", "NotAccepted", "not all names are accepted"))
    approval = condition_of(definition)
    if approval is not None:
        wanted.append(approval)
    status["acceptedNames"] = accepted
    status["conditions"] = _merged(definition, wanted, now)
    stored = list(status.get("storedVersions") or ())
    storage = next(item["name"] for item in spec["versions"] if item.get("storage"))
    status["storedVersions"] = stored if storage in stored else [*stored, storage]
    return status


def _accepted(wanted: Object, before: Object, taken: list[Object]) -> tuple[Object, Object]:
    """(names that are accepted, the condition that says so). A name that is in use is refused: then
    what was accepted before stays. One that was accepted for something else is in use too."""
    taken = [*taken, before]
    words = {name for item in taken for name in (item.get("plural"), item.get("singular"))}
    words |= {name for item in taken for name in item.get("shortNames") or ()}
    kinds = {name for item in taken for name in (item.get("kind"), item.get("listKind"))}
    accepted: dict[str, Any] = {"plural": "", "kind": "", **before}
    refusal: Object | None = None
    for name, reason, used in (
        ("plural", "PluralConflict", words),
        ("singular", "SingularConflict", words),
        ("shortNames", "ShortNamesConflict", words),
        ("kind", "KindConflict", kinds),
        ("listKind", "ListKindConflict", kinds),
    ):
        value = wanted.get(name)
        mine = [before.get(name)]
        if name == "shortNames":
            mine = [before.get("plural"), before.get("singular"), *(before.get(name) or ())]
        asked = value if isinstance(value, list) else [value]
        clash = [one for one in asked if one and one in used and one not in mine]
        if clash:
            message = ", ".join(f'"{one}" is already in use' for one in clash)
            refusal = _condition(
                NAMES_ACCEPTED, "False", reason, f"[{message}]" if len(clash) > 1 else message
            )
        elif value:
            accepted[name] = value
        else:
            accepted.pop(name, None)
    if wanted.get("categories"):
        accepted["categories"] = wanted["categories"]
    else:
        accepted.pop("categories", None)
    agreed = _condition(NAMES_ACCEPTED, "True", "NoConflicts", "no conflicts found")
    return accepted, refusal or agreed


def _condition(kind: str, status: str, reason: str, message: str) -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def with_condition(
    definition: Object, kind: str, status: str, reason: str, message: str, now: str
) -> list[Object]:
    """The definition's conditions with this one set."""
    return _merged(definition, [_condition(kind, status, reason, message)], now)


def _merged(definition: Object, wanted: list[Object], now: str) -> list[Object]:
    """Those of the definition, each where it was, and new ones behind them."""
    changed = {item["type"]: item for item in wanted}
    found: list[Object] = []
    for old in (definition.get("status") or {}).get("conditions") or ():
        item = changed.pop(old.get("type"), None)
        if item is None:
            found.append(old)
            continue
        since = old.get("lastTransitionTime") if old.get("status") == item["status"] else None
        found.append({**item, "lastTransitionTime": since or now})
    return [*found, *({**item, "lastTransitionTime": now} for item in changed.values())]
