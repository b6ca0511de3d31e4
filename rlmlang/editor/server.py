"""The language server: which request of the protocol is answered by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from rlmlang.editor.session import Session
from rlmlang.editor.tokens import MODIFIERS, TYPES
from rlmlang.resources import __version__

LEGEND = lsp.SemanticTokensLegend(list(TYPES), list(MODIFIERS))


def made() -> LanguageServer:
    """A server that has not begun."""
    server = LanguageServer(
        "rlm", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full
    )
    session = Session(server)
    for name, told in _notices(session).items():
        server.feature(name)(_marked(told))
    for name, answer, options in _requests(session):
        server.feature(name, options)(_waited(answer))
    return server


Notice = Callable[..., None]
Answer = Callable[..., Awaitable[object]]


def _notices(session: Session) -> dict[str, Notice]:
    """What a client tells."""
    return {
        lsp.INITIALIZED: session.begin,
        lsp.TEXT_DOCUMENT_DID_OPEN: session.opened,
        lsp.TEXT_DOCUMENT_DID_CHANGE: session.changed,
        lsp.TEXT_DOCUMENT_DID_SAVE: session.saved,
        lsp.TEXT_DOCUMENT_DID_CLOSE: session.closed,
        lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: session.watched,
    }


def _requests(session: Session) -> list[tuple[str, Answer, object]]:
    """What a client asks, with how it may be asked."""
    fixes = [lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]
    begins = [".", '"', "/", "{", "["]
    return [
        (lsp.TEXT_DOCUMENT_HOVER, session.hover, None),
        (
            lsp.TEXT_DOCUMENT_COMPLETION,
            session.completion,
            lsp.CompletionOptions(trigger_characters=begins),
        ),
        (lsp.TEXT_DOCUMENT_DEFINITION, session.definition, None),
        (lsp.TEXT_DOCUMENT_REFERENCES, session.references, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, session.highlight, None),
        (lsp.TEXT_DOCUMENT_PREPARE_RENAME, session.prepare_rename, None),
        (lsp.TEXT_DOCUMENT_RENAME, session.rename, lsp.RenameOptions(prepare_provider=True)),
        (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, session.symbols, None),
        (lsp.WORKSPACE_SYMBOL, session.workspace_symbols, None),
        (lsp.TEXT_DOCUMENT_CODE_ACTION, session.actions, lsp.CodeActionOptions(fixes)),
        (lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, session.tokens, LEGEND),
        (lsp.TEXT_DOCUMENT_INLAY_HINT, session.hints, None),
        (lsp.TEXT_DOCUMENT_CODE_LENS, session.lenses, None),
        (lsp.TEXT_DOCUMENT_FOLDING_RANGE, session.folds, None),
        (lsp.TEXT_DOCUMENT_FORMATTING, session.format, None),
    ]


def _marked(told: Notice) -> Notice:
    """A function of its own: pygls writes on it what it is for, and a method takes no marks."""

    def notice(ls: LanguageServer, params: object) -> None:
        told(params)

    return notice


def _waited(answer: Answer) -> Answer:
    """The same of one that is waited for."""

    async def request(ls: LanguageServer, params: object) -> object:
        return await answer(params)

    return request


def serve() -> None:
    """Answers one client over stdin and stdout until it goes."""
    made().start_io()
