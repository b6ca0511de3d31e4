"""How long `rlm lsp` takes to answer the first question after an edit of a file of 500 lines, without
the way there and back."""

from __future__ import annotations

import gc
import random
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rlmlang.editor.analysis import Analysis
from rlmlang.editor.documents import Documents
from rlmlang.editor.hints import hints
from rlmlang.editor.hover import hover
from rlmlang.editor.tokens import tokens

ROOT = Path(__file__).parents[2]
LINES = 500
PLACES = 20
TAKEN = ("stdlib/needle.rlm", "tests/cases/run/tables.rlm", "examples/routing/route.rlm",
         "examples/invoices/invoices.rlm")  # fmt: skip
DECLARED = re.compile(
    r"^(?:export )?(?:main )?(?:const|enum|record|model|source|partition|prompt|code|pattern"
    r"|recipe|dataset|eval|tune) (\w+)",
    re.MULTILINE,
)
HEAD = """rlm 1

use "std/rlm" as rlm

use "./shared.rlm" { note_0, merge_0 }

recipe using(book: Text, question: Text max 500tok) -> Text {
  budget {
    calls <= 20_000
    usd <= 20.00
  }

  let pages = split book by tokens(max: 4ktok)
  let notes = map pages with note_0(question)

  return reduce notes with merge_0(question)
}
"""
Edit = Callable[[str, random.Random], tuple[str, int]]
"""A text with one change at any place of it, and the place."""


def part(path: str, number: int) -> str:
    """The declarations of a recipe of this project, with a number behind each of their names."""
    text = re.sub(r"^(export )?main ", r"\1", (ROOT / path).read_text(), flags=re.MULTILINE)
    for name in DECLARED.findall(text):
        text = re.sub(rf"\b{name}\b", f"{name}_{number}", text)
    return text.removeprefix("rlm 1\n")


def long_file() -> str:
    """500 lines of records, prompts, recipes, tests and evals, that use another file."""
    text, number = HEAD, 1
    while len(text.splitlines()) < LINES:
        text += part(TAKEN[number % len(TAKEN)], number)
        number += 1
    return text


def at_one(pattern: str, new: Callable[[str], str]) -> Edit:
    """The change of one of the places that look so."""
    form = re.compile(pattern)

    def edit(text: str, chance: random.Random) -> tuple[str, int]:
        found = chance.choice(list(form.finditer(text)))
        return text[: found.start()] + new(found.group()) + text[found.end() :], found.start()

    return edit


EDITS: dict[str, Edit] = {
    "a letter in a prompt's text": at_one(r"(?<=    )[A-Z]\w+ (?=\w+ \w+ )", lambda x: f"{x}s "),
    "a number in a setting": at_one(r"(?<=[=:] )[0-9]+(?=[\n,)k])", lambda x: f"{x}1"),
    "a step renamed": at_one(r"let \w+", lambda x: f"{x}x"),
    "a new line": at_one(r"\n(?=  \w)", lambda x: "\n  // a note\n"),
    "a bracket left open": at_one(r"\w(?=\b)(?= )", lambda x: f"{x}("),
    "a brace taken away": at_one(r"\n}\n", lambda x: "\n\n"),
}
ANSWERS: dict[str, Callable[[Analysis, int], object]] = {
    "hover": hover,
    "prices": lambda analysis, at: list(hints(analysis)),
    "colours": lambda analysis, at: list(tokens(analysis)),
    "problems": lambda analysis, at: analysis.problems,
}


def times(documents: Documents, path: Path, asked: Path, edit: Edit, question: str) -> list[float]:
    """Milliseconds of the processor for one answer about a file after each of some edits of a file."""
    text, found = documents.buffers[str(path)], []
    chance, answer = random.Random(question), ANSWERS[question]
    for _ in range(PLACES):
        edited, at = edit(text, chance)
        documents.change(str(path), edited)
        start = time.process_time()
        answer(documents.analysis(str(asked)), at)
        found.append((time.process_time() - start) * 1e3)
        documents.change(str(path), text)
        answer(documents.analysis(str(asked)), at)
    return sorted(found)


def opened(folder: Path) -> tuple[Documents, Path, Path]:
    """The file and the one that it uses, as an editor has them open."""
    documents, path, used = Documents((str(folder),)), folder / "long.rlm", folder / "shared.rlm"
    documents.change(str(path), long_file())
    documents.change(str(used), "rlm 1\n" + part(TAKEN[0], 0))
    return documents, path, used


def table() -> list[tuple[str, str, str]]:
    """Rows of the benchmark."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        documents, path, used = opened(Path(name))
        cases = [(what, path, edit) for what, edit in EDITS.items()]
        first = next(iter(EDITS.values()))
        hover(documents.analysis(str(path)), 0)
        gc.freeze()  # as the server does
        for what, changed, edit in [*cases, ("a letter in a file that is used", used, first)]:
            words = []
            for question in ANSWERS:
                found = times(documents, changed, path, edit, question)
                half, most = found[len(found) // 2], found[len(found) * 95 // 100]
                words.append(f"{question} {half:.0f} ({most:.0f})")
            rows.append((f"rlm lsp, {what}", ", ".join(words), "ms, median (95 %), ≤ 50"))
    return rows


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
