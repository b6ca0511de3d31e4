"""The LALR tables of the grammar: built once, then kept as JSON in the user's cache folder.

Building takes half a second, loading a tenth of it. Lark's own cache is a pickle; this is not.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from rlmlang import resources


def load() -> Lark:
    """The parser of the rlm language."""
    text = resources.text("grammar", "rlm.lark")
    name = f"grammar-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    kept = resources.cached(name)
    if kept is not None:
        try:
            return _from_json(kept)
        except (ValueError, KeyError, TypeError):
            pass  # a damaged cache is built anew
    parser = build(text)
    resources.keep(name, _to_json(parser))
    return parser


def build(text: str, *, strict: bool = False) -> Lark:
    """A parser from the grammar's text; `strict` also proves that no two rules collide."""
    return Lark(
        text,
        parser="lalr",
        start=["file"],
        propagate_positions=True,
        maybe_placeholders=True,
        strict=strict,
    )


def _to_json(parser: Lark) -> str:
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    return json.dumps([data, memo])


def _from_json(text: str) -> Lark:
    data, memo = json.loads(text)
    table = data["parser"]["parser"]
    table["tokens"] = _by_number(table["tokens"])
    table["states"] = {
        int(state): {int(token): tuple(action) for token, action in row.items()}
        for state, row in table["states"].items()
    }
    kept = {"data": data, "memo": _by_number(memo)}
    loaded: Lark = Lark.__new__(Lark)._load(kept)  # noqa: SLF001, Lark has no public way
    return loaded


def _by_number(table: dict[str, Any]) -> dict[int, Any]:
    return {int(k): v for k, v in table.items()}
