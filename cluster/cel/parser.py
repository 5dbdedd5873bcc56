"""Tokens to a tree, by recursive descent with bounds. Source: CEL language definition, "Syntax";
optional syntax of cel-go (``a.?b``, ``a[?b]``, ``[?a]``, ``{?k: v}``).

Must not know: types.
"""

from cluster.cel import macros
from cluster.cel.source import Source
from cluster.cel.syntax import (
    And,
    Call,
    Conditional,
    Ident,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    ObjectLiteral,
    Or,
    Select,
)
from cluster.cel.tokens import RESERVED, Token, tokens
from cluster.cel.values import INT_MAX, UInt

# As cel-go bounds it.
SIZE_MAX = 100_000
# Of brackets within brackets, and of operators in a row: what Python's own stack has room for.
DEPTH_MAX = 50
CHAIN_MAX = 200
_RELATIONS = ("<", "<=", ">=", ">", "==", "!=")
_KEYWORDS = {"true": True, "false": False, "null": None}


def parse(source: Source) -> Node:
    """Raises CelCompileError."""
    if len(source.text) > SIZE_MAX:
        size = f"size: {len(source.text)}, limit {SIZE_MAX}"
        raise source.error(0, f"expression code point size exceeds limit: {size}")
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        found = self._expression()
        if self._peek.kind != "end":
            raise self._unexpected("<EOF>")
        return found

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *signs: str) -> bool:
        token = self._peek
        return token.kind == "sign" and token.text in signs

    def _take(self, sign: str) -> Token | None:
        return self._next() if self._is(sign) else None

    def _expect(self, sign: str) -> Token:
        if not self._is(sign):
            raise self._unexpected(f"'{sign}'")
        return self._next()

    def _unexpected(self, wanted: str) -> Exception:
        token = self._peek
        text = f"Syntax error: mismatched input '{token.text}' expecting {wanted}"
        return self._source.error(token.offset, text)

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._source.error(
                self._peek.offset, f"expression recursion limit exceeded: {DEPTH_MAX}"
            )
        test = self._or()
        mark = self._take("?")
        if mark:
            yes = self._or()
            self._expect(":")
            test = Conditional(mark.offset, test, yes, self._expression())
        self._depth -= 1
        return test

    def _or(self) -> Node:
        items, offsets = [self._and()], []
        while sign := self._take("||"):
            offsets.append(sign.offset)
            items.append(self._and())
        return _balanced(Or, items, offsets)

    def _and(self) -> Node:
        items, offsets = [self._relation()], []
        while sign := self._take("&&"):
            offsets.append(sign.offset)
            items.append(self._relation())
        return _balanced(And, items, offsets)

    def _relation(self) -> Node:
        left = self._sum()
        for _ in range(CHAIN_MAX):
            if self._is(*_RELATIONS):
                sign = self._next()
                left = Call(sign.offset, f"_{sign.text}_", None, (left, self._sum()))
            elif self._peek.kind == "name" and self._peek.text == "in":
                sign = self._next()
                left = Call(sign.offset, "@in", None, (left, self._sum()))
            else:
                return left
        raise self._too_long()

    def _sum(self) -> Node:
        left = self._product()
        for _ in range(CHAIN_MAX):
            if not self._is("+", "-"):
                return left
            sign = self._next()
            left = Call(sign.offset, f"_{sign.text}_", None, (left, self._product()))
        raise self._too_long()

    def _product(self) -> Node:
        left = self._unary()
        for _ in range(CHAIN_MAX):
            if not self._is("*", "/", "%"):
                return left
            sign = self._next()
            left = Call(sign.offset, f"_{sign.text}_", None, (left, self._unary()))
        raise self._too_long()

    def _too_long(self) -> Exception:
        return self._source.error(
            self._peek.offset, f"expression recursion limit exceeded: {CHAIN_MAX}"
        )

    def _unary(self) -> Node:
        if not self._is("!", "-"):
            return self._member()
        first = self._peek
        count = 0
        while self._is(first.text):
            last = self._next()
            count += 1
        token = self._peek
        if first.text == "-" and token.kind == "literal" and type(token.value) in (int, float):
            # The sign belongs to the literal: there is no other way to write the least int.
            self._next()
            literal = self._literal(Token("literal", token.text, last.offset, -token.value))
            operand, count = self._suffixes(literal), count - 1
        else:
            operand = self._member()
        if count % 2 == 0:
            return operand
        return Call(first.offset, "!_" if first.text == "!" else "-_", None, (operand,))

    def _member(self) -> Node:
        return self._suffixes(self._primary())

    def _suffixes(self, left: Node) -> Node:
        for _ in range(CHAIN_MAX):
            if dot := self._take("."):
                left = self._selected(left, dot)
            elif bracket := self._take("["):
                optional = self._take("?") is not None
                key = self._expression()
                self._expect("]")
                left = Index(bracket.offset, left, key, optional)
            else:
                return left
        raise self._too_long()

    def _selected(self, left: Node, dot: Token) -> Node:
        optional = self._take("?") is not None
        name = self._next()
        if name.kind not in ("name", "quoted") or name.text in ("in", *_KEYWORDS):
            self._at -= 1
            raise self._unexpected("IDENTIFIER")
        if name.kind == "name" and not optional and self._is("("):
            opening = self._next()
            return self._call(opening.offset, name.text, left, self._arguments(")"))
        return Select(dot.offset, left, name.text, optional)

    def _call(self, offset: int, name: str, target: Node | None, args: tuple[Node, ...]) -> Node:
        found = macros.expand(self._source, offset, name, target, args)
        return found if found is not None else Call(offset, name, target, args)

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self._is(closing):
            found.append(self._expression())
            if not self._take(","):
                break
        self._expect(closing)
        return tuple(found)

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "literal":
            return self._literal(token)
        if token.kind == "sign":
            match token.text:
                case "(":
                    found = self._expression()
                    self._expect(")")
                    return found
                case "[":
                    return self._list(token)
                case "{":
                    return self._map(token)
                case "." if self._peek.kind == "name":
                    name = self._next()
                    return self._named(Token("name", "." + name.text, token.offset))
        if token.kind == "name":
            return self._named(token)
        self._at -= 1
        raise self._unexpected("an expression")

    def _literal(self, token: Token) -> Node:
        if type(token.value) is int and not isinstance(token.value, UInt) and token.value > INT_MAX:
            raise self._source.error(token.offset, "invalid int literal")
        return Literal(token.offset, token.value)

    def _named(self, token: Token) -> Node:
        if token.text in _KEYWORDS:
            return Literal(token.offset, _KEYWORDS[token.text])
        if token.text == "in":
            self._at -= 1
            raise self._unexpected("an expression")
        if token.text in RESERVED:
            raise self._source.error(token.offset, f"reserved identifier: {token.text}")
        if self._is("("):
            opening = self._next()
            return self._call(opening.offset, token.text, None, self._arguments(")"))
        name = self._type_name(token.text)
        if name is not None:
            return self._object(token, name)
        return Ident(token.offset, token.text)

    def _type_name(self, first: str) -> str | None:
        """The name, if an object of a named type begins here; else nothing is taken."""
        start, name = self._at, first
        while self._is(".") and self._tokens[self._at + 1].kind == "name":
            self._next()
            name += "." + self._next().text
        if self._is("{"):
            return name
        self._at = start
        return None

    def _object(self, token: Token, name: str) -> Node:
        opening = self._expect("{")
        fields: list[tuple[str, Node]] = []
        optional: set[int] = set()
        while not self._is("}"):
            if self._take("?"):
                optional.add(len(fields))
            field = self._next()
            if field.kind not in ("name", "quoted"):
                self._at -= 1
                raise self._unexpected("IDENTIFIER")
            self._expect(":")
            fields.append((field.text, self._expression()))
            if not self._take(","):
                break
        self._expect("}")
        return ObjectLiteral(opening.offset, name, tuple(fields), frozenset(optional))

    def _list(self, token: Token) -> Node:
        items: list[Node] = []
        optional: set[int] = set()
        while not self._is("]"):
            if self._take("?"):
                optional.add(len(items))
            items.append(self._expression())
            if not self._take(","):
                break
        self._expect("]")
        return ListLiteral(token.offset, tuple(items), frozenset(optional))

    def _map(self, token: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        optional: set[int] = set()
        while not self._is("}"):
            if self._take("?"):
                optional.add(len(entries))
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._take(","):
                break
        self._expect("}")
        return MapLiteral(token.offset, tuple(entries), frozenset(optional))


def _balanced(kind: type[And] | type[Or], items: list[Node], offsets: list[int]) -> Node:
    """As a tree of little depth, however long the chain."""
    if len(items) == 1:
        return items[0]
    middle = (len(items) + 1) // 2
    left = _balanced(kind, items[:middle], offsets[: middle - 1])
    right = _balanced(kind, items[middle:], offsets[middle:])
    return kind(offsets[middle - 1], left, right)
