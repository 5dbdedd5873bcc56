"""FlowSchemas say whether their priority level is there."""

from typing import Any

from actors.controllers.flow_schemas import ALL, plan
from actors.controllers.plan import Update
from cluster.api.resources import FLOW_SCHEMAS, PRIORITY_LEVELS
from cluster.api.timestamps import rfc3339
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster
from tests.unit.actors.controllers.views import NOW, make_view

RESOURCES = (FLOW_SCHEMAS, PRIORITY_LEVELS)
TEXT = 'This FlowSchema references the PriorityLevelConfiguration object named "slow" '


def schema(name: str = "s", *conditions: Any, level: str = "slow") -> dict[str, Any]:
    spec = {"priorityLevelConfiguration": {"name": level}}
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": [*conditions]}}


def written(*objects: Any) -> list[dict[str, Any]]:
    view = make_view(*objects, resources=RESOURCES)
    found = []
    for action in plan(ALL, view, NOW):
        assert isinstance(action, Update) and action.subresource == "status"
        found.append(action.obj)
    return found


def test_a_level_that_is_there_and_one_that_is_not() -> None:
    [lost] = written((FLOW_SCHEMAS, schema()))
    dangling = {
        "type": "Dangling",
        "status": "True",
        "lastTransitionTime": rfc3339(NOW),
        "reason": "NotFound",
        "message": f"{TEXT}but there is no such object",
    }
    assert lost["status"]["conditions"] == [dangling]
    other = {"type": "Other", "status": "True"}
    level = (PRIORITY_LEVELS, {"metadata": {"name": "slow"}})
    [found] = written((FLOW_SCHEMAS, schema("s", dangling, other)), level)
    first, second = found["status"]["conditions"]
    assert first == other and (second["status"], second["reason"]) == ("False", "Found")
    assert second["message"] == f"{TEXT}and it exists"
    assert written((FLOW_SCHEMAS, schema("s", second)), level) == []
    assert written((FLOW_SCHEMAS, schema("s", dangling))) == []


@in_cluster
async def test_it_follows_levels_that_come_and_go(cluster: Cluster) -> None:
    def status() -> str:
        found = cluster.state.find(FLOW_SCHEMAS, "", "s") or {}
        conditions = (found.get("status") or {}).get("conditions") or [{}]
        return str(conditions[0].get("status"))

    cluster.state.put(FLOW_SCHEMAS, schema())
    await until(lambda: status() == "True")
    cluster.state.put(PRIORITY_LEVELS, {"metadata": {"name": "slow"}})
    await until(lambda: status() == "False")
    cluster.state.remove(PRIORITY_LEVELS, "", "slow")
    await until(lambda: status() == "True")
