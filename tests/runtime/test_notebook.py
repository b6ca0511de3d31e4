"""What a notebook shows: plans and runs as tables, a bar while a run goes, problems in words."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.report import notebook
from rlmlang.testing import Raw, ScriptedEngine
from tests.conftest import BOOK, ROOT, SIMPLE

HOSTILE = "<script>alert('x')</script><img src=x onerror=y>\" & '"
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"


class Elements(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.names.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def outcome(folder: Path) -> rlmlang.Outcome:
    (folder / "find.rlm").write_text(SIMPLE)
    (folder / "book.txt").write_text(BOOK)
    return rlmlang.run(
        "find.rlm",
        values={"question": "Where does the key hang?"},
        sources={"book": "book.txt"},
        store=None,
    )


def test_a_run_ends_with_answer_evidence_and_receipt(outcome: rlmlang.Outcome) -> None:
    found = Elements(outcome._repr_html_())
    assert "The key hangs behind the third bell." in found.text
    assert "book.txt bytes" in found.text, "evidence"
    assert "notes read book  exact  1,277 of 1,277 bytes" in found.text, "receipt"
    assert f"run {outcome.run}: not kept" in found.text


def test_a_loaded_recipe_and_a_completion_show_the_same(folder: Path) -> None:
    find = rlmlang.load(SIMPLE, model="offline/reader", store="runs.db")
    made: Any = find(question="Where does the key hang?", book=BOOK)
    shown = Elements(made._repr_html_()).text
    assert "third bell" in shown and "evidence" in shown
    assert f'rlmlang.trajectory_of("{made.run}"' in shown
    said = rlmlang.completion(
        "Who?", "Ada.", engine=ScriptedEngine(lambda task: "```\nSUBMIT('Ada')\n```"), store=None
    )
    assert "Ada" in Elements(said._repr_html_()).text


def test_the_price_of_a_call_is_known_before_it(folder: Path) -> None:
    find = rlmlang.load(SIMPLE, model="offline/reader", store=None)
    bound = find.plan(question="Where does the key hang?", book=BOOK)
    made: Any = find(question="Where does the key hang?", book=BOOK)
    worst = bound.totals.worst.calls.value()
    assert worst is not None and made.usage.calls <= worst
    assert find.plan(question="Where?").totals.worst.calls.value() is None, "a formula"
    assert "<svg" in bound._repr_html_()
    with pytest.raises(rlmlang.CodedError, match="bok"):
        find.plan(bok=BOOK)


def test_a_run_that_failed_says_why(folder: Path) -> None:
    (folder / "find.rlm").write_text(SIMPLE)
    outcome = rlmlang.run(
        "find.rlm",
        values={"question": "Where?", "book": BOOK},
        engine=ScriptedEngine(lambda task: Raw("")),
        store=None,
    )
    assert outcome.problem is not None
    code, found = outcome.problem.diagnostic.code, Elements(outcome._repr_html_())
    assert f"error[{code}]" in found.text and f"rlm explain {code}" in found.text


@pytest.mark.parametrize(
    "answer", [HOSTILE, {"a": HOSTILE}, [{HOSTILE: HOSTILE}, {HOSTILE: 1}], [HOSTILE], None]
)
def test_hostile_text_stays_text(answer: Any) -> None:
    shown = notebook.page(answer, "", [(HOSTILE, HOSTILE)], [HOSTILE])
    shown += notebook.page(None, HOSTILE, [], []) + notebook.bar(HOSTILE, (1, 2), HOSTILE)
    found = Elements(shown)
    known = {"div", "table", "thead", "tbody", "tr", "th", "td", "pre", "progress", "b"}
    assert set(found.names) <= known
    assert found.text.count(HOSTILE) >= 5


def test_long_tables_are_cut_and_say_so() -> None:
    rows = [{"n": number} for number in range(60)]
    found = Elements(notebook.page(rows, "", [], []))
    assert found.names.count("tr") == 1 + notebook.ROWS
    assert "and 10 more" in found.text


def test_problems_are_drawn_in_place_of_a_traceback() -> None:
    problem = failed("unknown-run", "no run is called x", hint="name one")
    shown = "\n".join(problem._render_traceback_())
    assert "no run is called x" in shown and "fix: name one" in shown
    with pytest.raises(rlmlang.BadRecipe) as bad:
        rlmlang.load("rlm 1\nrecipe find(a: Text) -> Text { return b }\n")
    drawn = "\n".join(bad.value._render_traceback_())
    assert "recipe.rlm:2" in drawn and "^" in drawn and "1 error" in drawn


def test_nothing_is_shown_outside_of_a_notebook(
    outcome: rlmlang.Outcome, capfd: pytest.CaptureFixture[str]
) -> None:
    assert outcome.problem is None
    assert capfd.readouterr() == ("", "")


CHANGES = {
    r"\d{8}-\d{6}-find-\w{4}": "RUN",
    r"\d+\.\d+ s\b": "T s",
    r"notes\[\d\]": "notes[N]",  # in order of time
    r"\d+ calls?, \d+ tok in, \d+ out": "USED",
    r"[\d.]+ calls/s, [\d,]+ tok/s": "PACE",
}


def outputs(cells: list[Any]) -> list[str]:
    """What cells showed, without what changes from run to run."""
    found = []
    for output in (o for cell in cells for o in cell.get("outputs", ())):
        data = output.get("data", {})
        text = data.get("text/html") or output.get("text") or "\n".join(output["traceback"])
        for pattern, word in CHANGES.items():
            text = re.sub(pattern, word, text)
        found.append(re.sub(r"^.*USED.*$", "", text, flags=re.MULTILINE))
    return found


def test_the_notebook_shows_what_it_shows() -> None:
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    nbformat = pytest.importorskip("nbformat")
    kept = nbformat.read(NOTEBOOK, as_version=4)
    made = nbformat.read(NOTEBOOK, as_version=4)
    client.NotebookClient(made, timeout=120, kernel_name="python3").execute()
    shown = outputs(made.cells)
    assert shown == outputs(kept.cells)
    assert any("<b>find</b> $0.00 of $5.00" in text for text in shown), "the bar, when it has ended"
    assert "error[unknown-input]" in re.sub(r"\x1b\[\d+m", "", shown[-1])
