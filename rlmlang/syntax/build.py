"""Lark's tree to ours, the declarations, bodies and blocks: one short method a rule."""

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from rlmlang.diagnostics.source import Span
from rlmlang.syntax import tree as t
from rlmlang.syntax.expressions import Expressions


class Builder(Expressions):
    """Builds the syntax tree of one file."""

    # ── the file and its declarations ────────────────────────────────────────

    def file(self, c: list[Any], span: Span) -> t.File:
        return t.File(edition=self.build(c[0]) or 0, items=self.all(c[1:]), span=span)

    def edition(self, c: list[Any], span: Span) -> int:
        return int(self.number_of(str(c[0]), span).value)

    def docs(self, c: list[Any], span: Span) -> str:
        return "\n".join(str(x)[3:].removeprefix(" ").rstrip() for x in c)

    def use(self, c: list[Any], span: Span) -> t.Use:
        docs, path, version, alias, names = c
        return t.Use(
            docs=self.build(docs), path=self.string(path), version=str(version or "")[1:],
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
            origin=self.string(c[4]), span=span,
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
        return t.Recurse(
            subject=self.build(c[0]), clauses=self.all(c[1:-1]), block=self.build(c[-1]), span=span
        )

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
        return t.Ladder(
            accept=self.build(c[0]), rungs=self.all(c[1:-1]), block=self.build(c[-1]), span=span
        )

    def rung(self, c: list[Any], span: Span) -> t.Rung:
        docs, name, body = c
        return t.Rung(
            docs=self.build(docs), name=self.string(name), body=self.build(body), span=span
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
        return t.Assume(because=self.string(c[0]), span=span)

    def amount(self, c: list[Any], span: Span) -> Any:
        return self.build(c[0])

    def test(self, c: list[Any], span: Span) -> t.Trial:
        name = t.Name(text=self.string(c[1]), span=self.token(c[1]).span)
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
        return t.Item(word=word.get(name, name), key=key, value=value, span=self.span(node.meta))

    def path(self, c: list[Any], span: Span) -> Any:
        base: Any = self.build(c[0])
        for part in c[1:]:
            name = self.build(part)
            base = t.Member(base=base, name=name, span=base.span.to(name.span))
        return base
