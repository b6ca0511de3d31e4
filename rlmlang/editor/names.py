"""What each name of a file means: one walk over its tree, and over the words of what could not be
read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from rlmlang.diagnostics.source import Span
from rlmlang.editor.files import FileNames
from rlmlang.editor.inner import NOWHERE, Inner, Names
from rlmlang.editor.symbol import Occurrence, Reach, Symbol, begun, declared, parts_of, steps_of
from rlmlang.ir.facts import Facts
from rlmlang.syntax import tree as t
from rlmlang.syntax.scan import scan
from rlmlang.syntax.trials import Item, Score, Trial


class Walk(Inner):
    """Goes over a file once: its names are in order then."""

    def __init__(self, file: FileNames, facts: Mapping[Span, Facts]) -> None:
        super().__init__(file, facts)
        for item in file.tree.items if file.tree is not None else ():
            self.item(item)
        for hole in file.tree.holes if file.tree is not None else ():
            self._hole(hole)
        self.found = list(_once(self.found))

    # ── declarations ─────────────────────────────────────────────────────────

    def item(self, item: t.Decl) -> None:
        """A declaration, with all that is in it."""
        if isinstance(item, t.Use):
            self._use(item)
            return
        symbol = declared(item)
        if symbol.kind != "test":
            self.declare(symbol)
        parts = parts_of(item)
        for part in parts.values():
            self.declare(part)
        match item:
            case Trial():
                self._trial(item)
            case t.Settings(word=word, block=block):
                self.block(block, word, NOWHERE)
            case t.Recipe():
                generics = {g.text: Symbol("type", g.text, g.span) for g in item.generics}
                for generic in generics.values():
                    self.declare(generic)
                self.children(item, {**generics, **parts}, skip=("name", "generics", "body"))
                self.body(item.body, {**generics, **parts}, item.span)
            case t.Prompt(body=body):
                self.children(item, NOWHERE, skip=("name", "body"))
                self.reaches.append(Reach(body.span.start, body.span.end, parts))
                if isinstance(body, t.Text):
                    self._template(body, parts)
                else:
                    self.block(body, "prompt", parts)
            case t.Partition(value=value):
                self._way(value, NOWHERE)
            case _:
                self.children(item, NOWHERE, skip=("name", "variants"))

    def _use(self, use: t.Use) -> None:
        file = self.file.used.get(use)
        if file is None:
            return
        path = _inside(use.span, f'"{use.path}"')
        whole = Span(file.source, 0, 0)
        if path is not None:
            self.add(path, Symbol("file", use.path, whole, node=use))
        for name in use.names:
            self.add(name.span, self.file.imported.get(name.text))
        if use.alias is not None:
            self.add(use.alias.span, self.file.imported.get(use.alias.text), declares=True)

    def _trial(self, trial: Trial) -> None:
        target = self.file.find(trial.target.text)
        self.add(trial.target.span, target)
        steps = steps_of(target.node if target is not None else None)
        names: dict[str, Symbol] = {}
        for line in trial.items:
            if isinstance(line, Item) and line.word == "each" and isinstance(line.key, t.Name):
                own = Symbol("parameter", line.key.text, line.key.span, node=line)
                names[line.key.text] = steps.get(line.key.text, own)
        for line in trial.items:
            match line:
                case Item(word="each", key=t.Name() as key, value=value):
                    each = names[key.text]
                    self.add(key.span, each, declares=each.at == key.span)
                    self.visit(value, NOWHERE)
                case Item(word=word, key=key, value=value):
                    asked = self._path(key, steps, mocked=word == "mock")
                    self.visit(value, {**names, **parts_of(asked)} if word == "mock" else names)
                case Score(metric=metric):
                    self.add(metric.span, self.file.find(metric.text))
                case t.Setting():
                    self.setting(line, trial.word, names)
                case _:
                    self.children(line, {**steps, **names})

    def _path(self, key: t.Expr, steps: Names, *, mocked: bool) -> t.Node | None:
        """The path of what is given, mocked or set: a parameter or step of the recipe, or what the
        file declares, whose node comes back."""
        while isinstance(key, t.Member):
            key = key.base
        if isinstance(key, t.Name):
            ours, whole = steps.get(key.text), self.file.find(key.text)
            found = (whole or ours) if mocked else (ours or whole)
            self.add(key.span, found)
            return found.node if found is not None else None
        return None

    # ── what could not be read ───────────────────────────────────────────────

    def _hole(self, hole: Span) -> None:
        """The words of text that is no recipe yet, by what their names mean around it."""
        pieces = [p for p in scan(hole.text) if p.kind not in ("comment", "doc")]
        names = dict(self.around(hole.start)) | dict(begun(hole, pieces))
        self.reaches.append(Reach(hole.start, hole.end, names))
        for before, piece in zip([None, *pieces], pieces, strict=False):
            if piece.kind == "word" and (before is None or before.text != "."):
                span = Span(hole.source, hole.start + piece.start, hole.start + piece.end)
                found = names.get(piece.text) or self.file.find(piece.text)
                self.add(span, found, declares=found is not None and found.at == span)

    def around(self, offset: int) -> Names:
        """The names that can be said at a place, besides those of the whole file."""
        inside = [r for r in self.reaches if r.start <= offset <= r.end]
        least = min(inside, key=lambda r: r.end - r.start, default=None)
        return least.names if least is not None else NOWHERE


def _once(found: list[Occurrence]) -> Iterator[Occurrence]:
    """Names in the order of the text, each once; few stand where another does."""
    for _, here in groupby(sorted(found, key=_place), _place):
        first, *more = here
        yield from dict.fromkeys((first, *more)) if more else (first,)


def _place(one: Occurrence) -> tuple[int, int]:
    return one.span.start, one.span.end


def _inside(span: Span, text: str) -> Span | None:
    at = span.text.find(text)
    start = span.start + at
    return Span(span.source, start + 1, start + len(text) - 1) if at >= 0 else None
