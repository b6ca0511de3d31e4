"""What can be written at a place of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.choices import (
    FORMS,
    TITLES,
    Choice,
    arguments_of,
    asked,
    bare_name,
    contracts,
    of_kinds,
    of_setting,
    of_symbol,
    types,
    values,
    words,
)
from rlmlang.editor.context import CLAUSES, TRIALS, Context, context
from rlmlang.editor.symbol import parts_of
from rlmlang.ir.types import EnumType, Listed, PairType, Type, fields_of
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES
from rlmlang.schema.tools import BUILT_IN
from rlmlang.schema.words import WORDS
from rlmlang.syntax.scan import CLOSING, OPENING
from rlmlang.syntax.verbs import WORDS as VERBS

Names = Callable[[], Iterable[str]]
DECLARATIONS = tuple(w.text for w in WORDS if w.group == "declaration")
LINES = {
    "body": ("let", "return", "require", "budget"), "recurse clauses": CLAUSES,
    "rungs": ("rung",), "test": ("given", "mock", "expect"), "eval": ("score", "require"),
    "tune": ("knob", "budget"), "batch": ("each", "set", "budget"),
}  # fmt: skip
"""The words that begin a line in braces of a kind, beside settings."""


def completions(
    analysis: Analysis, offset: int, models: Names = tuple, files: Names = tuple
) -> list[Choice]:
    """What can stand at a place, each name once. `models` gives names of real ones, `files` the
    paths that a `use` may name."""
    here = context(analysis.source.text, analysis.pieces, offset)
    if here.within is not None:
        found = _in_text(analysis, here, offset, models, files)
    else:
        found = _in_code(analysis, here, offset)
    once: dict[str, Choice] = {}
    for choice in found:
        once.setdefault(choice.name, choice)
    return list(once.values())


def _in_text(
    analysis: Analysis, here: Context, offset: int, models: Names, files: Names
) -> Iterator[Choice]:
    """In a text: paths behind `use`, models where one is named, names between braces."""
    text = here.within
    if text is None or text.kind != "text":
        return
    key = here.header(2)
    if here.last == "use":
        yield from (Choice(path, "file") for path in files())
    elif here.last == ":" and key in ("default", "reflection"):
        yield from (Choice(name, "model") for name in models())
    elif _braced(text.text[: offset - text.start]):
        names = analysis.names(offset)
        yield from (of_symbol(s) for s in names.values() if s.kind != "file")


def _braced(before: str) -> bool:
    return before.rfind("{") > before.rfind("}")


def _in_code(analysis: Analysis, here: Context, offset: int) -> Iterator[Choice]:
    last = here.last
    if last == "." and len(here.before) > 1:
        return _members(analysis, here)
    if last in ("with", "mock"):
        return asked(analysis, offset, bare=last == "mock")
    if last == "by":
        return _ways(analysis, here)
    if last == "for" and here.header(3) in TRIALS:
        return of_kinds(analysis, ("recipe", "batch") if here.header(3) == "test" else ("recipe",))
    if last == "weight" or (last == "max" and here.header(2) != "("):
        return iter(())
    if here.block == "use" and here.opened:
        return _imports(analysis, here)
    if _type(here):
        return types(analysis)
    if not here.opened:
        return _outside(analysis, here)
    return _inside(analysis, here, offset)


def _outside(analysis: Analysis, here: Context) -> Iterator[Choice]:
    """Outside of all braces: declarations, and what stands behind their `=`."""
    last = here.last
    if last == "=" and "source" in (here.header(3), here.line[0].text if here.line else ""):
        return contracts(SOURCES.values(), "source")
    if last == "=":
        word = next((p.text for p in reversed(here.before) if p.text in DECLARATIONS), "")
        if word == "partition":
            return _ways(analysis, here)
        return contracts(SOURCES.values(), "source") if word == "source" else iter(())
    if last in DECLARATIONS and last not in ("export", "main"):
        return iter(())
    return words(DECLARATIONS, "declaration")


def _inside(analysis: Analysis, here: Context, offset: int) -> Iterator[Choice]:
    kind, last = here.block, here.last
    innermost = here.opened[-1].mark
    begins = here.begins or not here.line or last in ("{", ",", "}") or _fresh(here, kind)
    if innermost == "{" and begins and last not in ("=", ":", "<="):
        begun = words(LINES.get(kind, ()), "line")
        return chain(begun, _settings(analysis, here, kind), _clauses(here))
    if innermost == "{" and last in (":", "<=") and kind in BLOCKS:
        setting = BLOCKS[kind].setting(here.header(2))
        return chain(of_setting(analysis, setting), values(analysis, offset))
    if innermost == "[" and kind in BLOCKS and here.before[here.opened[-1].at - 2].text == "tools":
        tools = (Choice(name, "function", doc=tool.words) for name, tool in BUILT_IN.items())
        return chain(tools, of_kinds(analysis, ("prompt", "pattern", "code")))
    if innermost == "(" and last in ("(", ","):
        return chain(_labels(analysis, here), values(analysis, offset))
    if last in ("=", "return", "("):
        return chain(words(VERBS, "verb"), values(analysis, offset), asked(analysis, offset))
    if kind in ("body", *LINES) and last in (")", "]") and here.line:
        begun = words(LINES.get(kind, ()), "line")
        return chain(begun, _clauses(here), _settings(analysis, here, kind))
    return chain(_clauses(here), values(analysis, offset))


def _fresh(here: Context, kind: str) -> bool:
    """Whether the line before is whole, so that another begins."""
    if kind in BLOCKS and len(here.line) >= 3:
        return here.before[-1].kind in ("word", "number", "text")
    return False


def _ways(analysis: Analysis, here: Context) -> Iterator[Choice]:
    """Ways of cutting, or of looking up, behind `by` or `=`."""
    line = {p.text for p in here.line}
    if line & {"search", "cross"}:
        return contracts(SEARCHES.values(), "search")
    return chain(of_kinds(analysis, ("partition",)), contracts(STRATEGIES.values(), "partition"))


def _settings(analysis: Analysis, here: Context, kind: str) -> Iterator[Choice]:
    """The settings of a block, without those that it has."""
    if kind not in BLOCKS:
        return
    block = BLOCKS[kind]
    written = _written(analysis, here)
    for setting in block.settings:
        if setting.name not in written or setting.name == "check":
            form = f"{setting.name} <= $1" if setting.limit else f"{setting.name}: $1"
            form = f"{setting.name}: {{\n  $1\n}}" if setting.opens else form
            yield Choice(setting.name, "setting", setting.takes, setting.doc, form)
    if block.repl:
        yield Choice("repl", "line", FORMS["repl"], TITLES["repl"], "repl {\n  $1\n}")


def _written(analysis: Analysis, here: Context) -> set[str]:
    """The words at the beginning of what stands in the innermost braces, also behind the place."""
    start = next(here.before[o.at].start for o in reversed(here.opened) if o.mark == "{")
    depth, found = 0, set[str]()
    inside = [p for p in analysis.pieces if p.start > start]
    for piece, after in zip(inside, [*inside[1:], None], strict=False):
        depth += (piece.text in OPENING) - (piece.text in CLOSING) if piece.kind == "mark" else 0
        if depth < 0:
            break
        if depth == 0 and after is not None and after.text in (":", "<=", "of"):
            found.add(piece.text)
    return found


def _clauses(here: Context) -> Iterator[Choice]:
    """The words that go on a line, by the verb that it begins with."""
    line = [p.text for p in here.line]
    form = next((FORMS[w] for w in line if w in VERBS), "").replace("\n", " ")
    for word in ("with", "by", "where", "for"):
        if f" {word} " in form and word not in line:
            yield Choice(word, "clause", doc=TITLES.get(word, ""))


def _labels(analysis: Analysis, here: Context) -> Iterator[Choice]:
    """The arguments of what is called, by name."""
    at = here.opened[-1].at
    name = here.before[at - 1].text if at else ""
    symbol = analysis.file.find(name)
    for part in parts_of(symbol.node if symbol is not None else None).values():
        choice = of_symbol(part)
        yield Choice(f"{part.name}:", "argument", choice.says, choice.doc, f"{part.name}: $1")
    if symbol is None:
        for setting in arguments_of(name):
            yield Choice(f"{setting[0]}:", "argument", doc=setting[1], snippet=f"{setting[0]}: $1")


def _imports(analysis: Analysis, here: Context) -> Iterator[Choice]:
    """The names that the file behind a `use` declares."""
    path = here.header(len(here.before) - here.opened[-1].at + 1).strip('"')
    for use, file in analysis.file.used.items():
        if use.path == path:
            yield from map(bare_name, file.own.values())


def _type(here: Context) -> bool:
    """Whether a type stands here."""
    last, block = here.last, here.block
    if last == "->":
        return block not in ("body", "match")
    round_ = here.opened[-1].mark if here.opened else ""
    if last == ":":
        declares = round_ == "(" and block == "" and len(here.opened) == 1
        return (
            declares
            or block == "record"
            or (not here.opened and here.header(3) in ("const", "source"))
        )
    if last in ("[", "<"):
        return block in ("", "record") and here.header(2) in (
            ":",
            "->",
            "<",
            "[",
            ",",
            "Slice",
            "Table",
            "Map",
            "Pair",
        )
    return False


def _members(analysis: Analysis, here: Context) -> Iterator[Choice]:
    """The fields of a value, or the names of a file, behind a dot."""
    base = here.before[-2]
    prefix = f"{base.text}."
    for name, symbol in analysis.file.imported.items():
        if name.startswith(prefix):
            yield of_symbol(symbol, name.removeprefix(prefix))
    type_ = _type_of(analysis, base.start, base.end, base.text)
    if base.text == "it" and type_ is None:
        words = [p for p in here.line if p.kind == "word"]
        items = next((b for a, b in pairwise(words) if a.text in VERBS), base)
        type_ = _type_of(analysis, items.start, items.end, items.text)
    while isinstance(type_, Listed):
        type_ = type_.of
    if isinstance(type_, PairType):
        yield from (Choice(f.name, "field", str(f.type)) for f in type_.fields)
    elif type_ is not None and not isinstance(type_, EnumType):
        yield from (
            Choice(f.name, "field", str(f.type), f.doc) for f in fields_of(type_.required())
        )


def _type_of(analysis: Analysis, start: int, end: int, name: str) -> Type | None:
    """The type of a word, as far as it is known from where it stands, or is declared."""
    facts = analysis.checked.facts.get(Span(analysis.file.source, start, end))
    if facts is None:
        symbol = analysis.names(start).get(name)
        facts = analysis.checked.facts.get(symbol.at) if symbol is not None and symbol.at else None
    return facts.type if facts is not None else None
