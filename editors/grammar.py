"""Writes the TextMate grammar of recipes from the tables of the language:
`python -m editors.grammar`.

It serves VS Code, and whatever else reads such grammars. With `--expected` it prints what each
token of the corpus is, as the lexer of Pygments has it; `editors/vscode/test.js` holds the grammar
against that with the engine that VS Code has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pygments.token import Comment, Error, Keyword, Literal, Name, Number, String

from rlmlang.editor.lexer import KEYWORDS, RlmLexer
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.syntax.scan import DECLARATIONS

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "editors" / "vscode" / "rlm.tmLanguage.json"
CORPUS = ("examples", "stdlib", "grammar/examples", "grammar/mistakes", "tests/golden")
WORD = "[A-Za-z_][A-Za-z0-9_]*"
PATH = rf"{WORD}(?:\.{WORD})*"
FUNCTION = [d for d in DECLARATIONS if d not in ("use", "export", "main", "enum", "record")]
CONSTANTS = ("true", "false", "none")


def grammar() -> dict[str, object]:
    """The grammar: each rule is tried in order, the first that matches colours its words."""
    return {
        "name": "rlm",
        "scopeName": "source.rlm",
        "fileTypes": ["rlm"],
        "patterns": [{"include": f"#{name}"} for name in RULES if name not in INSIDE],
        "repository": {name: {"patterns": list(rules)} for name, rules in RULES.items()},
    }


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda w: (-len(w), w)))


def _named(words: Iterable[str], scope: str) -> dict[str, object]:
    """A declaration's word and its name."""
    return {
        "match": rf"(?<!\.)\b({_any(words)})\s+({WORD})(?=\s*(?:[({{=:<]|for\b))",
        "captures": {"1": {"name": "keyword.declaration.rlm"}, "2": {"name": f"{scope}.rlm"}},
    }


def _words(words: Iterable[str], scope: str, behind: str = "") -> dict[str, object]:
    return {"match": rf"\b(?:{_any(words)})\b{behind}", "name": f"{scope}.rlm"}


def _text(begin: str, end: str, scope: str, inner: str) -> dict[str, object]:
    inside = [{"include": f"#{inner}"}] if inner else []
    return {"begin": begin, "end": end, "name": f"string.quoted.{scope}.rlm", "patterns": inside}


ATTRIBUTE = "variable.other.property"
INTERPOLATED = [
    {"match": r"\\.", "name": "constant.character.escape.rlm"},
    {"match": r"\{\{.*?\}\}|\{%.*?%\}", "name": "meta.embedded.template.rlm"},
    {"match": rf"\{{{PATH}\}}", "name": "meta.interpolation.rlm"},
]
RULES: dict[str, list[dict[str, object]]] = {
    "comments": [
        {"match": r"///.*$", "name": "comment.line.documentation.rlm"},
        {"match": r"//.*$", "name": "comment.line.double-slash.rlm"},
    ],
    "texts": [
        _text('r"""', '"""', "triple.raw", ""),
        _text('"""', '"""', "triple", "block"),
        {"match": r'r"[^"\n]*"', "name": "string.quoted.raw.rlm"},
        _text('"', '"|$', "double", "interpolated"),
    ],
    "numbers": [
        {"match": r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]*(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?!\w)",
         "name": "constant.other.date.rlm"},
        {"match": r"[0-9][0-9_]*(?:\.[0-9]+)?[A-Za-z%]*", "name": "constant.numeric.rlm"},
        {"match": r"@[\^~<>=]*[0-9]+(?:\.[0-9]+)*", "name": "constant.other.version.rlm"},
    ],
    "members": [
        {"match": rf"(?<![.])\.\s*({WORD})", "captures": {"1": {"name": f"{ATTRIBUTE}.rlm"}}},
    ],
    "declarations": [
        _named(FUNCTION, "entity.name.function"),
        _named(("enum", "record"), "entity.name.type"),
    ],
    "attributes": [
        {"match": rf"\b{WORD}(?=\s*:)", "name": f"{ATTRIBUTE}.rlm"},
        {"match": rf"\b(?!(?:leaf|depth)\b){WORD}(?=\s*<=)", "name": f"{ATTRIBUTE}.rlm"},
    ],
    "words": [
        _words(CONSTANTS, "constant.language"),
        _words(TYPE_NAMES, "support.type"),
        _words(FUNCTIONS, "support.function", r"(?=\s*\()"),
        _words(DECLARATIONS & KEYWORDS, "keyword.declaration"),
        _words(KEYWORDS - DECLARATIONS - {*CONSTANTS}, "keyword.control"),
        {"match": r"\b[A-Z]\w*", "name": "entity.name.type.rlm"},
        {"match": rf"\b{WORD}", "name": "variable.other.rlm"},
    ],
    "marks": [
        {"match": r"->|<=|>=|==|!=|\.\.|[-+*/%<>=?]", "name": "keyword.operator.rlm"},
        {"match": r"[(){}\[\],:.]", "name": "punctuation.rlm"},
    ],
    "interpolated": INTERPOLATED,
    "block": INTERPOLATED[1:],
}  # fmt: skip
INSIDE = ("interpolated", "block")
"""Rules for what stands inside of texts."""
SCOPES = (
    (Comment, "comment"), (String.Doc, "comment.line.documentation"), (String, "string"),
    (Number, "constant.numeric"), (Literal.Date, "constant.other.date"),
    (Literal, "constant.other"),
    (Keyword.Constant, "constant.language"), (Keyword.Type, "support.type"),
    (Keyword.Declaration, "keyword.declaration"), (Keyword, "keyword.control"),
    (Name.Builtin, "support.function"), (Name.Function, "entity.name.function"),
    (Name.Class, "entity.name.type"), (Name.Attribute, ATTRIBUTE), (Name, "variable.other"),
)  # fmt: skip
"""What a token of the lexer is in the grammar, the first that fits."""


def expected(text: str) -> Iterator[tuple[int, str, str]]:
    """Each token of a text that has a scope: its place, what it is, and the scope. Behind what
    means nothing the rest of a line is left out."""
    lost = False
    for at, kind, found in RlmLexer().get_tokens_unprocessed(text):
        lost = (lost or kind in Error) and "\n" not in found
        scope = next((scope for known, scope in SCOPES if kind in known), "")
        if scope and found.strip() and not lost:
            yield at, found, scope


def main() -> None:
    """Writes the grammar, or prints what is expected of it."""
    if sys.argv[1:] == ["--expected"]:
        paths = sorted(p for folder in CORPUS for p in (ROOT / folder).rglob("*.rlm"))
        texts = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in paths}
        found = {name: list(expected(text)) for name, text in texts.items()}
        print(json.dumps(found))
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
