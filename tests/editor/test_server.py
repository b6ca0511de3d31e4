"""The real `rlm lsp` over its pipes, as editors speak to it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("pygls")
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from tests.conftest import ROOT

SHARED = 'rlm 1\n\nprompt look(page: Slice, question: Text) -> Text? "🦔 What?"\n'
FIND = """rlm 1

use "./shared.rlm" { look }

recipe find(book: Text max 9ktok, question: Text max 50tok) -> [Text?] {
  let pages = split book by tokens(max: 500tok)  // 🦔
  let seen = map pages with look(question)

  return seen
}
"""


class Editor:
    """A client with the problems that it was told of, by the ends of their addresses."""

    def __init__(self, folder: Path, client: LanguageClient) -> None:
        self.folder, self.client = folder, client
        self.told: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(self.hear)
        self.version = 0

    @property
    def hear(self) -> Callable[[lsp.PublishDiagnosticsParams], None]:
        def hear(params: lsp.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

        return hear

    def at(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier((self.folder / name).as_uri())

    def open(self, name: str, text: str) -> None:
        item = lsp.TextDocumentItem(self.at(name).uri, "rlm", 0, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> None:
        self.version += 1
        known = lsp.VersionedTextDocumentIdentifier(version=self.version, uri=self.at(name).uri)
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(known, [whole]))

    async def problems(self, name: str, version: int | None = None) -> list[str]:
        """The codes of the next problems that are told of a document, of a version."""
        while True:
            found = await self.told.get()
            if found.uri.endswith(name) and version in (None, found.version):
                return [str(d.code) for d in found.diagnostics]


@asynccontextmanager
async def editor(folder: Path, encoding: str = "utf-16") -> AsyncIterator[Editor]:
    client = LanguageClient("test", "1")
    ours = Editor(folder, client)
    await client.start_io(sys.executable, "-m", "rlmlang", "lsp")
    general = lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind(encoding)])
    able = lsp.ClientCapabilities(general=general)
    began = await client.initialize_async(lsp.InitializeParams(able, root_uri=folder.as_uri()))
    assert began.capabilities.position_encoding == encoding
    client.initialized(lsp.InitializedParams())
    yield ours
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


def run(work: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared.rlm").write_text(SHARED)
    (tmp_path / "find.rlm").write_text(FIND)
    return tmp_path


def test_a_session_of_an_editor(folder: Path) -> None:
    """Problems as one types, of texts that are not saved; then everything else that is asked."""

    async def session() -> None:
        async with editor(folder) as ours:
            client, find = ours.client, ours.at("find.rlm")
            ours.open("find.rlm", FIND)
            assert await ours.problems("find.rlm") == []
            ours.change("find.rlm", FIND.replace("map pages", "map pagse"))
            assert await ours.problems("find.rlm", 1) == ["unknown-name"]
            place = lsp.Position(6, 17)
            context = lsp.CodeActionContext([])
            fixes = await client.text_document_code_action_async(
                lsp.CodeActionParams(find, lsp.Range(place, place), context))  # fmt: skip
            assert [e.new_text for e in (fixes or ())[0].edit.changes[find.uri]] == ["pages"]
            ours.change("find.rlm", FIND)
            assert await ours.problems("find.rlm", 2) == []
            await asked(ours, client, find)
            ours.open("shared.rlm", SHARED.replace("look(", "glance("))
            assert "unknown-import" in await ours.problems("find.rlm")
            client.text_document_did_close(lsp.DidCloseTextDocumentParams(ours.at("shared.rlm")))
            assert await ours.problems("find.rlm") == []
            await project_file(ours)

    run(session())


async def project_file(ours: Editor) -> None:
    """`rlm.toml` is checked and completed too."""
    ours.open("rlm.toml", '[models]\ndefalt = "x"\n')
    assert await ours.problems("rlm.toml") == ["bad-project"]
    place = lsp.CompletionParams(ours.at("rlm.toml"), lsp.Position(1, 0))
    found = await ours.client.text_document_completion_async(place)
    assert "default" in [item.label for item in found.items]


async def asked(ours: Editor, client: LanguageClient, find: lsp.TextDocumentIdentifier) -> None:
    """What is asked of a text without problems."""
    pages, look = lsp.Position(6, 18), lsp.Position(6, 30)
    found = await client.text_document_hover_async(lsp.HoverParams(find, pages))
    assert found and "coverage `exact`" in found.contents.value
    place = await client.text_document_definition_async(lsp.DefinitionParams(find, look))
    assert (place.uri.endswith("shared.rlm"), place.range.start) == (True, lsp.Position(2, 7))
    every = lsp.ReferenceParams(lsp.ReferenceContext(True), find, look)
    places = await client.text_document_references_async(every)
    assert sorted(p.uri.rpartition("/")[2] for p in places) == [
        "find.rlm",
        "find.rlm",
        "shared.rlm",
    ]
    edits = await client.text_document_rename_async(lsp.RenameParams(find, look, "glance"))
    assert sorted(len(e) for e in edits.changes.values()) == [1, 2]
    items = await client.text_document_completion_async(lsp.CompletionParams(find, look))
    assert "look" in [item.label for item in items.items]
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
    hints = await client.text_document_inlay_hint_async(lsp.InlayHintParams(find, whole))
    assert [h.label for h in hints] == ["exact", "≤ 40 calls · exact", "exact"]
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(find))
    assert [x.command.command for x in lenses] == ["rlm.plan", "rlm.run", "rlm.graph"]
    colours = await client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(find))
    assert len(colours.data) % 5 == 0 and colours.data
    symbols = await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("look"))
    assert [s.name for s in symbols] == ["look"]
    outline = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(find))
    assert [s.name for s in outline] == ["find"]
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(find))
    assert [(f.start_line, f.end_line) for f in folds] == [(4, 8)]
    ours.change("find.rlm", FIND.replace("  let seen", "let   seen"))
    options = lsp.FormattingOptions(2, True)
    laid = await client.text_document_formatting_async(lsp.DocumentFormattingParams(find, options))
    assert [e.new_text for e in laid] == [FIND]
    ours.change("find.rlm", FIND)


def test_places_are_counted_as_the_client_counts(folder: Path) -> None:
    """A hedgehog before the place: four bytes; `test_laws.py` has the other encodings."""
    line = '  let h = "" let pages = split book by tokens(max: 500tok, maxx: 1)'
    text = FIND.replace(FIND.splitlines()[5], line.replace('""', '"🦔"'))
    strange = folder.rename(folder.with_name("a @(b) 🦔"))

    async def session() -> None:
        async with editor(strange, "utf-8") as ours:
            ours.open("find.rlm", text)
            told = await ours.told.get()
            assert told.uri == ours.at("find.rlm").uri  # as the client writes it
            (problem,) = (d for d in told.diagnostics if d.severity == lsp.DiagnosticSeverity.Error)
            assert problem.range.start == lsp.Position(5, line.index("maxx") + 4)

    run(session())


def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    """A module of the same name that is not there, as in an environment without the extra."""
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError('gone', name='pygls')")
    (tmp_path / "lsprotocol.py").write_text("raise ModuleNotFoundError('gone', name='lsprotocol')")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from rlmlang.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "lsp"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "error[extra-missing]" in done.stderr
    assert "pip install 'rlmlang[lsp]'" in done.stderr


NEOVIM = """
vim.cmd('edit find.rlm | set filetype=rlm')
vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 50)
for _, d in ipairs(vim.diagnostic.get(0)) do print(d.lnum .. ' ' .. d.code) end
vim.fn.cursor(7, 32)
local asked = vim.lsp.util.make_position_params()
for _, found in pairs(vim.lsp.buf_request_sync(0, 'textDocument/definition', asked, 20000)) do
  local result = found.result
  print(vim.fn.fnamemodify(vim.uri_to_fname(result.uri), ':t') .. ' ' .. result.range.start.line)
end
print(type(vim.lsp.commands['rlm.plan']))
vim.cmd('qa!')
"""


def snippet(language: str) -> str:
    """What the page on editors says to write."""
    page = (ROOT / "docs" / "editors.md").read_text()
    return page.partition(f"```{language}\n")[2].partition("```")[0]


def with_rlm(folder: Path) -> dict[str, str]:
    """The environment with this `rlm` on its path."""
    command = folder / "bin" / "rlm"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m rlmlang "$@"\n')
    command.chmod(0o755)
    return os.environ | {"PATH": f"{command.parent}:{os.environ['PATH']}"}


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
def test_neovim_speaks_with_it_as_the_page_says(folder: Path) -> None:
    (folder / "find.rlm").write_text(FIND.replace("book by tokens", "boook by tokens"))
    (folder / "try.lua").write_text(snippet("lua") + NEOVIM)
    call = ["nvim", "--headless", "--clean", "-c", "luafile try.lua"]
    done = subprocess.run(
        call, cwd=folder, capture_output=True, text=True, timeout=60, env=with_rlm(folder)
    )
    said = (done.stdout + done.stderr).replace("\r", "").split("\n")
    said = [line.strip() for line in said if line.strip() and "find.rlm" not in line]
    assert said == ["5 unknown-name", "shared.rlm 2", "function"]


@pytest.mark.skipif(shutil.which("emacs") is None, reason="Emacs is not installed")
def test_emacs_takes_what_the_page_says(folder: Path) -> None:
    (folder / "init.el").write_text(snippet("elisp"))
    asked = "(progn (require 'eglot nil t) (remove-hook 'rlm-mode-hook (quote eglot-ensure)) (find-file \"find.rlm\") (princ major-mode))"
    call = ["emacs", "-Q", "--batch", "-l", "init.el", "--eval", asked]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "rlm-mode"), done.stderr


def test_a_server_that_is_told_to_go_ends_without_a_word() -> None:
    said = b""
    for number, method in enumerate(("initialize", "shutdown", "exit")):
        params = {"capabilities": {}} if method == "initialize" else None
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message if method == "exit" else {**message, "id": number}).encode()
        said += b"Content-Length: %d\r\n\r\n" % len(body) + body
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", "lsp"],
        cwd=ROOT,
        input=said,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
