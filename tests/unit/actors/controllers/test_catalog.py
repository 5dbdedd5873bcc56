"""The list of controllers, and what they watch."""

from cryptography.hazmat.primitives.asymmetric import ec

from actors.controllers.catalog import make_controllers
from actors.controllers.served import NAMESPACED, RESOURCES, by_identity, by_reference, custom
from cluster.api.resources import DEPLOYMENTS, EVENTS, PODS, Resource
from cluster.api.types import Object
from cluster.security import certificates
from tests.unit.actors.controllers.cluster import SETTINGS


def test_every_controller_has_a_name_of_its_own() -> None:
    key = certificates.key_pem(ec.derive_private_key(12345, ec.SECP256R1()))
    controllers = make_controllers(SETTINGS, "PEM", key)
    names = [controller.name for controller in controllers]
    assert len(set(names)) == len(names) == 22
    assert len(make_controllers(SETTINGS, "")) == 18
    assert all(len(set(item.resources)) == len(item.resources) for item in controllers)


def test_what_is_served() -> None:
    identities = {(item.group, item.plural) for item in RESOURCES}
    assert ("apps", "deployments") in identities and ("", "pods") in identities
    assert ("", "events") not in identities and EVENTS not in RESOURCES
    assert all(item.namespaced for item in NAMESPACED)
    # The constants that controllers ask by are the very keys of the informers.
    assert DEPLOYMENTS in RESOURCES and PODS in NAMESPACED
    assert by_reference("apps/v1", "Deployment") == DEPLOYMENTS
    assert by_reference("v1", "Pod") == PODS
    assert by_reference("example.com/v1", "Widget") is None


def test_custom_resources_of_established_definitions() -> None:
    names = {"plural": "widgets", "kind": "Widget"}
    made: Object = {
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "versions": [
                {"name": "v2", "served": True},
                {"name": "v1", "served": True, "storage": True},
                {"name": "v0"},
            ],
        },
        "status": {
            "acceptedNames": names,
            "conditions": [{"type": "Established", "status": "True"}],
        },
    }
    widgets = Resource("example.com", "v1", "widgets", "Widget")
    assert custom([made]) == (widgets,)
    assert by_reference("example.com/v2", "Widget", (widgets,)) == widgets
    assert by_identity("example.com", "widgets", (widgets,)) == widgets
    assert by_identity("example.com", "widgets") is None
    assert custom([{**made, "status": {"acceptedNames": names}}]) == ()
    assert custom([{**made, "spec": {**made["spec"], "group": "apps"}}]) == ()
