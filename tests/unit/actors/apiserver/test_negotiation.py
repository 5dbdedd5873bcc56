"""Accept headers, as real clients send them."""

import pytest

from actors.apiserver.negotiation import check_json, negotiate
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
        ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "metadata"),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "metadata list"),
        (f"application/json;q=0.5,{TABLE};q=0.9", "table"),
        ("text/html, image/gif, *; q=.2, */*; q=.2", "object"),
    ],
)
def test_forms(accept: str, form: str) -> None:
    assert negotiate(accept) == (form, "v1")


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "table"),
        (f"application/json;as=Table;g=meta.k8s.io;v=v1beta1,{TABLE}", "table"),
        ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1", "metadata"),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1", "metadata list"),
    ],
)
def test_the_elder_version(accept: str, shape: str) -> None:
    found = negotiate(accept)
    assert (found.shape, found.api_version) == (shape, "meta.k8s.io/v1beta1")


def test_a_document_of_one_form() -> None:
    for accept in ("", "*/*", "application/json", f"{TABLE},application/json"):
        check_json(accept)
    for accept in (TABLE, "text/html", "application/json;as=APIGroupDiscoveryList;v=v2beta1"):
        with pytest.raises(StatusError) as refused:
            check_json(accept)
        assert refused.value.code == 406


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.kubernetes.protobuf",
        "text/html",
        "application/json;as=Table;v=v2;g=meta.k8s.io",
        "application/json;as=Table;v=v1alpha1;g=meta.k8s.io",
        "application/json;as=Table;v=v1beta1;g=apps",
        "application/json;q=0",
    ],
)
def test_what_cannot_be_given_is_406(accept: str) -> None:
    with pytest.raises(StatusError) as refused:
        negotiate(accept)
    assert refused.value.code == 406
