"""After every edit an editor is told what it would be told of a text that is read for the first time:
problems, facts, names, colours and hovers, each in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import compiler
from rlmlang.compiler import Earlier
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.editor.analysis import Analysis, Prices, analyse
from rlmlang.editor.hover import hover
from rlmlang.editor.tokens import tokens
from rlmlang.runtime.files import load_import
from rlmlang.syntax import sections
from rlmlang.value import Frozen
from tests.editor.marked import bind
from tests.laws.edits import Edit, edited, edits

ROOT = Path(__file__).parents[2]
USED = (ROOT / "stdlib" / "needle.rlm").read_text()
USING = """rlm 1

use "./used.rlm" { note, merge }
use "std/needle" as needle

const MOST = 5

enum Kind { near, far }

record Row { id: Int, kind: Kind, text: Text max 60tok }

/// Which kind of page this is.
prompt kind(page: Slice) -> Kind "Is it near or far?"

prompt rows(page: Slice) -> [Row] max 5 {
  task: "Which rows does the page have?"
  check: count(result) <= MOST
}

pattern cut(text: Text, size: Int) -> [Slice] {
  let pages = split text by tokens(max: 2ktok)

  return pages
}

recipe near(book: Text max 40ktok, question: Text max 50tok) -> Text {
  budget { calls <= 200 }
  let pages = cut(book, size: 2)
  let kinds = map pages with kind()
  let notes = map pages with note(question)

  return reduce notes with merge(question)
}

recipe listed(book: Text max 40ktok, empty: [Row] = []) -> [Text] {
  budget { calls <= 200 }
  let found = map (split book by tokens(max: 1ktok)) with rows()
  let all = flatten(found)
  let far = filter all where it.kind == far

  return column(far, of: text)
}

recipe again(book: Text max 40ktok) -> Text { return needle.find("why?", book) }

test "near" for near { given book: "a", given question: "b", mock note returns none, expect result == "" }
test "elsewhere" for needle.find { given question: "b", given haystack: "c", mock note returns none }
"""  # noqa: E501
EXAMPLES = 6
TEXTS = [USING, (ROOT / "tests/cases/run/tables.rlm").read_text(),
         (ROOT / "examples/invoices/invoices.rlm").read_text(), (ROOT / "examples/routing/route.rlm").read_text()]  # fmt: skip
LAW = settings(max_examples=EXAMPLES, deadline=None)
INPUTS = st.sampled_from(TEXTS), edits(3), edits(1)


def analysed(text: str, used: str, earlier: Earlier | None, prices: Prices | None) -> Analysis:
    """A text that uses another, analysed."""

    def load(path: str, importer: str, version: str = "") -> SourceFile | None:
        return SourceFile("used.rlm", used) if path == "./used.rlm" else load_import(path, importer)

    return analyse(SourceFile("find.rlm", text), load, bind=bind, prices=prices, earlier=earlier)


def told(analysis: Analysis) -> dict[str, object]:
    """All that an editor may be told of a text."""
    size = len(analysis.source.text)
    made = {
        "checked": analysis.checked,
        "problems": analysis.problems,
        "facts": {k: f for k, f in analysis.checked.facts.items() if k.source is analysis.source},
        "names": analysis.found,
        "colours": list(tokens(analysis)),
        "hovers": [hover(analysis, at) for at in range(0, size, max(1, size // 9))],
    }
    return {what: plain(found) for what, found in made.items()}


def plain(found: object) -> object:
    """A value with all of its parts, also with the places that equality leaves out."""
    match found:
        case Span():
            return found.source.path, found.start, found.end
        case SourceFile():
            return found.path
        case Mapping():
            return [(plain(k), plain(v)) for k, v in found.items() if not elsewhere(k)]
        case list() | tuple():
            return [plain(x) for x in found]
        case Frozen():
            return type(found), plain(vars(found))
        case _ if is_dataclass(found):
            return type(found), [plain(getattr(found, n)) for n in found.__dataclass_fields__]
    return found


def elsewhere(key: object) -> bool:
    """Whether this is of a file that is used: what is known of it is told where it is open."""
    return isinstance(key, Span) and key.source.path != "find.rlm"


def holds(text: str, changes: list[Edit], of_used: list[Edit]) -> None:
    """Holds each text of an edited file, and then of one that it uses, against itself alone."""
    earlier, prices = Earlier(), Prices()
    states = [(after, USED) for after in edited(text, changes)] + [(text, USED)]
    states += [(text, after) for after in edited(USED, of_used)] + [(text, USED)]
    for one, used in states:
        compiler._last.cache_clear()  # noqa: SLF001
        found = told(analysed(one, used, earlier, prices))
        compiler._last.cache_clear()  # noqa: SLF001
        sections._kept.cache_clear()  # noqa: SLF001
        wanted = told(analysed(one, used, None, None))
        for what, of in wanted.items():
            assert found[what] == of, what


@LAW
@given(*INPUTS)
def test_an_edited_file_is_told_of_as_if_it_were_new(
    text: str, changes: list[Edit], of_used: list[Edit]
) -> None:
    holds(text, changes, of_used)
