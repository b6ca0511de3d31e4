"""Recipes that an earlier check of a file has made, for the next one: most edits leave most recipes
of a file, and all that these follow from, as they were, though somewhere else.

A recipe is taken over only where the check would find the same: what it names, and what that names,
is written as it was; nothing was said of any of it; and nothing depended on whether something else
is wrong. Whatever is in doubt is checked anew.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter

from rlmlang.check.module import Library, Make, Module
from rlmlang.diagnostics.source import Place, Span
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Recipe
from rlmlang.packages.manifest import STD
from rlmlang.syntax import tree as t

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST = 2_000
"""Recipes that are kept of the files of one check."""
Name = tuple[str, str]
"""The path of a file, and what it declares."""
Read = tuple[str, Name, str]
"""A word, the declaration that it may name, and how that is written."""


@dataclass(frozen=True, slots=True)
class Within:
    """A place by the declaration that it is in, and the characters from its beginning."""

    name: Name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe with all that its check left behind, its places as they are in declarations.
    `asked` says whether it depended on nothing else being wrong."""

    read: tuple[Read, ...]
    packages: tuple[tuple[str, str], ...]
    asked: bool
    recipe: Recipe
    steps: tuple[tuple[Within, ...], ...]
    filled: tuple[Within, ...]
    facts: tuple[tuple[Within, Facts], ...]


class Places:
    """Where the declarations of one check stand, and what each of them names."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.named: dict[Name, tuple[tuple[str, Module, t.Declaration], ...]] = {}
        self.starts: dict[str, list[tuple[int, str]]] = {}

    def read(self, module: Module, decl: t.Declaration) -> tuple[Read, ...]:
        """All that a declaration may follow from, itself first; nothing where that is not sure."""
        if any(m.holes.names for m in self.library.modules.values() if not m.root):
            return ()
        found = {("", _name(module, decl)): (module, decl)}
        waiting = [(module, decl)]
        for owner, one in waiting:
            if owner.holes.in_(one):
                return ()
            name = _name(owner, one)
            if name not in self.named:
                self.named[name] = tuple(_named(owner, one))
            for word, other, of in self.named[name]:
                if (word, _name(other, of)) not in found:
                    found[word, _name(other, of)] = other, of
                    waiting.append((other, of))
        return tuple((word, name, d.span.text) for (word, name), (_, d) in found.items())

    def problem_in(self, read: Iterable[Read]) -> bool:
        """Whether anything was said of one of these declarations."""
        spans = [x.at for d in self.library.diagnostics for x in d.labels if isinstance(x.at, Span)]
        try:
            said = {self.within(span).name for span in spans}
        except LookupError:
            return True
        return not said.isdisjoint(name for _, name, _ in read)

    # ── places in the text, and in declarations ──────────────────────────────

    def within(self, span: Span) -> Within:
        """A place by its declaration. Raises LookupError for one that is in none."""
        path = span.source.path
        module = self.library.modules[path]
        if path not in self.starts:
            self.starts[path] = sorted((d.span.start, n) for n, d in module.decls.items())
        before = bisect_right(self.starts[path], span.start, key=itemgetter(0))
        start, name = self.starts[path][max(0, before - 1)]
        if not (start <= span.start and span.end <= module.decls[name].span.end):
            raise LookupError(span)
        return Within((path, name), span.start - start, span.end - start)

    def span(self, within: Within) -> Span:
        """A place as it is now."""
        path, name = within.name
        module = self.library.modules[path]
        start = module.decls[name].span.start
        return Span(module.source, start + within.start, start + within.end)

    def of(self, place: Place) -> Within:
        """The same of a place that is kept without its text. Raises LookupError."""
        source = self.library.modules[place.path].source
        start = source.line_starts[place.line - 1] + place.column - 1
        end = source.line_starts[place.end_line - 1] + place.end_column - 1
        return self.within(Span(source, start, end))


class Earlier:
    """The recipes of the last checks of one file and of those that it uses."""

    def __init__(self) -> None:
        self.made: dict[Name, Made] = {}
        self.places: Places | None = None

    def recipe(self, module: Module, decl: t.Recipe, make: Make) -> Recipe:
        """A recipe as it was made before, with its places as they are now; else made, and kept."""
        library, name = module.library, _name(module, decl)
        if self.places is None or self.places.library is not library:
            self.places = Places(library)
        read = self.places.read(module, decl)
        if not read:
            return make(module, decl)
        before = self.made.get(name)
        if before is not None and before.read == read and _holds(before, self.places):
            return _taken(before, self.places)
        return self._made(name, read, self.places, lambda: make(module, decl))

    def _made(
        self, name: Name, read: tuple[Read, ...], places: Places, make: Callable[[], Recipe]
    ) -> Recipe:
        """A recipe that is checked, and kept where it may be taken over."""
        library = places.library
        facts, filled, said = library.facts, library.filled, library.said
        library.facts, library.filled = {}, []
        recipe = make()
        doubt = library.said != said or (library.asked and library.broken)
        self.made.pop(name, None)
        if not doubt and not places.problem_in(read):
            with suppress(LookupError):
                self.made[name] = _kept(recipe, read, places)
        while len(self.made) > MOST:
            del self.made[next(iter(self.made))]
        library.facts, library.filled = facts | library.facts, filled + library.filled
        return recipe


def _kept(recipe: Recipe, read: tuple[Read, ...], places: Places) -> Made:
    """What is kept of a recipe. Raises LookupError where a place is in no declaration."""
    library = places.library
    return Made(
        read,
        packages(library),
        library.asked,
        recipe,
        tuple(tuple(map(places.of, step.places)) for step in recipe.steps),
        tuple(map(places.within, library.filled)),
        tuple((places.within(span), found) for span, found in library.facts.items()),
    )


def _holds(made: Made, places: Places) -> bool:
    """Whether a recipe whose texts are as they were would be made the same."""
    library = places.library
    asks = made.asked and library.broken
    same = made.packages == packages(library)
    return same and not asks and not places.problem_in(made.read)


def _taken(made: Made, places: Places) -> Recipe:
    """A recipe that was made before, where it stands now, with what its check left behind."""
    library, span = places.library, places.span
    library.asked = library.asked or made.asked
    library.filled += map(span, made.filled)
    library.facts.update((span(within), found) for within, found in made.facts)
    steps = zip(made.recipe.steps, made.steps, strict=True)
    now = (replace(step, places=tuple(span(w).place for w in at)) for step, at in steps)
    return replace(made.recipe, steps=tuple(now))


def packages(library: Library) -> tuple[tuple[str, str], ...]:
    """The packages that files of this check are of, with their hashes. The standard library is a
    part of rlmlang: what matters of it stands in the plan."""
    every = {m.source.package for m in library.modules.values()}
    return tuple(sorted((p.id, p.hash) for p in every if p is not None and p.name != STD))


def _name(module: Module, decl: t.Declaration) -> Name:
    return module.source.path, decl.name.text


def _named(module: Module, decl: t.Declaration) -> Iterator[tuple[str, Module, t.Declaration]]:
    """What the words of a declaration may name, and all of a file that is used as a whole."""
    whole = {n.split(".")[0] for n in module.imports if "." in n}
    for word in _words(decl.span.text):
        if (found := module.find(word)) is not None:
            yield word, *found
        if word in whole:
            inside = (x for n, x in module.imports.items() if n.startswith(f"{word}."))
            yield from ((word, *x) for x in inside)


@lru_cache(MOST)
def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(WORD.findall(text)))
