"""FlowSchemas: whether the priority level that each one sends its requests to is there.

Job: keep the condition Dangling, which ``kubectl get flowschemas`` shows as MISSINGPL. Source: docs
"API Priority and Fairness", FlowSchema; API reference, FlowSchemaCondition. Must not know requests:
one that such a schema matches is served as the API server decides.
"""

from collections.abc import Iterable

from actors.controllers.objects import condition, condition_of, is_terminating, name_of
from actors.controllers.plan import Action, Controller, Key, Update, View, Watch
from cluster.api.resources import FLOW_SCHEMAS, PRIORITY_LEVELS
from cluster.api.types import Object

DANGLING = "Dangling"
# A level that comes or goes concerns any schema: all are looked at in one plan.
ALL: Key = ("", "")


def plan(key: Key, view: View, now: float) -> list[Action]:
    """``key``: ``ALL``."""
    levels = {name_of(level) for level in view.list(PRIORITY_LEVELS)}
    actions: list[Action] = []
    for schema in view.list(FLOW_SCHEMAS):
        before = condition_of(schema, DANGLING)
        after = _condition(schema, levels, before, now)
        if after == before or is_terminating(schema):
            continue
        status = schema.get("status") or {}
        others = [c for c in status.get("conditions") or () if c.get("type") != DANGLING]
        written = {**status, "conditions": [*others, after]}
        actions.append(Update(FLOW_SCHEMAS, {**schema, "status": written}, "status"))
    return actions


def _condition(schema: Object, levels: set[str], before: Object | None, now: float) -> Object:
    level = ((schema.get("spec") or {}).get("priorityLevelConfiguration") or {}).get("name") or ""
    text = f'This FlowSchema references the PriorityLevelConfiguration object named "{level}" '
    if level in levels:
        return condition(DANGLING, "False", "Found", f"{text}and it exists", now, before)
    missing = f"{text}but there is no such object"
    return condition(DANGLING, "True", "NotFound", missing, now, before)


def all_keys(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """One key whatever changed."""
    return [ALL]


CONTROLLER = Controller(
    "flowschema-controller",
    (Watch(FLOW_SCHEMAS, all_keys), Watch(PRIORITY_LEVELS, all_keys)),
    plan,
)
