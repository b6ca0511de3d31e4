"""What one client asks, answered by the features beside this file: a method a request."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.editor import project_file
from rlmlang.editor.actions import actions
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.choices import Choice
from rlmlang.editor.completion import completions
from rlmlang.editor.documents import Documents, model_names, usable
from rlmlang.editor.hints import hints, lenses
from rlmlang.editor.hover import hover
from rlmlang.editor.outline import folds, matching, outline
from rlmlang.editor.places import definition, references, symbol_at
from rlmlang.editor.positions import Encoding
from rlmlang.editor.tokens import tokens
from rlmlang.editor.wire import Wire, path_of
from rlmlang.runtime.root import FILE
from rlmlang.syntax.terms import Use

DEBOUNCE = 0.15
"""Seconds without a change after which problems are told."""
MOST_SYMBOLS = 500
T = TypeVar("T")


class Session:
    """One client, its documents and what is on its way to it. What takes longer is done in one
    thread beside the loop, so that a change never waits."""

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        self.documents = Documents()
        self.worker = ThreadPoolExecutor(1, "analysis")
        self.waiting: dict[str, asyncio.Task[None]] = {}
        self.told: dict[str, str | None] = {}
        self.wire = Wire()

    def begin(self, params: lsp.InitializedParams) -> None:
        """Takes what the client said of itself."""
        workspace = self.server.workspace
        self.wire = Wire(_encoding(str(workspace.position_encoding)), self.wire.opened)
        roots = [path_of(f.uri) for f in workspace.folders.values()]
        root = workspace.root_path
        self.documents.folders = tuple(roots or ([root] if root else []))

    # ── documents ────────────────────────────────────────────────────────────

    def opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._changed(params.text_document.uri)

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        self._changed(params.text_document.uri)

    def saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        self._on_disk()

    def watched(self, params: lsp.DidChangeWatchedFilesParams) -> None:
        self._on_disk()

    def closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri, path = params.text_document.uri, path_of(params.text_document.uri)
        self.documents.change(path, None)
        self.wire.opened.pop(path, None)
        self._stop(uri)
        self.server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        self._elsewhere()

    def _changed(self, uri: str) -> None:
        text = self.server.workspace.get_text_document(uri).source
        self.wire.opened[path_of(uri)] = uri
        self.documents.change(path_of(uri), text)
        self._elsewhere()

    def _on_disk(self) -> None:
        self.worker.submit(self.documents.forget)  # behind what is being analysed
        self._elsewhere()

    def _elsewhere(self) -> None:
        """Files that are open may have other problems and prices than before."""
        self.documents.changes += 1
        for path in self.documents.buffers:
            uri = self.wire.uri(path)
            self._stop(uri)
            self.waiting[uri] = asyncio.get_running_loop().create_task(self._tell(uri, path))

    def _stop(self, uri: str) -> None:
        if (task := self.waiting.pop(uri, None)) is not None:
            task.cancel()

    async def _tell(self, uri: str, path: str) -> None:
        """Tells the problems of a document, unless it is changed meanwhile."""
        await asyncio.sleep(DEBOUNCE)
        text = self.documents.buffers.get(path)
        found = await self.run(lambda: self._problems(path))
        if self.documents.buffers.get(path) == text:
            version = self.server.workspace.get_text_document(uri).version
            self.server.text_document_publish_diagnostics(
                lsp.PublishDiagnosticsParams(uri, found, version)
            )
            if not self.told:
                gc.freeze()  # what is loaded by now stays, and is not gone over again
            if self.told.get(uri) == text:  # so another file has changed
                self._refresh()
            self.told[uri] = text

    def _refresh(self) -> None:
        """Has the client ask anew for what it shows between lines, where it can."""
        able = self.server.client_capabilities.workspace
        if able and able.inlay_hint and able.inlay_hint.refresh_support:
            self.server.workspace_inlay_hint_refresh(None)
        if able and able.code_lens and able.code_lens.refresh_support:
            self.server.workspace_code_lens_refresh(None)

    def _problems(self, path: str) -> list[lsp.Diagnostic]:
        if path.endswith(FILE):
            problem = self.documents.against_project_file(path)
            source = SourceFile(path, self.documents.buffers.get(path, ""))
            first = Span(source, 0, 0)
            return [] if problem is None else [self.wire.diagnostic(problem, source, first)]
        analysis = self.documents.analysis(path)
        source = analysis.source
        uses = {f.source.path: u.span for u, f in analysis.file.used.items()}
        first = Span(source, 0, len(source.lines[0]))
        any_use = next((i.span for i in analysis.items if isinstance(i, Use)), first)
        told = []
        for problem in analysis.problems:
            where = problem.place.path if problem.place is not None else ""
            told.append(self.wire.diagnostic(problem, source, uses.get(where, any_use)))
        return told

    # ── answers ──────────────────────────────────────────────────────────────

    async def run(self, work: Callable[[], T]) -> T:
        """Does something beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    async def analysis(self, uri: str) -> Analysis | None:
        """What is known of a document's present text; None for what is no recipe."""
        path = path_of(uri)
        if path.endswith(FILE):
            return None
        try:
            return await self.run(lambda: self.documents.analysis(path))
        except CodedError:
            return None

    def offset(self, analysis: Analysis, position: lsp.Position) -> int:
        at = self.wire.positions(analysis.source)
        return at.offset(position.line, position.character)

    async def hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        uri = params.text_document.uri
        if path_of(uri).endswith(FILE):
            words = project_file.hover(*self._toml(uri, params.position))
            return lsp.Hover(_markdown(words)) if words else None
        analysis = await self.analysis(uri)
        if analysis is None:
            return None
        at = self.offset(analysis, params.position)
        found = await self.run(lambda: hover(analysis, at))
        return lsp.Hover(_markdown(found.text), self.wire.range(found.span)) if found else None

    def _toml(self, uri: str, position: lsp.Position) -> tuple[str, int]:
        source = SourceFile(path_of(uri), self.documents.buffers.get(path_of(uri), ""))
        at = self.wire.positions(source)
        return source.text, at.offset(position.line, position.character)

    async def completion(self, params: lsp.CompletionParams) -> lsp.CompletionList:
        uri, path = params.text_document.uri, path_of(params.text_document.uri)
        if path.endswith(FILE):
            return self._list(project_file.completions(*self._toml(uri, params.position)))
        last = self.documents.latest(path)
        source = self.documents.source(path)
        analysis = last.with_text(source) if last is not None else await self.analysis(uri)
        if analysis is None:
            return lsp.CompletionList(False, [])
        at = self.wire.positions(source).offset(params.position.line, params.position.character)
        models, files = partial(model_names, path), partial(usable, path, self.documents)
        return self._list(completions(analysis, at, models, files))

    def _list(self, found: list[Choice]) -> lsp.CompletionList:
        support = self.server.client_capabilities.text_document
        item = support and support.completion and support.completion.completion_item
        snippets = bool(item and item.snippet_support)
        items = [self.wire.choice(c, n, snippets=snippets) for n, c in enumerate(found)]
        return lsp.CompletionList(False, items)

    async def definition(self, params: lsp.DefinitionParams) -> lsp.Location | None:
        analysis = await self.analysis(params.text_document.uri)
        if analysis is None:
            return None
        span = definition(analysis, self.offset(analysis, params.position))
        return self.wire.location(span) if span is not None else None

    async def references(self, params: lsp.ReferenceParams) -> list[lsp.Location]:
        analysis = await self.analysis(params.text_document.uri)
        symbol = analysis and symbol_at(analysis, self.offset(analysis, params.position))
        if not symbol or symbol.key is None:
            return []
        key, name = symbol.key, symbol.name
        declared = params.context.include_declaration
        every = await self.run(lambda: references(key, self.documents.every(name)))
        return [self.wire.location(o.span) for o in every if declared or not o.declares]

    async def highlight(self, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        analysis = await self.analysis(params.text_document.uri)
        symbol = analysis and symbol_at(analysis, self.offset(analysis, params.position))
        if analysis is None or not symbol or symbol.key is None:
            return []
        kinds = {True: lsp.DocumentHighlightKind.Write, False: lsp.DocumentHighlightKind.Read}
        found = references(symbol.key, (analysis,))
        return [lsp.DocumentHighlight(self.wire.range(o.span), kinds[o.declares]) for o in found]

    async def prepare_rename(self, params: lsp.PrepareRenameParams) -> lsp.Range | None:
        analysis = await self.analysis(params.text_document.uri)
        found = analysis and analysis.at(self.offset(analysis, params.position))
        if not found or found.symbol.key is None or found.symbol.kind == "file":
            return None
        return self.wire.range(found.span)

    async def rename(self, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        analysis = await self.analysis(params.text_document.uri)
        symbol = analysis and symbol_at(analysis, self.offset(analysis, params.position))
        if not symbol:
            return None
        try:
            edits = await self.run(lambda: self.documents.rename(symbol, params.new_name))
        except CodedError as problem:
            raise JsonRpcInvalidParams(str(problem)) from None
        return self.wire.changes(edits)

    async def symbols(self, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        analysis = await self.analysis(params.text_document.uri)
        return [self.wire.entry(x) for x in outline(analysis)] if analysis else []

    async def workspace_symbols(
        self, params: lsp.WorkspaceSymbolParams
    ) -> list[lsp.WorkspaceSymbol]:
        found = await self.run(lambda: list(matching(params.query, self.documents.every())))
        return [self.wire.information(entry) for entry in found[:MOST_SYMBOLS]]

    async def actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        analysis = await self.analysis(params.text_document.uri)
        if analysis is None:
            return []
        ends = params.range.start, params.range.end
        start, end = (self.offset(analysis, p) for p in ends)
        return [self.wire.action(a, analysis.source) for a in actions(analysis, start, end)]

    async def tokens(self, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        analysis = await self.analysis(params.text_document.uri)
        return lsp.SemanticTokens(self.wire.tokens(tokens(analysis)) if analysis else [])

    async def hints(self, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        analysis = await self.analysis(params.text_document.uri)
        if analysis is None:
            return []
        at = self.wire.positions(analysis.source)
        made = await self.run(lambda: list(hints(analysis)))
        found = [(lsp.Position(*at.of(h.offset)), h.words) for h in made]
        first, last = params.range.start, params.range.end
        return [lsp.InlayHint(p, w, padding_left=True) for p, w in found if first <= p <= last]

    async def lenses(self, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        uri = params.text_document.uri
        analysis = await self.analysis(uri)
        made = []
        for lens in await self.run(lambda: list(lenses(analysis))) if analysis else ():
            arguments = [path_of(uri), *lens.arguments]
            command = lsp.Command(lens.title, f"rlm.{lens.command}", arguments=arguments)
            made.append(lsp.CodeLens(self.wire.range(lens.span), command))
        return made

    async def folds(self, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        analysis = await self.analysis(params.text_document.uri)
        kind = {True: lsp.FoldingRangeKind.Comment, False: None}
        found = folds(analysis) if analysis else ()
        return [lsp.FoldingRange(a, b, kind=kind[comment]) for a, b, comment in found]

    async def format(self, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        path = path_of(params.text_document.uri)
        if path.endswith(FILE):
            return None
        source = self.documents.source(path)
        laid_out, parsed = await self.run(lambda: compiler.format(source))
        if not parsed.ok or laid_out == source.text:
            return None
        return [lsp.TextEdit(self.wire.range(Span(source, 0, len(source.text))), laid_out)]


def _encoding(name: str) -> Encoding:
    return "utf-8" if name == "utf-8" else "utf-32" if name == "utf-32" else "utf-16"


def _markdown(text: str) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
