"""Names and labels of containers."""

from actors.kit.world.containers import Container
from actors.kubelet import labels

POD = {
    "metadata": {"uid": "u", "name": "web", "namespace": "shop"},
    "spec": {"terminationGracePeriodSeconds": 7},
}


def test_a_container_says_whose_it_is() -> None:
    base = labels.pod_labels("c", "n", POD)
    marked = labels.container_labels(base, {"name": "main", "image": "web"}, "s", 3)
    assert labels.engine_name(marked) == "k8s_main_web_shop_u_3"
    assert labels.node_labels("c", "n").items() <= marked.items()
    sandbox = labels.sandbox_labels(base, 0, "10.0.0.1")
    assert labels.engine_name(sandbox) == "k8s_POD_web_shop_u_0"


def test_orphans_are_known_by_their_labels() -> None:
    found = labels.pod_of_labels(labels.pod_labels("c", "n", POD))
    assert found["metadata"] == POD["metadata"]
    assert found["spec"]["terminationGracePeriodSeconds"] == 7


def test_hash_changes_with_the_image_only() -> None:
    one = labels.container_hash({"name": "a", "image": "x"})
    assert one == labels.container_hash({"name": "a", "image": "x", "args": ["y"]})
    assert one != labels.container_hash({"name": "a", "image": "z"})


def test_damaged_attempts_count_as_first() -> None:
    made = Container("i", "n", {labels.ATTEMPT: "x"}, "running", "", "")
    assert labels.attempt_of(made) == 0
