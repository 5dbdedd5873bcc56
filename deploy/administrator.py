"""The launcher's own access to the API server, as the administrator of the cluster."""

from cluster.settings import ClusterSettings
from deploy import pki
from deploy.client import Client


def client(settings: ClusterSettings, server: str = "") -> Client:
    """A client with the administrator's certificate; by default of whichever replica answers."""
    return Client(
        server or settings.network.shared_api,
        pki.path(settings, "ca.crt"),
        pki.path(settings, "admin.crt"),
        pki.path(settings, "admin.key"),
    )


def await_ready(settings: ClusterSettings, seconds: float) -> None:
    """Return once a replica serves a cluster that has been set up.

    Raises Unreachable or ApiError with what the last try said.
    """
    client(settings).patiently(lambda: client(settings).probe("/readyz"), seconds)
