"""Accept headers, as real clients send them."""

import pytest

from actors.apiserver.negotiation import negotiate
from cluster.errors import StatusError

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "object"),
        ("application/json", "object"),
        ("*/*", "object"),
        (f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "table"),
        ("application/vnd.kubernetes.protobuf,application/json", "object"),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "metadata"),
        (f"application/json;q=0.5,{TABLE};q=0.9", "table"),
        ("text/html, image/gif, *; q=.2, */*; q=.2", "object"),
    ],
)
def test_forms(accept: str, form: str) -> None:
    assert negotiate(accept) == form


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.kubernetes.protobuf",
        "text/html",
        "application/json;as=Table;v=v2;g=meta.k8s.io",
        "application/json;q=0",
    ],
)
def test_what_cannot_be_given_is_406(accept: str) -> None:
    with pytest.raises(StatusError) as refused:
        negotiate(accept)
    assert refused.value.code == 406
