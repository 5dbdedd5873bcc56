"""Functions of texts at their edges."""

from typing import Any

import pytest

from cluster.cel.program import CelError, Declarations, compile_expression
from cluster.cel.types import STRING

DECLARED = Declarations({"s": STRING})


def value(source: str, text: str = "") -> Any:
    return compile_expression(source, DECLARED).evaluate({"s": text})


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("s.indexOf('😀')", "aü😀b", 2),
        ("s.charAt(2)", "aü😀b", "😀"),
        ("s.substring(1, 3)", "aü😀b", "ü😀"),
        ("s.substring(4)", "aü😀b", ""),
        ("s.lastIndexOf('')", "aü😀b", 4),
        ("s.indexOf('a')", "", -1),
        ("s.indexOf('a', 9)", "banana", -1),
        ("s.lastIndexOf('a', 9)", "banana", -1),
        ("s.lastIndexOf('na', 3)", "banana", 2),
        ("s.lastIndexOf('nana', 5)", "banana", 2),
        ("s.lowerAscii()", "ÄBC", "Äbc"),
        ("s.upperAscii()", "äbcß", "äBCß"),
        ("s.replace('', '-')", "ab", "-a-b-"),
        ("s.replace('', '-', 1)", "", "-"),
        ("s.replace('a', 'b', 0)", "aa", "aa"),
        ("s.replace('a', 'b', -1)", "aa", "bb"),
        ("s.split('')", "aü", ["a", "ü"]),
        ("s.split(',')", "", [""]),
        ("s.split(',', 0)", "a,b", []),
        ("s.split(',', 1)", "a,b", ["a,b"]),
        ("s.split(',', -1)", "a,b", ["a", "b"]),
        ("s.trim()", "\u00a0\u2003x\u200b\n", "x\u200b"),
        ("strings.quote(s)", 'a\a\b\f\n\r\t\v\\"\x01', '"a\\a\\b\\f\\n\\r\\t\\v\\\\\\"\x01"'),
    ],
)
def test_texts(source: str, text: str, expected: Any) -> None:
    assert value(source, text) == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("s.indexOf('a', -1)", "index out of range: -1"),
        ("s.lastIndexOf('a', -1)", "index out of range: -1"),
        ("s.charAt(-1)", "index out of range: -1"),
        ("s.substring(7)", "index out of range: 7"),
        ("s.substring(7, 6)", "invalid substring range. start: 7, end: 6"),
        ("s.substring(0, 7)", "index out of range: 7"),
    ],
)
def test_refused_positions(source: str, text: str) -> None:
    with pytest.raises(CelError) as refused:
        value(source, "banana")
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'%d%%'.format([5])", "5%"),
        ("'%s'.format([1.0 / 0.0])", "+Inf"),
        ("'%s'.format([[1.5, 2.0]])", "[1.500000, 2.000000]"),
        ("'%s'.format([[dyn('a\"b'), dyn(b'c')]])", '["a\\"b", b"c"]'),
        ("'%s'.format([[duration('1h')]])", '[duration("3600s")]'),
        ("'%s'.format([{2: 'x', 1: 'y'}])", '{1:"y", 2:"x"}'),
        ("'%s'.format([{true: [null]}])", "{true:[null]}"),
        ("'%f'.format([12345.678])", "12,345.678000"),
        ("'%.1f'.format([-0.26])", "-0.3"),
        ("'%.0f'.format([2.5])", "2"),
        ("'%f'.format(['NaN'])", "NaN"),
        ("'%f'.format(['-Infinity'])", "-∞"),
        ("'%e'.format([1052.032911275])", "1.052033×10⁰³"),
        ("'%e'.format([-0.5])", "-5.000000×10⁻⁰¹"),
        ("'%b %b'.format([true, -5])", "1 -101"),
        ("'%x %X %o'.format(['hi', b'\\xff', 8])", "6869 FF 10"),
    ],
)
def test_format(source: str, expected: str) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'%f'.format([1])", "fixed-point clause can only be used on doubles, was given int"),
        ("'%e'.format(['x'])", "scientific clause can only be used on doubles, was given string"),
        ("'%d'.format([1.0])", "decimal clause can only be used on integers, was given double"),
        ("'%o'.format([true])", "octal clause can only be used on integers, was given bool"),
        ("'%b'.format(['1'])", "formatted as binary, was given string"),
        ("'%q'.format(['1'])", 'unrecognized formatting clause "q"'),
        ("'%s %s'.format(['1'])", "index 1 out of range"),
    ],
)
def test_refused_formats(source: str, text: str) -> None:
    with pytest.raises(CelError) as refused:
        value(source)
    assert text in str(refused.value)
