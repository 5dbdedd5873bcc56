"""Causes in Kubernetes' words."""

from cluster.api.status import Cause
from cluster.api.validation import causes


def test_words() -> None:
    cases = (
        (causes.required("a"), "a: Required value", "FieldValueRequired"),
        (causes.required("a", "why"), "a: Required value: why", "FieldValueRequired"),
        (causes.invalid("a", "x", "no"), 'a: Invalid value: "x": no', "FieldValueInvalid"),
        (causes.invalid("a", 3, "no"), "a: Invalid value: 3: no", "FieldValueInvalid"),
        (causes.invalid("a", True, "no"), "a: Invalid value: true: no", "FieldValueInvalid"),
        (causes.invalid("a", {"b": 1}, "no"), 'a: Invalid value: {"b":1}: no', "FieldValueInvalid"),
        (causes.duplicate("a", "x"), 'a: Duplicate value: "x"', "FieldValueDuplicate"),
        (causes.absent("a", "x"), 'a: Not found: "x"', "FieldValueNotFound"),
        (causes.forbidden("a", "no"), "a: Forbidden: no", "FieldValueForbidden"),
        (
            causes.unsupported("a", "x", ("c", "b")),
            'a: Unsupported value: "x": supported values: "b", "c"',
            "FieldValueNotSupported",
        ),
        (
            causes.too_long("a", 5),
            "a: Too long: may not be more than 5 bytes",
            "FieldValueTooLong",
        ),
        (causes.too_many("a", 6, 5), "a: Too many: 6: must have at most 5 items",
         "FieldValueTooMany"),
    )  # fmt: skip
    for cause, text, reason in cases:
        assert (cause.text(), cause.reason) == (text, reason)


def test_helpers_add_only_what_is_wrong() -> None:
    found: list[Cause] = []
    causes.one_of("a", "x", frozenset("x"), found)
    causes.not_negative("a", None, found)
    causes.not_negative("a", 0, found)
    causes.port_number("a", 65535, found)
    causes.each("a", "x", (), found)
    assert found == []
    causes.one_of("a", "", frozenset("x"), found)
    causes.one_of("a", "y", frozenset("x"), found)
    causes.not_negative("a", -1, found)
    causes.port_number("a", 65536, found)
    causes.port_number("a", "http", found)
    causes.each("a", "x", ("one", "two"), found)
    assert len(found) == 7
