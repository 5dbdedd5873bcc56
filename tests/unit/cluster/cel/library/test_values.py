"""Values of libraries: what is one, what is none; questions that cannot be asked."""

from typing import Any

import pytest

from cluster.cel.functions import merged
from cluster.cel.library.authorizer import AUTHORIZER, AUTHORIZERS, CheckValue, DecisionValue
from cluster.cel.program import STANDARD, Budget, CelError, Declarations, compile_expression

ASKING = Declarations({"authorizer": AUTHORIZER}, merged(STANDARD, AUTHORIZERS))


def value(source: str) -> Any:
    given = {"authorizer": CheckValue(lambda question: DecisionValue(False, error="no answer"))}
    return compile_expression(source, ASKING).evaluate(given)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("authorizer.path(' ')", "path must not be empty"),
        ("authorizer.group('').resource('')", "resource must not be empty"),
        ("authorizer.serviceAccount('ns', 'A B')", "Invalid service account name"),
        ("authorizer.serviceAccount('a.b', 'name')", "Invalid service account namespace"),
    ],
)
def test_questions_that_cannot_be_asked(source: str, text: str) -> None:
    with pytest.raises(CelError) as refused:
        value(source)
    assert text in str(refused.value)


def test_no_answer() -> None:
    asked = "authorizer.group('').resource('pods').check('get')"
    assert value(f"{asked}.errored() && !{asked}.allowed()") is True
    assert value(f"{asked}.error()") == "no answer"


@pytest.mark.parametrize(
    ("function", "text", "expected"),
    [
        ("isQuantity", "1.5Gi", True),
        ("isQuantity", "-3e2", True),
        ("isQuantity", "", False),
        ("isQuantity", "1 Gi", False),
        ("isQuantity", "5K", False),
        ("isIP", "1.2.3.4", True),
        ("isIP", "1.2.3", False),
        ("isIP", "fe80::1%eth0", False),
        ("isCIDR", "10.0.0.0/8", True),
        ("isCIDR", "10.0.0.0/33", False),
        ("isCIDR", "10.0.0.0/08", False),
        ("isCIDR", "10.0.0.0", False),
        ("ip.isCanonical", "2001:db8::1", True),
        ("ip.isCanonical", "2001:DB8::0:1", False),
        ("isURL", "https://example.com:80/", True),
        ("isURL", "example.com", False),
        ("isSemver", "1.2.3-rc.1+build", True),
        ("isSemver", "1.02.3", False),
    ],
)
def test_what_is_one(function: str, text: str, expected: bool) -> None:
    assert value(f"{function}('{text}')") is expected


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\\1", "["])
def test_what_re2_refuses(pattern: str) -> None:
    with pytest.raises(CelError):
        value(f"'ab'.find('{pattern}')")


def test_all_that_is_found() -> None:
    assert value("'a1b22'.findAll('[0-9]+', 0)") == []
    assert value("'ü1'.find('.[0-9]')") == "ü1"
    assert value("'abc'.find('x')") == ""


def test_what_a_question_costs() -> None:
    asked = "authorizer.group('').resource('pods')"

    def spent(source: str) -> int:
        budget = Budget(1_000_000)
        decide = CheckValue(lambda question: DecisionValue(True))
        compile_expression(source, ASKING).evaluate({"authorizer": decide}, budget)
        return 1_000_000 - budget.left

    assert spent(f"{asked}.check('get')") == spent(asked) + 350_000
    # 11 characters: a list, two units of reading, six requirements.
    assert spent(f"{asked}.labelSelector('app=example')") == (spent(asked) + 10 + 2 + 6 * 50)
