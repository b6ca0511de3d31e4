"""The TextMate grammar and the extension beside it. `editors/vscode/test.js` tries the grammar on the
whole corpus with the engine of VS Code; here its rules are carried out in Python on a part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

import regex

from editors.grammar import CORPUS, TARGET, expected, grammar
from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.hints import lenses
from rlmlang.editor.lexer import RlmLexer
from tests.conftest import ROOT
from tests.editor.marked import analysed

FOLDER = ROOT / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text())
MADE = grammar()


def test_the_grammar_is_that_of_the_tables() -> None:
    """Written anew by `python -m editors.grammar`."""
    assert json.loads(TARGET.read_text()) == MADE


def rules(patterns: list[dict]) -> list[dict]:
    """Patterns with what they include."""
    found = []
    for rule in patterns:
        name = rule.get("include", "").removeprefix("#")
        found += rules(MADE["repository"][name]["patterns"]) if name else [rule]
    return found


@cache
def compiled(pattern: str) -> regex.Pattern:
    return regex.compile(pattern)


def scopes(text: str) -> Iterator[tuple[int, int, str]]:
    """The scopes of a text: of what is left of a line, the rule that matches first and stands first
    wins; between the ends of a text the rules inside of it count."""
    offset, inside = 0, None
    top = rules(MADE["patterns"])
    for line in text.split("\n"):
        at = 0
        while True:
            end = compiled(inside["end"]).search(line, at) if inside else None
            tried = [(m.start(), n, m, r) for n, r in enumerate(rules(inside["patterns"]) if inside else top)
                     if (m := compiled(r.get("match") or r["begin"]).search(line, at))]  # fmt: skip
            first = min(tried, default=None, key=lambda t: t[:2])
            if end and (first is None or end.start() <= first[0]):
                yield offset + at, offset + end.end(), inside["name"]
                at, inside = end.end(), None
                continue
            if inside:
                until = first[2].end() if first else len(line)
                yield offset + at, offset + until, inside["name"]
            if first is None:
                break
            _, _, match, rule = first
            if "begin" in rule:
                yield offset + match.start(), offset + match.end(), rule["name"]
                inside = rule
            elif not inside:
                for group, name in rule.get(
                    "captures", {"0": {"name": rule.get("name", "")}}
                ).items():
                    start, end_of = match.span(int(group))
                    yield offset + start, offset + end_of, name["name"]
            at = match.end() + (match.end() == match.start())
        offset += len(line) + 1


def test_the_grammar_says_what_the_lexer_says() -> None:
    paths = sorted(p for folder in CORPUS for p in (ROOT / folder).rglob("*.rlm"))
    tried = 0
    for path in paths[::6]:
        text = path.read_text()
        at = {n: scope for start, end, scope in scopes(text) for n in range(start, end)}
        for offset, word, scope in expected(text):
            tried += 1
            assert at.get(offset, "").startswith(scope), (path, offset, word)
    assert tried > 2_000


def test_each_snippet_is_a_recipe() -> None:
    """With its gaps filled by what they suggest."""
    for name, snippet in json.loads((FOLDER / "snippets.json").read_text()).items():
        body = "\n".join(snippet["body"])
        body = re.sub(r"(?<=\S)\$0", "", body)
        gaps = dict(re.findall(r"\$\{(\d+):([^}]*)\}", body))
        text = re.sub(
            r"\$\{(\d+):[^}]*\}|\$\{?(\d+)\}?", lambda m: gaps.get(m[1] or m[2], "book"), body
        )
        whole = name in ("recipe", "prompt", "record", "test")
        inside = f"recipe r(book: Text) -> Text {{\n{text}\n}}\n"
        parsed = compiler.read(SourceFile("s.rlm", f"rlm 1\n\n{text if whole else inside}\n"))
        assert parsed.ok, (name, parsed.diagnostics)


def test_the_extension_has_a_command_for_each_lens() -> None:
    text = ('rlm 1\n\nrecipe r(b: Text) -> Text { return b }\ntest "t" for r { given b: "x" expect calls == 0 }\n'
            'batch n for r { each b in lines("l.txt") output: "{b}.md" }\n')  # fmt: skip
    wanted = {f"rlm.{lens.command}" for lens in lenses(analysed(text))} | {"rlm.eval", "rlm.tune"}
    assert wanted <= {c["command"] for c in PACKAGE["contributes"]["commands"]}
    assert {w.removeprefix("rlm.") for w in wanted} <= set(
        re.findall(r'"(\w+)"', (FOLDER / "extension.js").read_text())
    )
    assert PACKAGE["contributes"]["languages"][0]["extensions"] == [
        RlmLexer.filenames[0].removeprefix("*")
    ]
