"""The one list of all messages: class name to class, for the wire codec."""

from cluster.messages import apiserver, base, echo, kubelet, store, streams, tracing, ui
from cluster.messages.base import Message


def all_messages() -> dict[str, type[Message]]:
    """Every message class by its wire name. A new receiver's file is added here."""
    found: dict[str, type[Message]] = {}
    for module in (base, store, apiserver, kubelet, streams, tracing, echo, ui):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Message) and value is not Message:
                found[value.__name__] = value
    return found
