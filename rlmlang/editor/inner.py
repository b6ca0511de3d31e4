"""What names mean inside of declarations: in steps, blocks, expressions and types."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rlmlang.diagnostics.source import Span
from rlmlang.editor.files import FileNames
from rlmlang.editor.symbol import Occurrence, Reach, Symbol, parts_of
from rlmlang.functions.function import Option
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.facts import Facts
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.ir.walk import BOUND, GROUP
from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.syntax.trials import Trial

Names = Mapping[str, Symbol]
NOWHERE: Names = {}
OF_FILE = ("model", "sub", "over", "eval")
"""Settings whose value names a declaration, whatever else has that name."""
FIELDS = ("field", "fields", "keys", "order", "matches")
"""Kinds of options that name fields of the items."""
BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


class Inner:
    """Goes over what declarations are made of: `found` are its names, `reaches` what can be said
    where."""

    def __init__(self, file: FileNames, facts: Mapping[Span, Facts]) -> None:
        self.file, self.facts = file, facts
        self.found: list[Occurrence] = []
        self.reaches: list[Reach] = []

    def add(self, span: Span, symbol: Symbol | None, *, declares: bool = False) -> None:
        """Keeps what a name means, where it is known."""
        if symbol is not None:
            self.found.append(Occurrence(span, symbol, declares))

    def declare(self, symbol: Symbol) -> None:
        """Keeps a name where it is declared."""
        if symbol.at is not None:
            self.add(symbol.at, symbol, declares=True)

    # ── blocks ───────────────────────────────────────────────────────────────

    def block(self, block: t.Block | None, kind: str, names: Names) -> None:
        """The settings of a block of that kind."""
        for entry in block.entries if block is not None else ():
            match entry:
                case t.Setting():
                    self.setting(entry, kind, names)
                case t.Limit(key=key, amount=amount, of=of):
                    self.add(key.span, Symbol("setting", key.text, of=kind))
                    if of is not None:
                        self.add(of.span, self.file.find(of.text))
                    self.visit(amount, names)
                case t.Repl(block=inner):
                    self.block(inner, "repl", names)

    def setting(self, entry: t.Setting, kind: str, names: Names) -> None:
        """`key: value` of a block of that kind."""
        key, written = entry.key, entry.value
        known = BLOCKS[kind].setting(key.text) if kind in BLOCKS else None
        if known is not None:
            self.add(_first(key.span, key.text), Symbol("setting", key.text, of=kind))
        if kind == "dataset" and key.text == "bind" and isinstance(written, t.Block):
            self._bind(written)
        elif isinstance(written, t.Block):
            self.block(written, known.opens if known is not None else "", names)
        elif key.text == "task" and isinstance(written, t.Text):
            self._template(written, names)
        else:
            self.visit(written, NOWHERE if key.text in OF_FILE else names)

    def _bind(self, written: t.Block) -> None:
        """The parameters that columns fill: those of the recipes that evals are for."""
        trials = [i for i in self.file.tree.items if isinstance(i, Trial)] if self.file.tree else []
        targets = [self.file.find(i.target.text) for i in trials if i.word == "eval"]
        parts = {n: s for x in targets if x is not None for n, s in parts_of(x.node).items()}
        for one in written.entries:
            if isinstance(one, t.Setting):
                self.add(one.key.span, parts.get(one.key.text))

    def _template(self, text: t.Text, names: Names) -> None:
        """The names that a task puts in, between double braces."""
        for braces in BRACES.finditer(text.span.text):
            for word in WORD.finditer(braces.group()):
                start = text.span.start + braces.start() + word.start()
                span = Span(text.span.source, start, start + len(word.group()))
                self.add(span, names.get(word.group()))

    # ── steps ────────────────────────────────────────────────────────────────

    def body(self, body: t.Body, names: Names, whole: Span) -> None:
        """The lines of a body, each with the names of those before it."""
        known = dict(names)
        for item in body.items:
            match item:
                case t.Let(name=name, value=value):
                    self.visit(value, known)
                    known[name.text] = Symbol("step", name.text, name.span, node=item)
                    self.declare(known[name.text])
                case t.BudgetUse(limits=t.Name(text=named, span=at)):
                    self.add(at, self.file.find(named))
                case t.BudgetUse(limits=t.Block() as block):
                    self.block(block, "budget", NOWHERE)
                case _:
                    self.children(item, known)
        self.reaches.append(Reach(whole.start, whole.end, known))

    def visit(self, node: t.Node, names: Names) -> None:
        """An expression, a type, or anything else that is made of them."""
        match node:
            case t.Name():
                self.add(node.span, self.meaning(node, names))
            case t.Member():
                self._member(node, names)
            case t.Call():
                self._call(node, names)
            case t.TypeExpr():
                self._type(node, names)
            case t.Param(default=default):
                self.children(node, names, skip=("name", "default"))
                if default is not None:  # a source may have the parameter's name
                    self.visit(default, {n: s for n, s in names.items() if not self.file.find(n)})
            case t.Field() | t.Variant():
                self.children(node, names, skip=("name",))
            case t.Plain() | t.Verb() | v.Branch() | v.Rung() | v.Leaf() | v.Prune() | v.Join():
                self._step(node, names)
            case t.Match(subject=subject, arms=arms):
                self.children(node, names)
                for name in (c for arm in arms for c in arm.cases if isinstance(c, t.Name)):
                    if (facts := self.facts.get(subject.span)) is not None:
                        self.add(name.span, self.file.part(facts.type, name.text))
            case t.Arm(value=value):
                self.visit(value, names)
            case _:
                self.children(node, names)

    def _step(self, node: t.Node, names: Names) -> None:
        """What a verb is made of, and its settings."""
        match node:
            case v.Branch(how=how):
                self._way(how, names)
            case v.By(how=how, block=block):
                self.children(node, names, skip=("how", "block"))
                self._way(how, names)
                self.block(block, node.word, names)
            case t.Plain(value=value, block=block):
                self.visit(value, names)
                self.block(block, "step", names)
            case v.Rung(body=body):
                self.body(body, names, body.span)
            case v.Leaf(block=block) | v.Prune(block=block) | v.Join(block=block):
                self.children(node, names, skip=("block",))
                self.block(block, type(node).__name__.lower(), names)
            case t.Verb(block=block):
                self.children(node, names, skip=("block",))
                self.block(block, node.word, names)

    def children(self, node: t.Node, names: Names, skip: tuple[str, ...] = ()) -> None:
        """Whatever a node is made of."""
        for name, found in vars(node).items():
            if name in skip:
                continue
            if isinstance(found, t.Node):
                self.visit(found, names)
            elif isinstance(found, tuple):
                for one in found:
                    if isinstance(one, t.Node):
                        self.visit(one, names)

    # ── expressions ──────────────────────────────────────────────────────────

    def meaning(self, name: t.Name, names: Names) -> Symbol | None:
        """What a bare word means where it stands."""
        facts = self.facts.get(name.span)
        label = self.file.part(facts.type, name.text) if facts is not None else None
        if label is not None and label.kind == "label" and name.text not in names:
            return label
        return names.get(name.text) or self.file.find(name.text) or self.file.label(name.text)

    def _type(self, node: t.TypeExpr, names: Names) -> None:
        built_in = Symbol("type", node.name) if node.name in TYPE_NAMES else None
        found = names.get(node.name) or self.file.find(node.name) or built_in
        self.add(_first(node.span, node.name), found)
        self.children(node, names)

    def _member(self, node: t.Member, names: Names) -> None:
        whole = f"{node.base.text}.{node.name.text}" if isinstance(node.base, t.Name) else ""
        imported = self.file.imported.get(whole)
        self.visit(node.base, names)
        facts = self.facts.get(node.base.span)
        if imported is None and facts is not None:
            imported = self.file.part(facts.type, node.name.text)
        self.add(node.name.span, imported)

    def _call(self, call: t.Call, names: Names) -> None:
        callee = self._callee(call.callee, names)
        parts, options = dict[str, Symbol](), tuple[Option, ...]()
        if callee is not None:
            parts = parts_of(callee.node)
            options = FUNCTIONS[callee.name].options if callee.kind == "function" else ()
        for arg in call.args:
            self._argument(arg, callee, parts, names)
            if arg is not call.args[0] and _names_fields(arg, options):
                self._fields(arg.value, call.args[0].value)
            else:
                of_group = callee is not None and callee.at is None and bool(arg.label)
                self.visit(arg.value, without(names, *BOUND, GROUP) if of_group else names)

    def _way(self, how: t.Expr, names: Names) -> None:
        """A partition or a search, whose name no parameter has."""
        called = how.callee if isinstance(how, t.Call) else how
        self.visit(how, without(names, called.text) if isinstance(called, t.Name) else names)

    def _callee(self, callee: t.Expr, names: Names) -> Symbol | None:
        """What is called; known by its name alone where the language brings it."""
        before = len(self.found)
        named = names.get(callee.text) if isinstance(callee, t.Name) else None
        asked = isinstance(named.node, t.Param) if named is not None else False
        if isinstance(callee, t.Name) and not asked:  # a step is not called
            names = without(names, callee.text)
        self.visit(callee, names)
        at = callee.name.span if isinstance(callee, t.Member) else callee.span
        found = next((o.symbol for o in self.found[before:] if o.span == at), None)
        if found is None and isinstance(callee, t.Name):
            kind = "function" if callee.text in FUNCTIONS else "strategy"
            found = Symbol(kind, callee.text)
            self.add(callee.span, found)
        return found

    def _argument(
        self, arg: t.Arg, callee: Symbol | None, parts: Mapping[str, Symbol], names: Names
    ) -> None:
        if arg.label and callee is not None:
            own = Symbol("argument", arg.label, of=callee.name)
            self.add(_first(arg.span, arg.label), parts.get(arg.label, own))

    def _fields(self, named: t.Expr, items: t.Expr) -> None:
        """The fields of items that an option names."""
        facts = self.facts.get(items.span)
        for name in named.items if isinstance(named, t.ListOf) else (named,):
            if isinstance(name, t.Name) and facts is not None:
                self.add(name.span, self.file.part(facts.type, name.text))


def without(names: Names, *hidden: str) -> Names:
    """Names without some that mean something else here."""
    return {n: s for n, s in names.items() if n not in hidden}


def _first(span: Span, word: str) -> Span:
    """The word that a text begins with."""
    return Span(span.source, span.start, span.start + len(word))


def _names_fields(arg: t.Arg, options: tuple[Option, ...]) -> bool:
    return any(o.name == arg.label and o.takes in FIELDS for o in options)
