"""One version of a text, parsed, checked and priced: what every feature reads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from posixpath import commonprefix

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.editor.files import FileNames, Load, names_of
from rlmlang.editor.inner import Names
from rlmlang.editor.names import Walk
from rlmlang.editor.symbol import Occurrence
from rlmlang.ir.binding import Binding
from rlmlang.ir.recipe import Recipe
from rlmlang.ir.suite import Checked
from rlmlang.plan.plan import Plan
from rlmlang.schema.registry import ALONE, Find, Plugins
from rlmlang.syntax import tree as t
from rlmlang.syntax.scan import Piece, scan

Bind = Callable[[Recipe], Binding]


def unbound(recipe: Recipe) -> Binding:
    """A recipe planned with nothing that is outside of it."""
    return Binding()


@dataclass(frozen=True)
class Analysis:
    """What is known of a text. `problems` are all that was found, those of other files too; `found`
    are its names in the order of the text."""

    source: SourceFile
    file: FileNames
    checked: Checked
    problems: tuple[Diagnostic, ...]
    walk: Walk = field(repr=False)
    priced: Callable[[], Mapping[str, Plan]] = field(repr=False)
    same: int = 1 << 60
    """How much of the text is that which was analysed."""

    @property
    def items(self) -> tuple[t.Decl, ...]:
        """The declarations that could be read."""
        return self.file.tree.items if self.file.tree is not None else ()

    @cached_property
    def plans(self) -> Mapping[str, Plan]:
        """The recipes planned with the sizes that they declare, once somebody asks; none of a file
        with errors."""
        return self.priced()

    @property
    def found(self) -> list[Occurrence]:
        """Every name, in order."""
        return self.walk.found

    @cached_property
    def _starts(self) -> list[int]:
        return [o.span.start for o in self.found]

    def at(self, offset: int) -> Occurrence | None:
        """The name at a place, or just before it."""
        last = bisect_right(self._starts, offset)
        inside = [o for o in self.found[max(0, last - 8) : last] if o.span.end >= offset]
        return min(inside, key=lambda o: o.span.end - o.span.start, default=None)

    @cached_property
    def pieces(self) -> list[Piece]:
        """Its tokens, comments included."""
        return scan(self.source.text)

    def piece(self, offset: int) -> Piece | None:
        """The token at a place, or just before it."""
        last = bisect_right(self.pieces, offset, key=lambda p: p.start)
        near = [p for p in self.pieces[max(0, last - 2) : last] if p.end >= offset]
        return next((p for p in reversed(near) if p.kind != "mark"), near[-1] if near else None)

    def recipe(self, offset: int) -> str:
        """The name of the recipe around a place; empty where there is none."""
        return next(
            (
                item.name.text
                for item in self.items
                if isinstance(item, t.Recipe)
                and item.word == "recipe"
                and item.span.start <= offset < item.span.end
            ),
            "",
        )

    def names(self, offset: int) -> Names:
        """The names that can be said at a place, besides those of the whole file."""
        offset = min(offset, self.same)
        around = self.walk.around(offset)
        return {n: s for n, s in around.items() if s.at is None or s.at.start < offset}

    def with_text(self, source: SourceFile) -> Analysis:
        """The same with the text that is there by now, for what needs no more than the names that
        were known: places before the first change are still true."""
        same = len(commonprefix((self.source.text, source.text)))
        return replace(self, source=source, same=min(same, self.same))


class Prices:
    """Plans of the recipes of a file; one that is as before is not planned again."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Recipe, Binding, Plan | None]] = {}

    def plan(self, recipe: Recipe, binding: Binding, find: Find) -> Plan | None:
        """The plan of a recipe; None where it cannot be planned: `rlm plan` says why."""
        last = self._last.get(recipe.name)
        if last is not None and last[:2] == (recipe, binding):
            return last[2]
        try:
            made = compiler.plan(recipe, binding, find)
        except CodedError:
            made = None
        self._last[recipe.name] = recipe, binding, made
        return made


def analyse(
    source: SourceFile,
    load: Load,
    plugins: Plugins = ALONE,
    bind: Bind = unbound,
    prices: Prices | None = None,
    earlier: compiler.Earlier | None = None,
) -> Analysis:
    """A text, whatever is wrong with it. `load` brings the texts that it uses, `bind` what its
    recipes are planned with; `prices` has the plans of the text before, `earlier` its recipes."""
    file = names_of(source, load)
    try:
        checked = compiler.check(source, load, plugins=plugins, earlier=earlier)
        problems = checked.diagnostics
    except CodedError as mistake:  # a file that it uses may not or cannot be read
        checked = Checked({}, ())
        problems = (*compiler.read(source).diagnostics, _placed(mistake.diagnostic, file))
    known = prices or Prices()

    def plans() -> dict[str, Plan]:
        recipes = checked.recipes if checked.ok else {}
        made = {n: known.plan(r, bind(r), plugins.find) for n, r in recipes.items()}
        return {n: plan for n, plan in made.items() if plan is not None}

    return Analysis(source, file, checked, problems, Walk(file, checked.facts), plans)


def _placed(problem: Diagnostic, file: FileNames) -> Diagnostic:
    """A problem of no place, at the first `use` that led to no file, else at the beginning."""
    uses = [i for i in (file.tree.items if file.tree is not None else ()) if isinstance(i, t.Use)]
    lost = [u.span for u in uses if u not in file.used]
    first = Span(file.source, 0, len(file.source.lines[0]))
    return replace(problem, labels=(Label(next(iter(lost), first)),))
