"""Our values as those of the protocol, and places as the client counts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path, to_fs_path

from rlmlang.diagnostics.diagnostic import Diagnostic, Label
from rlmlang.diagnostics.fix import Edit
from rlmlang.diagnostics.source import Place, SourceFile, Span
from rlmlang.editor.actions import Action
from rlmlang.editor.choices import Choice
from rlmlang.editor.documents import file_of
from rlmlang.editor.outline import Entry
from rlmlang.editor.positions import Encoding, Positions
from rlmlang.editor.tokens import MODIFIERS, TYPES, Token

Kind, Item = lsp.SymbolKind, lsp.CompletionItemKind
SYMBOLS: Mapping[str, lsp.SymbolKind] = {
    "record": Kind.Struct, "enum": Kind.Enum, "label": Kind.EnumMember,
    "field": Kind.Field, "const": Kind.Constant, "prompt": Kind.Function,
    "code": Kind.Function, "metric": Kind.Function, "step": Kind.Variable,
    "recipe": Kind.Class, "pattern": Kind.Interface, "file": Kind.File,
    "parameter": Kind.Variable, "test": Kind.Event,
}  # fmt: skip
CHOICES: Mapping[str, lsp.CompletionItemKind] = {
    "record": Item.Struct, "enum": Item.Enum,
    "label": Item.EnumMember, "field": Item.Field,
    "const": Item.Constant, "prompt": Item.Function,
    "code": Item.Function, "function": Item.Function,
    "recipe": Item.Class, "pattern": Item.Interface,
    "file": Item.File, "setting": Item.Property,
    "argument": Item.Property, "type": Item.TypeParameter,
    "declaration": Item.Keyword, "line": Item.Keyword,
    "verb": Item.Keyword, "clause": Item.Keyword,
    "value": Item.Value, "section": Item.Module,
}  # fmt: skip
SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
FADED = ("unused-step", "unused-input")
"""Codes of what is there for nothing."""


def path_of(uri: str) -> str:
    """The path of a document; of one that is in no file, its address."""
    return to_fs_path(uri) or uri


def uri_of(path: str) -> str:
    """The address of a path, as it was opened; of a source of the library, of its file."""
    if "://" in path or path.startswith("untitled:"):
        return path
    return from_fs_path(str(Path(file_of(path)).absolute())) or path


@dataclass
class Wire:
    """Translates for one client, which counts in an encoding; `opened` has the addresses of the
    paths that are open, as the client writes them."""

    encoding: Encoding = "utf-16"
    opened: dict[str, str] = field(default_factory=dict)
    _last: dict[str, Positions] = field(default_factory=dict)

    def uri(self, path: str) -> str:
        """The address of a path, as the client writes it where it has opened that."""
        return self.opened.get(path) or uri_of(path)

    def positions(self, source: SourceFile) -> Positions:
        """The positions of a text, made once for as long as it is the same."""
        found = self._last.get(source.path)
        if found is None or found.source is not source:
            found = self._last[source.path] = Positions(source, self.encoding)
        return found

    def range(self, span: Span) -> lsp.Range:
        """A span as a range."""
        at = self.positions(span.source)
        return lsp.Range(lsp.Position(*at.of(span.start)), lsp.Position(*at.of(span.end)))

    def location(self, span: Span) -> lsp.Location:
        """A span with its file."""
        return lsp.Location(self.uri(span.source.path), self.range(span))

    def edits(self, edits: Iterable[Edit]) -> list[lsp.TextEdit]:
        """Edits of one text, each once."""
        return [lsp.TextEdit(self.range(e.at), e.text) for e in dict.fromkeys(edits)]

    def changes(self, files: Mapping[str, Iterable[Edit]]) -> lsp.WorkspaceEdit:
        """Edits of files by their paths."""
        made = {self.uri(p): self.edits(edits) for p, edits in files.items()}
        return lsp.WorkspaceEdit(changes=made)

    # ── diagnostics ──────────────────────────────────────────────────────────

    def diagnostic(
        self, problem: Diagnostic, source: SourceFile, elsewhere: Span
    ) -> lsp.Diagnostic:
        """A problem as it is told in a text; one of another file stands at what uses that."""
        labels = list(problem.labels)
        own = labels and labels[0].place.path == source.path
        first = labels[0] if own else Label(elsewhere)
        rest = labels[1:] if own else labels
        words = "\n".join(
            x
            for x in (problem.message, problem.reason, problem.hint and f"fix: {problem.hint}")
            if x
        )
        return lsp.Diagnostic(
            self._place(first.at, source),
            words,
            severity=SEVERITY[problem.severity],
            code=problem.code,
            source="rlm",
            tags=[lsp.DiagnosticTag.Unnecessary] if problem.code in FADED else None,
            related_information=[self._related(label, source) for label in rest],
        )

    def _related(self, label: Label, source: SourceFile) -> lsp.DiagnosticRelatedInformation:
        place = lsp.Location(self.uri(label.place.path), self._place(label.at, source))
        return lsp.DiagnosticRelatedInformation(place, label.words or "here")

    def _place(self, at: Span | Place, source: SourceFile) -> lsp.Range:
        if isinstance(at, Span):
            return self.range(at)
        if at.path != source.path:
            line = lsp.Position(max(0, at.line - 1), 0)
            return lsp.Range(line, line)
        starts = source.line_starts
        ends = (at.line, at.column), (at.end_line, at.end_column)
        start, end = (starts[min(n, len(starts)) - 1] + column - 1 for n, column in ends)
        return self.range(Span(source, start, end))

    # ── the rest ─────────────────────────────────────────────────────────────

    def entry(self, entry: Entry) -> lsp.DocumentSymbol:
        """A declaration of an outline."""
        return lsp.DocumentSymbol(
            entry.name or "?",
            SYMBOLS.get(entry.kind, Kind.Variable),
            self.range(entry.span),
            self.range(entry.at),
            detail=f"{entry.kind} {entry.says}".rstrip(),
            children=[self.entry(x) for x in entry.inside],
        )

    def information(self, entry: Entry) -> lsp.WorkspaceSymbol:
        """A declaration of any file."""
        kind = SYMBOLS.get(entry.kind, Kind.Variable)
        return lsp.WorkspaceSymbol(self.location(entry.at), entry.name, kind)

    def action(self, action: Action, source: SourceFile) -> lsp.CodeAction:
        """A fix."""
        whole = Span(source, 0, 0)
        kind = lsp.CodeActionKind.SourceFixAll if action.all else lsp.CodeActionKind.QuickFix
        return lsp.CodeAction(
            action.title,
            kind=kind,
            diagnostics=[self.diagnostic(d, source, whole) for d in action.mends],
            edit=self.changes({source.path: action.edits}),
            is_preferred=not action.all,
        )

    def choice(self, choice: Choice, number: int, *, snippets: bool) -> lsp.CompletionItem:
        """A word that may be written; the order is ours."""
        snippet = choice.snippet if snippets and choice.snippet else ""
        return lsp.CompletionItem(
            choice.name,
            kind=CHOICES.get(choice.kind, Item.Variable),
            detail=choice.says or choice.kind,
            documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, choice.doc),
            sort_text=f"{number:05}",
            insert_text=snippet or choice.name,
            insert_text_format=lsp.InsertTextFormat.Snippet if snippet else None,
        )

    def tokens(self, tokens: Iterable[Token]) -> list[int]:
        """Tokens as five numbers each, their places counted from the one before."""
        return [n for row in self._rows(tokens) for n in row]

    def _rows(self, tokens: Iterable[Token]) -> Iterator[tuple[int, int, int, int, int]]:
        line = character = 0
        for token in tokens:
            positions = self.positions(token.span.source)
            at, end = positions.of(token.span.start), positions.of(token.span.end)
            if end[0] != at[0] or end[1] == at[1]:
                continue
            start = at[1] - character if at[0] == line else at[1]
            bits = sum(1 << MODIFIERS.index(word) for word in token.also)
            yield at[0] - line, start, end[1] - at[1], TYPES.index(token.type), bits
            line, character = at
