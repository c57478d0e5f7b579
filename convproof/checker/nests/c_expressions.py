"""Reads the expressions and statements of the small part of C++ that loop bounds are written in.

Whatever is not understood is refused with its file and line; nothing is skipped silently, but what has no
bearing on indices (types, ``const``, hints to the compiler).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from convproof.symbolic.nests.syntax import Braces, CountedLoop, Declare, Lambda, NotModelled, Remainder, Step

__all__ = ["Reader", "Token", "parameter_names", "tokens_of"]

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\#(?:\\\n|[^\n])*)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<number>\d[\w.']*)"
    r"|(?P<text>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<sign><<=|>>=|\.\.\.|->|::|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|[-+*/%<>=!&|^~?:;,.(){}\[\]])",
    re.DOTALL,
)
_HINTS = {"CONVPROOF_UNROLL", "CONVPROOF_INLINE", "CONVPROOF_NOINLINE", "CONVPROOF_LAMBDA_INLINE", "template"}
_QUALIFIERS = {"const", "static", "constexpr", "inline", "mutable", "explicit"}
_CASTS = {"static_cast", "int64_t", "int", "T", "size_t"}
_NOT_TYPES = {"return", "if", "else", "for", "while", "do", "continue", "break", "switch", "case", "goto"}
_NOT_TYPES |= {"throw", "new", "delete"}
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",), ("&&",), ("|",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_ARITHMETIC: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "%": Remainder, "|": ast.BitOr,
}  # fmt: skip
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
_ASSIGNMENTS = {"+=": ast.Add, "-=": ast.Sub, "*=": ast.Mult}

Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Token:
    """A word, number or sign of a source, with its line."""

    text: str
    line: int
    kind: str


def tokens_of(text: str, file: str) -> list[Token]:
    """Cut a source into tokens, without comments and lines for the preprocessor."""
    tokens, at, line = [], 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotModelled(f"{file}:{line}: cannot read {text[at : at + 20]!r}")
        kind = match.lastgroup or ""
        if kind != "skip" and match[0] not in _HINTS:
            tokens.append(Token(match[0], line, kind))
        line += match[0].count("\n")
        at = match.end()
    return tokens


class Reader:
    """Reads statements and expressions from tokens."""

    def __init__(self, tokens: list[Token], file: str) -> None:
        self.tokens, self.file, self.at = tokens, file, 0

    # ------------------------------------------------------------------ tokens

    @property
    def next(self) -> str:
        """The token ahead, or nothing at the end."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def ahead(self, steps: int) -> Token:
        """Return a token further on."""
        at = self.at + steps
        return self.tokens[at] if at < len(self.tokens) else Token("", 0, "")

    def take(self, expected: str | None = None) -> str:
        """Step over the token ahead."""
        text = self.next
        if not text or (expected is not None and text != expected):
            self.refuse(f"expected {expected!r}" if expected else "the source ends")
        self.at += 1
        return text

    def takes(self, text: str) -> bool:
        """Step over the token ahead if it is this one."""
        if self.next != text:
            return False
        self.at += 1
        return True

    def refuse(self, why: str) -> NoReturn:
        """Raise NotModelled at the token ahead."""
        token = self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else Token("", 0, "")
        raise NotModelled(f"{self.file}:{token.line}: {why}, and found {token.text!r}")

    def place(self, node: Node, line: int) -> Node:
        """Note where in the source a node stands."""
        node.lineno, node.col_offset = line, 0  # type: ignore[attr-defined]
        return node

    @property
    def line(self) -> int:
        """Line of the token ahead."""
        return self.ahead(0).line

    def balanced(self, opening: str, closing: str) -> list[Token]:
        """Step over a bracketed stretch and return what stands between the brackets."""
        begin, depth = self.at + 1, 0
        while True:
            text = self.take()
            depth += (text == opening) - (text == closing)
            if text in (">>",) and closing == ">":
                depth -= 2
            if depth <= 0:
                return self.tokens[begin : self.at - 1]

    # ------------------------------------------------------------------ statements

    def statements(self) -> list[ast.stmt]:
        """Read statements up to the end of the tokens."""
        found: list[ast.stmt] = []
        while self.next:
            found += self.statement()
        return found

    def statement(self) -> list[ast.stmt]:
        """Read one statement; a block or a list of declarations gives several."""
        line = self.line
        if self.next == "{":
            return Reader(self.balanced("{", "}"), self.file).statements()
        if self.takes(";"):
            return []
        reading = {"if": self._if, "for": self._for, "while": self._while, "return": self._return}.get(self.next)
        if reading is not None:
            return [self.place(reading(), line)]
        for word, node in (("continue", ast.Continue), ("break", ast.Break)):
            if self.takes(word):
                self.take(";")
                return [self.place(node(), line)]
        if self._declares():
            found = self.declaration()
            self.take(";")
            return found
        found = self._simple()
        self.take(";")
        return found

    def _return(self) -> ast.stmt:
        self.take("return")
        value = None if self.next == ";" else self.expression()
        self.take(";")
        return ast.Return(value)

    def _if(self) -> ast.stmt:
        self.take("if")
        self.takes("constexpr")
        self.take("(")
        test = self.expression()
        self.take(")")
        body = self.statement()
        return ast.If(test, body, self.statement() if self.takes("else") else [])

    def _while(self) -> ast.stmt:
        self.take("while")
        self.take("(")
        test = self.expression()
        self.take(")")
        return CountedLoop([], test, [], self.statement())

    def _for(self) -> ast.stmt:
        self.take("for")
        self.take("(")
        start: list[ast.stmt] = []
        if not self.takes(";"):
            start = self.declaration() if self._declares() else self._simple()
            if self.takes(":"):
                each = start[0]
                assert isinstance(each, Declare)
                values = self.expression()
                self.take(")")
                return ast.For(ast.Name(each.name), values, self.statement(), [])
            self.take(";")
        test = self.expression()
        self.take(";")
        step = self._simple()
        self.take(")")
        return CountedLoop(start, test, step, self.statement())

    def _simple(self) -> list[ast.stmt]:
        """Read expressions and assignments parted by commas."""
        found: list[ast.stmt] = []
        while True:
            line, target = self.line, self.expression()
            node: ast.stmt = ast.Expr(target)
            if self.takes("="):
                node = ast.Assign([target], self.expression())
            elif self.next in _ASSIGNMENTS:
                operator = _ASSIGNMENTS[self.take()]()
                node = ast.AugAssign(target, operator, self.expression())  # type: ignore[arg-type]
            found.append(self.place(node, line))
            if not self.takes(","):
                return found

    def _declares(self) -> bool:
        """Tell whether a declaration stands ahead: a type, then a name."""
        start = self.at
        try:
            if self.next in _NOT_TYPES or self.ahead(0).kind != "word":
                return False
            qualified = self.next in _QUALIFIERS
            self.type_name()
            made = ("=", "{", ";", "[", ",", ":") + (("(",) if self.ahead(-1).text == ">" else ())
            return qualified or (self.ahead(0).kind == "word" and self.ahead(1).text in made)
        except NotModelled:
            return False
        finally:
            self.at = start

    def type_name(self) -> tuple[str, bool]:
        """Read a type: its name, and whether it is a reference or a pointer."""
        while self.next in _QUALIFIERS:
            self.take()
        name = self._qualified()
        if self.next == "<":
            self.balanced("<", ">")
        reference = False
        while self.next in ("*", "&", "&&", "const"):
            reference |= self.take() in ("*", "&", "&&")
        return name, reference

    def _qualified(self) -> str:
        self.takes("typename")
        if self.ahead(0).kind != "word":
            self.refuse("expected a name")
        name = self.take()
        while self.next == "::" and self.ahead(1).kind == "word":
            self.take()
            member = self.take()
            name = f"V::{member}" if name == "V" else member  # a vector's own: there are others of its names
        return name

    def declaration(self) -> list[ast.stmt]:
        """Read ``type a = value, b{value}, c;`` up to its end."""
        type_name, reference = self.type_name()
        found: list[ast.stmt] = []
        while True:
            line = self.line
            while self.next in ("*", "&"):
                self.take()
                reference = True
            name, value, sizes = self._qualified(), None, []
            while self.takes("["):
                sizes.append(self.expression())
                self.take("]")
            if self.takes("="):
                value = self.expression()
            elif self.next in ("{", "("):
                value = Braces(type_name, self.arguments("{" if self.next == "{" else "("))
            found.append(self.place(Declare(type_name, name, value, reference=reference, sizes=tuple(sizes)), line))
            if not self.takes(","):
                return found

    # ------------------------------------------------------------------ expressions

    def expression(self) -> ast.expr:
        """Read an expression."""
        line, test = self.line, self._level(0)
        if not self.takes("?"):
            return test
        body = self.expression()
        self.take(":")
        return self.place(ast.IfExp(test, body, self.expression()), line)

    def _level(self, level: int) -> ast.expr:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while self.next in _LEVELS[level]:
            line, sign = self.line, self.take()
            left = self.place(_joined(left, sign, self._level(level + 1)), line)
        return left

    def _unary(self) -> ast.expr:
        line = self.line
        if self.next in ("++", "--"):
            by = 1 if self.take() == "++" else -1
            return self.place(Step(self._unary(), by, after=True), line)
        if self.takes("-"):
            return self.place(ast.UnaryOp(ast.USub(), self._unary()), line)
        if self.takes("!"):
            return self.place(ast.UnaryOp(ast.Not(), self._unary()), line)
        if self.takes("*"):
            return self.place(ast.Subscript(self._unary(), ast.Constant(0)), line)
        return self._postfix(self._primary())

    def _postfix(self, node: ast.expr) -> ast.expr:
        while True:
            line = self.line
            if self.next in (".", "->"):
                self.take()
                node = ast.Attribute(node, self._qualified())
            elif self.next == "(":
                node = ast.Call(node, self.arguments("("), [])
            elif self.next == "<" and (constants := self._template_arguments()) is not None:
                if self.next == "(":  # a template variable is known by its name alone
                    node = ast.Call(node, self.arguments("("), [ast.keyword(None, constant) for constant in constants])
            elif self.takes("["):
                node = ast.Subscript(node, self.expression())
                self.take("]")
            elif self.next in ("++", "--"):
                node = Step(node, 1 if self.take() == "++" else -1, after=False)
            else:
                return node
            self.place(node, line)

    def _template_arguments(self) -> list[ast.expr] | None:
        """Step over ``<...>`` and read what stands between; None where ``<`` is a comparison."""
        start, depth = self.at, 0
        while self.ahead(0).kind in ("word", "number") or self.next in ("<", ">", "::", ",", "*", "+", "-"):
            text = self.take()
            depth += (text == "<") - (text == ">")
            if depth == 0:
                inside = self.tokens[start + 1 : self.at - 1]
                if self.next not in ("(", ">=", ";", ":"):
                    break
                return Reader([*inside, Token(")", self.line, "sign")], self.file).listed(")")
        self.at = start
        return None

    def arguments(self, opening: str) -> list[ast.expr]:
        """Read bracketed expressions parted by commas."""
        self.take(opening)
        return self.listed({"(": ")", "{": "}"}[opening])

    def listed(self, closing: str) -> list[ast.expr]:
        """Read expressions parted by commas up to a bracket."""
        found: list[ast.expr] = []
        while not self.takes(closing):
            found.append(self.expression())
            if self.next != closing:
                self.take(",")
        return found

    def _primary(self) -> ast.expr:
        token, line = self.ahead(0), self.line
        if token.kind == "number":
            self.take()
            return self.place(ast.Constant(self._number(token.text)), line)
        if self.takes("("):
            node = self.expression()
            self.take(")")
            return node
        if self.next == "{":
            return self.place(Braces("", self.arguments("{")), line)
        if self.next == "[":
            return self.place(self._lambda(), line)
        if token.kind != "word":
            self.refuse("expected an expression")
        name = self._qualified()
        if name in ("true", "false"):
            return self.place(ast.Constant(name == "true"), line)
        if name == "nullptr":
            return self.place(ast.Constant(None), line)
        if self.next == "{":
            return self.place(Braces(name, self.arguments("{")), line)
        if name in _CASTS and self.next in ("<", "("):
            if self.next == "<":
                self.balanced("<", ">")
            (value,) = self.arguments("(")
            return value
        return self.place(ast.Name(name), line)

    def _number(self, text: str) -> int:
        try:
            return int(text.replace("'", "").rstrip("uUlL"), 0)
        except ValueError:
            self.refuse("expected an integer")

    def _lambda(self) -> ast.expr:
        self.balanced("[", "]")
        parameters = parameter_names(Reader(self.balanced("(", ")"), self.file)) if self.next == "(" else []
        return Lambda(parameters, Reader(self.balanced("{", "}"), self.file).statements())


def parameter_names(reader: Reader) -> list[str]:
    """Read the parameters of a function; one that is not used may have no name."""
    names: list[str] = []
    while reader.next:
        reader.type_name()
        if reader.takes("..."):
            reader.refuse("expected one parameter")
        names.append(reader.take() if reader.ahead(0).kind == "word" else "")
        if reader.next:
            reader.take(",")
    return names


def _joined(left: ast.expr, sign: str, right: ast.expr) -> ast.expr:
    if sign in ("&&", "||"):
        return ast.BoolOp(ast.And() if sign == "&&" else ast.Or(), [left, right])
    if sign in _COMPARISONS:
        return ast.Compare(left, [_COMPARISONS[sign]()], [right])
    return ast.BinOp(left, _ARITHMETIC[sign](), right)
