"""Aggregated roles show what they gather."""

from typing import Any

from actors.controllers.cluster_role_aggregation import ALL, plan
from actors.controllers.plan import Update
from cluster.api.resources import CLUSTER_ROLES
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster
from tests.unit.actors.controllers.views import NOW, make_view

RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def part(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}, "rules": [{**RULE, "resources": [name]}]}


def whole(name: str, collects: str, **labels: str) -> dict[str, Any]:
    selector = {"matchLabels": {collects: "yes"}}
    return {
        "metadata": {"name": name, "labels": labels},
        "aggregationRule": {"clusterRoleSelectors": [selector]},
        "rules": [],
    }


def test_wholes_of_wholes_and_no_change_where_all_is_right() -> None:
    roles = [whole("top", "t"), whole("middle", "m", t="yes"), part("pods", m="yes"), part("x")]
    view = make_view(*((CLUSTER_ROLES, role) for role in roles))
    actions = plan(ALL, view, NOW)
    updated = {item.obj["metadata"]["name"]: item.obj for item in actions if type(item) is Update}
    assert set(updated) == {"top", "middle"} and len(actions) == 2
    assert (
        updated["top"]["rules"] == updated["middle"]["rules"] == [{**RULE, "resources": ["pods"]}]
    )
    settled = [{**role, "rules": [RULE]} for role in (part("pods", m="yes"), whole("middle", "m"))]
    assert plan(ALL, make_view(*((CLUSTER_ROLES, role) for role in settled)), NOW) == []


@in_cluster
async def test_a_new_part_joins(cluster: Cluster) -> None:
    cluster.state.put(CLUSTER_ROLES, whole("team", "team"))
    cluster.state.put(CLUSTER_ROLES, part("pods", team="yes"))

    def joined() -> bool:
        found = cluster.state.find(CLUSTER_ROLES, "", "team")
        return found is not None and found["rules"] == [{**RULE, "resources": ["pods"]}]

    await until(joined)
