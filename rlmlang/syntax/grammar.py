"""The LALR tables of the grammar: built once, then kept as JSON in the user's cache folder.

Building takes half a second, loading a tenth of it. Lark's own cache is a pickle; this is not.
"""

from __future__ import annotations

import hashlib
import json
from operator import itemgetter
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import Reduce, Shift

from rlmlang import resources

FORM = 2  # of the kept text: each row of the table is a text of its own, read when needed
LEXER = (
    "basic"  # one scanner for all states: keywords are always keywords, `soft` lets them be names
)


def load() -> Lark:
    """The parser of the rlm language."""
    text = resources.text("grammar", "rlm.lark")
    key = f"{text}{lark.__version__}{LEXER}{FORM}"
    name = f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    kept = resources.cached(name)
    if kept is not None:
        try:
            return _passing_on(_from_json(kept))
        except (ValueError, KeyError, TypeError):
            pass  # a damaged cache is built anew
    parser = build(text)
    resources.keep(name, _to_json(parser))
    return _passing_on(parser)


def build(text: str, *, strict: bool = False) -> Lark:
    """A parser from the grammar's text; `strict` also proves that no two rules collide."""
    return Lark(
        text,
        parser="lalr",
        lexer=LEXER,
        start=["file"],
        propagate_positions=True,
        maybe_placeholders=True,
        strict=strict,
    )


def _passing_on(parser: Lark) -> Lark:
    """The parser without work that changes nothing: a rule that has found one part alone, as most
    of those of operators have, gives that part, whose place is known. A value is passed on by a
    dozen of them: a quarter of the time that a long file takes."""
    callbacks = parser.parser.parser.parser.callbacks
    for rule in parser.rules:
        part = rule.expansion[0] if len(rule.expansion) == 1 else None
        named = part is not None and not part.is_term and not part.name.startswith("_")
        if named and rule.options.expand1 and rule.alias is None:
            callbacks[rule] = itemgetter(0)
    return parser


def _to_json(parser: Lark) -> str:
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    rows = {str(state): json.dumps(row) for state, row in table.pop("states").items()}
    return json.dumps([data, memo, rows])


class States(dict[int, Any]):
    """The rows of the parse table, each made when the parser first comes to it."""

    def __init__(self, rows: dict[str, str], tokens: list[str], rules: dict[int, Any]) -> None:
        super().__init__()
        self.rows, self.tokens, self.rules = rows, tokens, rules

    def __missing__(self, state: int) -> dict[str, Any]:
        row = {}
        for token, (reduces, arg) in json.loads(self.rows[str(state)]).items():
            action = (Reduce, self.rules[arg["@"]]) if reduces else (Shift, arg)
            row[self.tokens[int(token)]] = action
        self[state] = row
        return row


def _from_json(text: str) -> Lark:
    """The parser without its table, then the table, which is made as far as it is used."""
    data, memo, rows = json.loads(text)
    table = data["parser"]["parser"]
    table["states"] = {}
    names = table["tokens"]
    tokens = [names[str(i)] for i in range(len(names))]
    table["tokens"] = {}
    kept = {"data": data, "memo": {int(k): v for k, v in memo.items()}}
    loaded: Lark = Lark.__new__(Lark)._load(kept)  # noqa: SLF001, Lark has no public way
    rules = {r["@"]: rule for r, rule in zip(data["rules"], loaded.rules, strict=True)}
    loaded.parser.parser.parser.parse_table.states = States(rows, tokens, rules)
    return loaded
