"""Lark's tree to ours, the declarations, bodies and blocks: a row a rule, a method where parts
are more than the fields of a node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from lark import Tree

from rlmlang.diagnostics.source import Span
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.syntax.expressions import Expressions
from rlmlang.syntax.trials import Expect, Item, Score, Trial

Row = tuple[Callable[..., t.Node], str]
NODES: Mapping[str, Row] = {
    "const": (t.Const, "docs export name typed value"),
    "enum": (t.Enum, "docs export name *variants"),
    "variant": (t.Variant, "docs name"),
    "record": (t.Record, "docs export name *fields"),
    "field": (t.Field, "docs name typed where"),
    "use": (t.Use, "docs path version alias names"),
    "model": (partial(t.Settings, word="model"), "docs export name block"),
    "budget_decl": (partial(t.Settings, word="budget"), "docs export name block"),
    "dataset": (partial(t.Settings, word="dataset"), "docs name block"),
    "source_": (t.SourceDecl, "docs export name typed value"),
    "partition": (t.Partition, "docs export name value"),
    "prompt": (t.Prompt, "docs export name params result body"),
    "code": (partial(t.Code, word="code"), "docs export name params result origin block"),
    "metric": (partial(t.Code, word="metric"), "docs name params result origin"),
    "pattern": (
        partial(t.Recipe, word="pattern"), "docs export name generics params result body"
    ),
    "recipe": (partial(t.Recipe, word="recipe"), "docs export main name params result body"),
    "param": (t.Param, "docs name typed default"),
    "typed": (t.Typed, "type max"),
    "body": (t.Body, "*items"),
    "let": (t.Let, "docs name value"),
    "return_": (t.Return, "docs value"),
    "require": (t.Require, "docs value"),
    "body_budget": (t.BudgetUse, "docs limits"),
    "split": (v.Split, "subject how block"),
    "map": (v.Map, "subject body block"),
    "filter_with": (v.FilterWith, "subject call block"),
    "filter_where": (v.FilterWhere, "subject test block"),
    "reduce": (v.Reduce, "subject call block"),
    "search": (v.Search, "subject query how block"),
    "cross": (v.Cross, "subject other how block"),
    "recurse": (v.Recurse, "subject *clauses block"),
    "leaf": (v.Leaf, "size call block"),
    "branch": (v.Branch, "how"),
    "prune": (v.Prune, "call block"),
    "join": (v.Join, "call block"),
    "depth": (v.Depth, "most"),
    "ladder": (v.Ladder, "accept *rungs block"),
    "rung": (v.Rung, "docs name body"),
    "block": (t.Block, "*entries"),
    "setting": (t.Setting, "key value"),
    "limit": (t.Limit, "key amount"),
    "limit_of": (t.Limit, "key of amount"),
    "repl": (t.Repl, "block"),
    "assume": (t.Assume, "because"),
    "test": (partial(Trial, word="test"), "docs name target *items"),
    "eval": (partial(Trial, word="eval"), "docs name target *items"),
    "tune": (partial(Trial, word="tune"), "docs name target *items"),
    "batch": (partial(Trial, word="batch"), "docs name target *items"),
    "given": (partial(Item, word="given"), "key value"),
    "mock": (partial(Item, word="mock"), "key value"),
    "knob": (partial(Item, word="knob"), "key value"),
    "each": (partial(Item, word="each"), "key value"),
    "set_path": (partial(Item, word="set"), "key value"),
    "expect": (Expect, "test"),
    "require_score": (Expect, "test"),
    "score": (Score, "metric weight"),
    "if_": (t.If, "test yes no"),
    "match_": (t.Match, "subject *arms otherwise"),
    "arm": (t.Arm, "*cases value"),
    "else_arm": (partial(t.Arm, cases=()), "value"),
    "binary": (t.Binary, "left op right"),
    "range": (partial(t.Binary, op=".."), "left right"),
    "not_": (partial(t.Unary, op="not"), "operand"),
    "negative": (t.Unary, "op operand"),
    "member": (t.Member, "base name"),
    "call_of": (t.Call, "callee args"),
    "call": (t.Call, "callee args"),
    "positional": (partial(t.Arg, label=""), "value"),
    "list_of": (t.ListOf, "*items"),
    "true_": (partial(t.Constant, value=True), ""),
    "false_": (partial(t.Constant, value=False), ""),
    "none_": (partial(t.Constant, value=None), ""),
}  # fmt: skip
"""What a rule of the grammar makes, and the fields that its parts fill, in order; one with a star
takes as many as there are. A part that was not written leaves its field as it is."""


class Builder(Expressions):
    """Builds the syntax tree of one file."""

    def build(self, node: Any) -> Any:
        """The node of ours for a node of Lark's; None stays None."""
        if isinstance(node, Tree) and node.data in NODES:
            make, fields = NODES[node.data]
            return make(
                **dict(self._parts(fields.split(), node.children)), span=self.span(node.meta)
            )
        return super().build(node)

    def _parts(self, fields: list[str], parts: list[Any]) -> Iterator[tuple[str, Any]]:
        """The fields of a node that were written, with what is in them."""
        many = len(parts) - len(fields) + 1
        at = 0
        for name in fields:
            if name.startswith("*"):
                yield name[1:], self.all(parts[at : at + many])
                at += many
            else:
                if parts[at] is not None:
                    yield name, self.build(parts[at])
                at += 1

    # ── the file and its declarations ────────────────────────────────────────

    def file(self, c: list[Any], span: Span) -> t.File:
        return t.File(edition=self.build(c[0]) or 0, items=self.all(c[1:]), span=span)

    def edition(self, c: list[Any], span: Span) -> int:
        return int(self.number_of(c[0]).value)

    def docs(self, c: list[Any], span: Span) -> str:
        return "\n".join(str(x)[3:].removeprefix(" ").rstrip() for x in c)

    def names(self, c: list[Any], span: Span) -> tuple[t.Name, ...]:
        return self.all(c)

    generics = params = names

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
        args = tuple(t.Typed(type=x, span=x.span) for x in self.all(c))
        return t.TypeExpr(name="prompt", args=args, span=span)

    def plain(self, c: list[Any], span: Span) -> Any:
        value, block = self.build(c[0]), self.build(c[1])
        return value if block is None else t.Plain(value=value, block=block, span=span)

    def amount(self, c: list[Any], span: Span) -> Any:
        return self.build(c[0])

    def title(self, c: list[Any], span: Span) -> t.Name:
        return t.Name(text=self.build(c[0]), span=span)

    def inner_budget(self, c: list[Any], span: Span) -> t.Setting:
        key = t.Name(text="budget", span=span)
        return t.Setting(key=key, value=self.build(c[0]), span=span)

    def path(self, c: list[Any], span: Span) -> Any:
        base: Any = self.build(c[0])
        for part in c[1:]:
            name = self.build(part)
            base = t.Member(base=base, name=name, span=base.span.to(name.span))
        return base
