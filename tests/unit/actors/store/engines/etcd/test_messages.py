"""The numbers of etcd's fields: one slip would speak of something else."""

import inspect

from actors.store.engines.etcd import messages
from actors.store.engines.etcd.protobuf import ProtoMessage


def test_every_field_has_a_number_of_its_own() -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(messages, inspect.isclass)
        if issubclass(kind, ProtoMessage) and kind is not ProtoMessage
    ]
    assert len(kinds) > 20
    for kind in kinds:
        assert set(kind.NUMBERS) == set(kind.__struct_fields__), kind
        assert len(set(kind.NUMBERS.values())) == len(kind.NUMBERS), kind
