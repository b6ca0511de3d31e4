"""What a place may be offered: names of the file, words and contracts of the language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from rlmlang.editor.analysis import Analysis
from rlmlang.editor.symbol import Symbol, parts_of
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.setting import Setting
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES
from rlmlang.schema.words import WORDS
from rlmlang.syntax import tree as t
from rlmlang.value import Frozen, value

FORMS = {w.text: w.form or w.text for w in WORDS}
TITLES = {w.text: w.title for w in WORDS}
CALLED = ("prompt", "code", "pattern", "recipe", "record")
VALUES = ("const", "source", "code", "record")
NAMED = {"model": "model", "sub": "model", "over": "dataset", "eval": "eval"}
"""What the value of a setting names."""


class Contract(Protocol):
    """A partition, search or source, as far as it is offered."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def doc(self) -> str:
        """What it is for."""

    @property
    def arguments(self) -> tuple[Setting, ...]:
        """What it takes by name."""


@value
class Choice(Frozen):
    """A word that can stand at a place: `kind` is that of a symbol or a group of words, `says` its
    type or form, `doc` what it is for; `snippet` is what is written, its gaps as `$1`."""

    name: str
    kind: str
    says: str = ""
    doc: str = ""
    snippet: str = ""


def of_symbol(symbol: Symbol, name: str = "") -> Choice:
    """A name that something declares, as it is called here."""
    node = symbol.node
    says, snippet = symbol.kind, ""
    if isinstance(node, t.Prompt | t.Code | t.Recipe):
        says = _signature(node)
    elif isinstance(node, t.Param | t.Field):
        says = node.typed.span.text
    name = name or symbol.name
    if isinstance(node, t.Prompt | t.Code | t.Recipe | t.Record):
        snippet = f"{name}($1)"
    return Choice(name, symbol.kind, says, getattr(node, "docs", ""), snippet)


def _signature(node: t.Prompt | t.Code | t.Recipe) -> str:
    params = ", ".join(p.span.text.rpartition("///")[2].strip() for p in node.params)
    return f"({params}) -> {node.result.span.text}"


def words(known: Iterable[str], kind: str) -> Iterator[Choice]:
    """Words of the language, with how each is written."""
    for word in known:
        title = TITLES.get(word) or (BLOCKS[word].doc if word in BLOCKS else "")
        yield Choice(word, kind, FORMS.get(word, "").partition("\n")[0], title)


def of_kinds(analysis: Analysis, kinds: tuple[str, ...]) -> Iterator[Choice]:
    """The names of the file that are of a kind, without what stands behind them in a call."""
    own = ((s.name, s) for s in analysis.file.own.values())
    for name, symbol in chain(own, analysis.file.imported.items()):
        if symbol.kind in kinds:
            yield Choice(name, symbol.kind, doc=getattr(symbol.node, "docs", ""))


def asked(analysis: Analysis, offset: int, *, bare: bool = False) -> Iterator[Choice]:
    """What can be asked about an item, or mocked: also the prompts that a pattern takes."""
    for name, symbol in analysis.names(offset).items():
        if isinstance(symbol.node, t.Param) and symbol.node.typed.type.name == "prompt":
            yield Choice(name, "prompt", symbol.node.typed.span.text, snippet=f"{name}($1)")
    file = analysis.file
    for name, symbol in chain(((s.name, s) for s in file.own.values()), file.imported.items()):
        if symbol.kind in CALLED:
            yield bare_name(symbol) if bare else _over_items(symbol, name)


def bare_name(symbol: Symbol) -> Choice:
    """A name alone, without what stands behind it in a call."""
    return Choice(symbol.name, symbol.kind, doc=getattr(symbol.node, "docs", ""))


def _over_items(symbol: Symbol, name: str) -> Choice:
    """A call whose first argument is the item, the others left open by their names."""
    node, made = symbol.node, of_symbol(symbol, name)
    given = node.params[1:] if isinstance(node, t.Prompt) else ()
    gaps = ", ".join(f"${{{n}:{p.name.text}}}" for n, p in enumerate(given, 1) if p.default is None)
    return Choice(made.name, made.kind, made.says, made.doc, f"{name}({gaps or '$1'})")


def contracts(found: Iterable[Contract], kind: str) -> Iterator[Choice]:
    """Partitions, searches or sources, with what each needs."""
    for one in found:
        needed = [a.name for a in one.arguments if a.required]
        gaps = ", ".join(f"{name}: ${n}" for n, name in enumerate(needed, 1))
        gap = '"$1"' if kind == "source" else "$1"
        yield Choice(one.name, kind, doc=one.doc, snippet=f"{one.name}({gaps or gap})")


def of_setting(analysis: Analysis, setting: Setting) -> Iterator[Choice]:
    """What the value of a setting can be."""
    yield from (Choice(c, "value", doc=setting.doc) for c in setting.choices)
    if setting.kind == "truth":
        yield from (Choice(word, "value") for word in ("true", "false"))
    if setting.name in NAMED:
        yield from of_kinds(analysis, (NAMED[setting.name],))


def values(analysis: Analysis, offset: int) -> Iterator[Choice]:
    """Whatever an expression can be made of."""
    yield from (of_symbol(s, n) for n, s in analysis.names(offset).items())
    file = analysis.file
    for name, symbol in chain(((s.name, s) for s in file.own.values()), file.imported.items()):
        if symbol.kind in VALUES or symbol.kind == "file":
            yield of_symbol(symbol, name)
        elif symbol.kind == "enum":
            yield from map(of_symbol, parts_of(symbol.node).values())
    for function in FUNCTIONS.values():
        yield Choice(function.name, "function", doc=function.doc, snippet=f"{function.name}($1)")


def arguments_of(name: str) -> Iterator[tuple[str, str]]:
    """What a call of the language takes by name, and what each is for."""
    yield from ((o.name, "") for o in (FUNCTIONS[name].options if name in FUNCTIONS else ()))
    found: tuple[Contract | None, ...] = (
        STRATEGIES.get(name),
        SEARCHES.get(name),
        SOURCES.get(name),
    )
    for contract in found:
        yield from ((a.name, a.doc) for a in (contract.arguments if contract is not None else ()))


def types(analysis: Analysis) -> Iterator[Choice]:
    """The types of the file and those of the language."""
    yield from of_kinds(analysis, ("record", "enum"))
    yield from (Choice(name, "type", doc=TITLES.get(name, "")) for name in TYPE_NAMES)
