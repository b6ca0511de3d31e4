"""What a name in a recipe means, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from rlmlang.diagnostics.source import Span
from rlmlang.syntax import tree as t
from rlmlang.syntax.scan import Piece
from rlmlang.value import Frozen, value

Key = tuple[str, int, int]


@value
class Symbol(Frozen):
    """What a name means.

    `kind` is the word that declares it (`prompt`, `record`, …), else what it is: a `step`, a
    `parameter`, a `field`, a `label`, a `type` variable, a `file`; or a word of the language's own:
    a `function`, a `strategy`, a `setting`, an `argument`. `at` is the name where it is declared,
    None for what the language brings; `of` names what has it, `node` is the declaration.
    """

    kind: str
    name: str
    at: Span | None = None
    of: str = ""
    node: t.Node | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> Key | None:
        """What tells it from every other symbol, whatever text it was found from; None for what
        the language brings."""
        return None if self.at is None else (self.at.source.path, self.at.start, self.at.end)


@value
class Occurrence(Frozen):
    """A name where it stands; `declares` says that it is where its meaning comes from."""

    span: Span
    symbol: Symbol
    declares: bool = False


@value
class Reach(Frozen):
    """Names that can be said between two characters, besides those of the whole file."""

    start: int
    end: int
    names: Mapping[str, Symbol]


def word_of(item: t.Declaration) -> str:
    """The word that declares it."""
    match item:
        case t.Settings(word=word) | t.Code(word=word) | t.Recipe(word=word):
            return word
        case t.SourceDecl():
            return "source"
    return getattr(item, "word", type(item).__name__.lower())


def declared(item: t.Declaration) -> Symbol:
    """The symbol of a declaration."""
    return Symbol(word_of(item), item.name.text, item.name.span, node=item)


def parts_of(item: t.Node | None) -> dict[str, Symbol]:
    """The parameters of a declaration, the fields of a record, the labels of an enum."""
    match item:
        case t.Prompt(params=params) | t.Code(params=params) | t.Recipe(params=params):
            of = item.name.text
            return {p.name.text: parameter(p, of) for p in params}
        case t.Record(fields=fields, name=name):
            return {
                f.name.text: Symbol("field", f.name.text, f.name.span, name.text, f) for f in fields
            }
        case t.Enum(variants=variants, name=name):
            return {
                v.name.text: Symbol("label", v.name.text, v.name.span, name.text, v)
                for v in variants
            }
    return {}


def parameter(written: t.Param, of: str) -> Symbol:
    """The symbol of a parameter."""
    return Symbol("parameter", written.name.text, written.name.span, of, written)


def steps_of(node: t.Node | None) -> dict[str, Symbol]:
    """The parameters and steps of a recipe."""
    found = parts_of(node)
    for item in node.body.items if isinstance(node, t.Recipe) else ():
        if isinstance(item, t.Let):
            found[item.name.text] = Symbol("step", item.name.text, item.name.span, node=item)
    return found


def begun(hole: Span, pieces: Sequence[Piece]) -> Iterator[tuple[str, Symbol]]:
    """The steps and parameters that seem to be declared in text which could not be read."""
    for before, piece, after in zip([None, *pieces], pieces, [*pieces[1:], None], strict=False):
        opened = before.text if before is not None else ""
        step, given = opened == "let", after is not None and after.text == ":"
        if piece.kind == "word" and (step or (given and opened in ("(", ","))):
            at = Span(hole.source, hole.start + piece.start, hole.start + piece.end)
            yield piece.text, Symbol("step" if step else "parameter", piece.text, at)
