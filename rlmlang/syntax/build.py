"""Lark's tree to ours: one short method a rule, checked for type by mypy.

Problems met here (an unknown unit, a bad escape) are collected, not raised.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from lark import Token, Tree
from lark.tree import Meta

from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.syntax import tree as t
from rlmlang.syntax.mistakes import RESERVED, reserved_word

NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)([A-Za-z%]*)")
UNITS = ("tok", "ch", "B", "KB", "MB", "GB", "ms", "s", "min", "h", "%")
MULTIPLIERS = {"k": 1e3, "M": 1e6}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "0": "\0"}


class Builder:
    """Builds the syntax tree of one file; `problems` holds what was found on the way."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    def build(self, node: Any) -> Any:
        """The node of ours for a node of Lark's; None stays None."""
        if node is None:
            return None
        if isinstance(node, Token):
            return self._token(node)
        return getattr(self, node.data)(node.children, self._span(node.meta))

    def all(self, nodes: list[Any]) -> tuple[Any, ...]:
        """Builds what is there, leaving out absent optional parts."""
        return tuple(self.build(n) for n in nodes if n is not None)

    def _span(self, meta: Meta) -> Span:
        if meta.empty:
            return Span(self.source, 0, 0)
        return Span(self.source, meta.start_pos, meta.end_pos)

    def _token(self, token: Token) -> Any:
        start = token.start_pos or 0
        span = Span(self.source, start, start + len(token))
        if token.type == "NUMBER":
            return self._number(str(token), span)
        return t.Name(text=str(token), span=span)

    # ── the file and its declarations ────────────────────────────────────────

    def file(self, c: list[Any], span: Span) -> t.File:
        return t.File(edition=self.build(c[0]) or 0, items=self.all(c[1:]), span=span)

    def edition(self, c: list[Any], span: Span) -> int:
        return int(self._number(str(c[0]), span).value)

    def docs(self, c: list[Any], span: Span) -> str:
        return "\n".join(str(x)[3:].removeprefix(" ").rstrip() for x in c)

    def use(self, c: list[Any], span: Span) -> t.Use:
        docs, path, version, alias, names = c
        return t.Use(
            docs=self.build(docs), path=self._string(path), version=str(version or "")[1:],
            alias=self.build(alias), names=self.build(names) or (), span=span,
        )  # fmt: skip

    def names(self, c: list[Any], span: Span) -> tuple[t.Name, ...]:
        return self.all(c)

    generics = names

    def const(self, c: list[Any], span: Span) -> t.Const:
        docs, name, typed, value = (self.build(x) for x in c)
        return t.Const(docs=docs, name=name, typed=typed, value=value, span=span)

    def enum(self, c: list[Any], span: Span) -> t.Enum:
        return t.Enum(
            docs=self.build(c[0]), name=self.build(c[1]), variants=self.all(c[2:]), span=span
        )

    def variant(self, c: list[Any], span: Span) -> t.Variant:
        return t.Variant(docs=self.build(c[0]), name=self.build(c[1]), span=span)

    def record(self, c: list[Any], span: Span) -> t.Record:
        return t.Record(
            docs=self.build(c[0]), name=self.build(c[1]), fields=self.all(c[2:]), span=span
        )

    def field(self, c: list[Any], span: Span) -> t.Field:
        docs, name, typed, where = (self.build(x) for x in c)
        return t.Field(docs=docs, name=name, typed=typed, where=where, span=span)

    def model(self, c: list[Any], span: Span) -> t.Settings:
        return self._settings("model", c, span)

    def budget_decl(self, c: list[Any], span: Span) -> t.Settings:
        return self._settings("budget", c, span)

    def dataset(self, c: list[Any], span: Span) -> t.Settings:
        return self._settings("dataset", c, span)

    def _settings(self, word: str, c: list[Any], span: Span) -> t.Settings:
        docs, name, block = (self.build(x) for x in c)
        return t.Settings(word=word, docs=docs, name=name, block=block, span=span)

    def source_(self, c: list[Any], span: Span) -> t.SourceDecl:
        docs, name, typed, value = (self.build(x) for x in c)
        return t.SourceDecl(docs=docs, name=name, typed=typed, value=value, span=span)

    def partition(self, c: list[Any], span: Span) -> t.Partition:
        docs, name, value = (self.build(x) for x in c)
        return t.Partition(docs=docs, name=name, value=value, span=span)

    def prompt(self, c: list[Any], span: Span) -> t.Prompt:
        docs, name, params, result, body = (self.build(x) for x in c)
        return t.Prompt(docs=docs, name=name, params=params, result=result, body=body, span=span)

    def code(self, c: list[Any], span: Span) -> t.Code:
        return self._code("code", c, span)

    def metric(self, c: list[Any], span: Span) -> t.Code:
        return self._code("metric", c, span)

    def _code(self, word: str, c: list[Any], span: Span) -> t.Code:
        docs, name, params, result = (self.build(x) for x in c[:4])
        return t.Code(
            word=word, docs=docs, name=name, params=params, result=result,
            origin=self._string(c[4]), span=span,
        )  # fmt: skip

    def pattern(self, c: list[Any], span: Span) -> t.Recipe:
        docs, export, name, generics, params, result, body = (self.build(x) for x in c)
        return t.Recipe(
            word="pattern", docs=docs, export=export is not None, name=name,
            generics=generics or (), params=params, result=result, body=body, span=span,
        )  # fmt: skip

    def recipe(self, c: list[Any], span: Span) -> t.Recipe:
        docs, name, params, result, body = (self.build(x) for x in c)
        return t.Recipe(
            word="recipe", docs=docs, name=name, params=params, result=result, body=body, span=span
        )

    def params(self, c: list[Any], span: Span) -> tuple[t.Param, ...]:
        return self.all(c)

    def param(self, c: list[Any], span: Span) -> t.Param:
        docs, name, typed, default = (self.build(x) for x in c)
        return t.Param(docs=docs, name=name, typed=typed, default=default, span=span)

    def typed(self, c: list[Any], span: Span) -> t.Typed:
        return t.Typed(type=self.build(c[0]), max=self.build(c[1]), span=span)

    def named_type(self, c: list[Any], span: Span) -> t.TypeExpr:
        name: t.Name = self.build(c[0])
        return t.TypeExpr(
            name=name.text, args=self.all(c[1:-1]), optional=c[-1] is not None, span=span
        )

    def list_type(self, c: list[Any], span: Span) -> t.TypeExpr:
        return t.TypeExpr(
            name="list", args=(self.build(c[0]),), optional=c[1] is not None, span=span
        )

    def prompt_type(self, c: list[Any], span: Span) -> t.TypeExpr:
        return t.TypeExpr(name="prompt", args=self.all(c[:-1]), result=self.build(c[-1]), span=span)

    # ── bodies and steps ─────────────────────────────────────────────────────

    def body(self, c: list[Any], span: Span) -> t.Body:
        return t.Body(items=self.all(c), span=span)

    def let(self, c: list[Any], span: Span) -> t.Let:
        docs, name, value = (self.build(x) for x in c)
        return t.Let(docs=docs, name=name, value=value, span=span)

    def return_(self, c: list[Any], span: Span) -> t.Return:
        return t.Return(docs=self.build(c[0]), value=self.build(c[1]), span=span)

    def require(self, c: list[Any], span: Span) -> t.Require:
        return t.Require(docs=self.build(c[0]), value=self.build(c[1]), span=span)

    def body_budget(self, c: list[Any], span: Span) -> t.BudgetUse:
        docs, what = self.build(c[0]), self.build(c[1])
        if isinstance(what, t.Block):
            return t.BudgetUse(docs=docs, block=what, span=span)
        return t.BudgetUse(docs=docs, name=what, span=span)

    def plain(self, c: list[Any], span: Span) -> Any:
        value, block = self.build(c[0]), self.build(c[1])
        return value if block is None else t.Plain(value=value, block=block, span=span)

    def split(self, c: list[Any], span: Span) -> t.Verb:
        subject, how, block = (self.build(x) for x in c)
        return t.Verb(verb="split", subject=subject, how=how, block=block, span=span)

    def map(self, c: list[Any], span: Span) -> t.Verb:
        return self._with("map", c, span)

    def filter_with(self, c: list[Any], span: Span) -> t.Verb:
        return self._with("filter", c, span)

    def reduce(self, c: list[Any], span: Span) -> t.Verb:
        return self._with("reduce", c, span)

    def _with(self, verb: str, c: list[Any], span: Span) -> t.Verb:
        subject, call, block = (self.build(x) for x in c)
        return t.Verb(verb=verb, subject=subject, call=call, block=block, span=span)

    def filter_where(self, c: list[Any], span: Span) -> t.Verb:
        subject, how, block = (self.build(x) for x in c)
        return t.Verb(verb="filter", subject=subject, how=how, block=block, span=span)

    def search(self, c: list[Any], span: Span) -> t.Verb:
        return self._two("search", c, span)

    def cross(self, c: list[Any], span: Span) -> t.Verb:
        return self._two("cross", c, span)

    def _two(self, verb: str, c: list[Any], span: Span) -> t.Verb:
        subject, second, how, block = (self.build(x) for x in c)
        return t.Verb(verb=verb, subject=subject, second=second, how=how, block=block, span=span)

    def recurse(self, c: list[Any], span: Span) -> t.Recurse:
        return t.Recurse(subject=self.build(c[0]), clauses=self.all(c[1:]), span=span)

    def leaf(self, c: list[Any], span: Span) -> t.Clause:
        amount, call, block = (self.build(x) for x in c)
        return t.Clause(word="leaf", amount=amount, call=call, block=block, span=span)

    def branch(self, c: list[Any], span: Span) -> t.Clause:
        return t.Clause(word="branch", how=self.build(c[0]), span=span)

    def prune(self, c: list[Any], span: Span) -> t.Clause:
        return t.Clause(word="prune", call=self.build(c[0]), block=self.build(c[1]), span=span)

    def join(self, c: list[Any], span: Span) -> t.Clause:
        return t.Clause(word="join", call=self.build(c[0]), block=self.build(c[1]), span=span)

    def depth(self, c: list[Any], span: Span) -> t.Clause:
        return t.Clause(word="depth", amount=self.build(c[0]), span=span)

    def ladder(self, c: list[Any], span: Span) -> t.Ladder:
        return t.Ladder(accept=self.build(c[0]), rungs=self.all(c[1:]), span=span)

    def rung(self, c: list[Any], span: Span) -> t.Rung:
        docs, name, body = c
        return t.Rung(
            docs=self.build(docs), name=self._string(name), body=self.build(body), span=span
        )

    # ── blocks and the later declarations ────────────────────────────────────

    def block(self, c: list[Any], span: Span) -> t.Block:
        return t.Block(entries=self.all(c), span=span)

    def setting(self, c: list[Any], span: Span) -> t.Setting:
        return t.Setting(key=self.build(c[0]), value=self.build(c[1]), span=span)

    def limit(self, c: list[Any], span: Span) -> t.Limit:
        return t.Limit(key=self.build(c[0]), amount=self.build(c[1]), span=span)

    def repl(self, c: list[Any], span: Span) -> t.Repl:
        return t.Repl(block=self.build(c[0]), span=span)

    def assume(self, c: list[Any], span: Span) -> t.Assume:
        return t.Assume(because=self._string(c[0]), span=span)

    def amount(self, c: list[Any], span: Span) -> Any:
        return self.build(c[0])

    def test(self, c: list[Any], span: Span) -> t.Trial:
        name = t.Name(text=self._string(c[1]), span=self._token(c[1]).span)
        return t.Trial(
            word="test", docs=self.build(c[0]), name=name, target=self.build(c[2]),
            items=self._items(c[3:]), span=span,
        )  # fmt: skip

    def eval(self, c: list[Any], span: Span) -> t.Trial:
        return self._trial("eval", c, span)

    def tune(self, c: list[Any], span: Span) -> t.Trial:
        return self._trial("tune", c, span)

    def batch(self, c: list[Any], span: Span) -> t.Trial:
        return self._trial("batch", c, span)

    def _trial(self, word: str, c: list[Any], span: Span) -> t.Trial:
        docs, name, target = (self.build(x) for x in c[:3])
        return t.Trial(
            word=word, docs=docs, name=name, target=target, items=self._items(c[3:]), span=span
        )

    def _items(self, nodes: list[Any]) -> tuple[t.Item, ...]:
        return tuple(self._item(n) for n in nodes)

    def _item(self, node: Tree[Token]) -> t.Item:
        parts = [self.build(x) for x in node.children]
        key, value = (parts[0], parts[1]) if len(parts) == 2 else (None, parts[0])
        word = {"set_path": "set", "inner_budget": "budget", "require_score": "require"}
        name = str(node.data)
        return t.Item(word=word.get(name, name), key=key, value=value, span=self._span(node.meta))

    def path(self, c: list[Any], span: Span) -> Any:
        base: Any = self.build(c[0])
        for part in c[1:]:
            name = self.build(part)
            base = t.Member(base=base, name=name, span=base.span.to(name.span))
        return base

    # ── expressions ──────────────────────────────────────────────────────────

    def if_(self, c: list[Any], span: Span) -> t.If:
        test, yes, no = (self.build(x) for x in c)
        return t.If(test=test, yes=yes, no=no, span=span)

    def binary(self, c: list[Any], span: Span) -> t.Binary:
        op = c[1] if isinstance(c[1], Token) else c[1].children[0]
        return t.Binary(op=str(op), left=self.build(c[0]), right=self.build(c[2]), span=span)

    def range(self, c: list[Any], span: Span) -> t.Binary:
        return t.Binary(op="..", left=self.build(c[0]), right=self.build(c[1]), span=span)

    def not_(self, c: list[Any], span: Span) -> t.Unary:
        return t.Unary(op="not", operand=self.build(c[0]), span=span)

    def negative(self, c: list[Any], span: Span) -> t.Unary:
        return t.Unary(op="-", operand=self.build(c[1]), span=span)

    def member(self, c: list[Any], span: Span) -> t.Member:
        return t.Member(base=self.build(c[0]), name=self.build(c[1]), span=span)

    def call_of(self, c: list[Any], span: Span) -> t.Call:
        return t.Call(callee=self.build(c[0]), args=self.build(c[1]), span=span)

    call = call_of

    def args(self, c: list[Any], span: Span) -> tuple[t.Arg, ...]:
        return self.all(c)

    def labelled(self, c: list[Any], span: Span) -> t.Arg:
        return t.Arg(label=self.build(c[0]).text, value=self.build(c[1]), span=span)

    def positional(self, c: list[Any], span: Span) -> t.Arg:
        return t.Arg(label="", value=self.build(c[0]), span=span)

    def list_of(self, c: list[Any], span: Span) -> t.ListOf:
        return t.ListOf(items=self.all(c), span=span)

    def group(self, c: list[Any], span: Span) -> Any:
        return self.build(c[0])

    def name_of(self, c: list[Any], span: Span) -> t.Name:
        name: t.Name = self.build(c[0])
        return name

    def name(self, c: list[Any], span: Span) -> t.Name:
        found = self.word(c, span)
        if found.text in RESERVED:
            self.problems.append(reserved_word(found.text, found.span))
        return found

    def word(self, c: list[Any], span: Span) -> t.Name:
        inner = c[0]
        if isinstance(inner, Token):
            token: t.Name = self._token(inner)
            return token
        return self.word(inner.children, span)

    label = key = soft = hard = word

    def true_(self, c: list[Any], span: Span) -> t.Constant:
        return t.Constant(value=True, span=span)

    def false_(self, c: list[Any], span: Span) -> t.Constant:
        return t.Constant(value=False, span=span)

    def none_(self, c: list[Any], span: Span) -> t.Constant:
        return t.Constant(value=None, span=span)

    def text(self, c: list[Any], span: Span) -> t.Text:
        return t.Text(value=self._string(c[0]), span=span)

    def number(self, c: list[Any], span: Span) -> t.Number:
        return self._number(str(c[0]), span)

    # ── literals ─────────────────────────────────────────────────────────────

    def _number(self, raw: str, span: Span) -> t.Number:
        match = NUMBER.fullmatch(raw)
        assert match is not None, raw
        digits, suffix = match.groups()
        factor, unit = 1.0, suffix
        if suffix and suffix not in UNITS and suffix[0] in MULTIPLIERS:
            factor, unit = MULTIPLIERS[suffix[0]], suffix[1:]
        if unit and unit not in UNITS:
            self.problems.append(_unknown_unit(suffix, span))
            unit = ""
        return t.Number(value=float(digits.replace("_", "")) * factor, unit=unit, span=span)

    def _string(self, token: Token) -> str:
        raw = str(token)
        if raw.startswith('"""'):
            return without_margin(raw[3:-3])
        return re.sub(r"\\(.)", lambda m: self._escape(m, token), raw[1:-1])

    def _escape(self, match: re.Match[str], token: Token) -> str:
        letter = match.group(1)
        if letter not in ESCAPES:
            at = (token.start_pos or 0) + 1 + match.start()
            self.problems.append(_unknown_escape(letter, Span(self.source, at, at + 2)))
        return ESCAPES.get(letter, letter)


def without_margin(text: str) -> str:
    """A text block's lines without their common margin and without its first and last breaks."""
    return textwrap.dedent(text.replace("\r\n", "\n")).strip("\n").rstrip()


def _unknown_unit(suffix: str, span: Span) -> Diagnostic:
    return error(
        "unknown-unit",
        f"`{suffix}` is not a unit",
        span,
        reason="A unit is glued to its number: 8ktok, 30min, 512MB, 10%; k and M multiply.",
        hint=did_you_mean(suffix, UNITS),
    )


def _unknown_escape(letter: str, span: Span) -> Diagnostic:
    return error(
        "unknown-escape",
        f"`\\{letter}` is not an escape",
        span,
        hint='known escapes: \\n \\t \\r \\0 \\" \\\\; a backslash itself is written \\\\',
    )
