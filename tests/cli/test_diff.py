"""`rlm diff`: recipes at commits of real repositories, saved plans and kept runs, as a user compares them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import SIMPLE, Rlm

GIVEN = ("--source", "book=book.txt", "--set", "question=Where is the key?")
TASK = "What does the page say about the question?"


def git(*args: str) -> None:
    """The user's git in the current folder, with a name."""
    name = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *name, *args], check=True, capture_output=True)


def commit(*names: str) -> None:
    """Files of the current folder at a commit."""
    if not Path(".git").is_dir():
        git("init", "-q")
    git("add", *names)
    git("commit", "-qm", "a change")


def edited(old: str, new: str, file: str = "find.rlm") -> None:
    """The recipe with another text in one place."""
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_nothing_differs_where_only_the_layout_does(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    text = SIMPLE.replace("rlm 1\n", "rlm 1\n\n// which page it is\n").replace(
        "map (split book by tokens(max: 200tok)) with note(question)",
        "map (\n    split book by tokens(\n      max: 200tok)) with note(question)",
    )
    note = text.partition("prompt merge")[0].partition("prompt note")[2]
    text = text.replace("prompt note" + note, "") + "\nprompt note" + note  # and in another order
    (book / "find.rlm").write_text(text)
    found = rlm("diff", "find.rlm@HEAD", "find.rlm")
    assert (found.code, found.out) == (0, "find.rlm@HEAD → find.rlm\nno difference\n"), found.err


def test_a_prompt_is_told_word_by_word_with_what_is_asked_again(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    edited("say about the question", "say of the question")
    found = rlm("diff", "find.rlm@HEAD", "find.rlm", *GIVEN)
    assert found.code == 1
    assert "prompt note: changed" in found.out
    assert "task: What does the page say [-about-]{+of+} the question?" in found.out
    assert "notes   all: its request is another" in found.out
    assert "result  where what comes in is another" in found.out
    assert "prompt merge" not in found.out and "step" not in found.out


def test_the_last_step_alone_is_asked_again_where_it_alone_changed(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    edited("Answer the question", "Answer it")
    values = json.loads(rlm("diff", "find.rlm@HEAD", "find.rlm", "--json").out)
    (recipe,) = values["recipes"]
    asked = recipe["asked_again"]["steps"]
    assert [(a["step"], a["sure"]) for a in asked] == [("result", True)]
    assert (
        recipe["asked_again"]["cost"]["worst"]["calls"] == _step(recipe, "result")["worst"]["calls"]
    )


def test_what_changes_no_request_asks_nothing_again(book: Path, rlm: Rlm) -> None:
    """Another name of a step and other limits of a budget are told, and every answer still serves."""
    commit("find.rlm")
    edited("let notes", "let said")
    edited("reduce notes", "reduce said")
    edited("-> Text {\n  let", "-> Text {\n  budget { calls <= 40 }\n  let")
    values = json.loads(rlm("diff", "find.rlm@HEAD", "find.rlm", "--json").out)
    (recipe,) = values["recipes"]
    assert recipe["asked_again"] == {"steps": [], "cost": None}
    changed = {(c["kind"], c["name"]): c["how"] for c in recipe["changes"]}
    assert changed["step", "notes"] == "removed" and changed["step", "said"] == "added"
    assert ("budget", "") in changed
    assert not values["same"]


def test_what_it_says_of_kept_answers_is_what_a_run_does(book: Path, rlm: Rlm) -> None:
    """A run after the change sends as many calls as the steps that ask again have, and no other."""
    rlm("run", "find.rlm", *GIVEN)
    commit("find.rlm")
    edited("let notes", "let said")
    edited("reduce notes", "reduce said")
    assert (
        json.loads(rlm("diff", "find.rlm@HEAD", "find.rlm", "--json").out)["recipes"][0][
            "asked_again"
        ]["steps"]
        == []
    )
    rlm("run", "find.rlm", *GIVEN)
    edited("say about the question", "say of the question")
    rlm("run", "find.rlm", *GIVEN)
    calls = [run["calls"] for run in json.loads(rlm("runs", "--json").out)]
    assert calls == [2, 0, 2]  # of four pages two differ


def test_each_kind_of_change_is_told(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    edited("recipe find(question: Text, book: Text) -> Text {",
           'recipe find(question: Text, book: Text, more: Text = "none") -> Text max 90tok {')  # fmt: skip
    edited("max: 200tok", "max: 100tok")
    edited('-> Text? "', '-> Text? max 30tok "')
    edited("reduce notes with merge(question)", "reduce notes with merge(more)")
    found = rlm("diff", "find.rlm@HEAD", "find.rlm", *GIVEN)
    assert found.code == 1, found.err
    for told in (
        "parameter more: added",
        "gives: Text{+ max 90+}",
        "step notes.split: changed",
        "[-200-]{+100+}",
        "gives: Text?{+ max 30+}",
        "step result: changed",
    ):
        assert told in found.out, found.out


def test_recipes_of_a_file_are_compared_by_name(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    more = "\nrecipe last(notes: [Text], question: Text) -> Text {\n  return merge(notes, question)\n}\n"
    (book / "find.rlm").write_text(SIMPLE + more)
    values = json.loads(rlm("diff", "find.rlm@HEAD", "find.rlm", "--json").out)
    assert [(r["recipe"], r["how"]) for r in values["recipes"]] == [
        ("find", "same"), ("last", "added"),
    ]  # fmt: skip
    assert rlm("diff", "find.rlm@HEAD", "find.rlm", "--recipe", "find").code == 0
    gone = rlm("diff", "find.rlm", "find.rlm@HEAD", "--recipe", "last")
    assert gone.code == 1 and "recipe last: removed" in gone.out
    assert "no-recipe" in rlm("diff", "find.rlm@HEAD", "find.rlm", "--recipe", "other").err


def test_python_beside_a_recipe_counts(book: Path, rlm: Rlm) -> None:
    (book / "loud.py").write_text("def loud(text):\n    return text\n")
    (book / "loud.rlm").write_text(
        'rlm 1\n\ncode loud(text: Text max 50tok) -> Text max 50tok from "loud.py:loud"\n\n'
        'prompt say(text: Text) -> Text "Say it."\n\n'
        "recipe speak(text: Text max 50tok) -> Text {\n  return say(loud(text))\n}\n"
    )
    commit("loud.rlm", "loud.py")
    assert rlm("diff", "loud.rlm@HEAD", "loud.rlm").code == 0
    (book / "loud.py").write_text("def loud(text):\n    return text.upper()\n")
    found = rlm("diff", "loud.rlm@HEAD", "loud.rlm")
    assert found.code == 1
    assert "Python file loud.py: changed" in found.out
    assert "where what comes in is another" in found.out


def test_a_source_that_git_does_not_keep_is_that_of_the_folder(book: Path, rlm: Rlm) -> None:
    """Also where it is nowhere, as in CI, nothing stands in the way."""
    edited("recipe find", 'source pages: Text = text("book.txt")\n\nrecipe find')
    edited("book: Text)", "book: Text = pages)")
    commit("find.rlm")
    edited("200tok", "100tok")
    values = json.loads(rlm("diff", "find.rlm@HEAD", "find.rlm", "--json").out)
    sides = values["recipes"][0]["totals"]
    assert 0 < sides["before"]["worst"]["calls"] < sides["after"]["worst"]["calls"]
    (book / "book.txt").unlink()
    found = rlm("diff", "find.rlm@HEAD", "find.rlm")
    assert found.code == 1 and "[-200-]{+100+}" in found.out, found.err


def test_a_saved_plan_and_a_run_are_what_their_recipe_is(book: Path, rlm: Rlm) -> None:
    """A run over a book is held against the recipe priced for the same book."""
    rlm("plan", "find.rlm", *GIVEN, "--json", "--out", "plan.json")
    rlm("run", "find.rlm", *GIVEN)
    for sides in (("plan.json", "find.rlm"), ("last", "find.rlm"), ("plan.json", "last")):
        found = rlm("diff", *sides)
        assert found.code == 0, found.out + found.err
    edited("max: 200tok", "max: 100tok")
    values = json.loads(rlm("diff", "last", "find.rlm", "--json").out)
    totals = values["recipes"][0]["totals"]
    assert totals["before"]["worst"]["calls"] < totals["after"]["worst"]["calls"]


def test_two_runs_are_compared_answer_by_answer(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *GIVEN)
    first = json.loads(rlm("runs", "--json").out)[0]["run"]
    assert rlm("diff", first, first).code == 0
    text = Path("book.txt").read_text().replace("third bell", "second door")
    Path("book.txt").write_text(text)
    rlm("run", "find.rlm", *GIVEN)
    found = rlm("diff", first, "last")
    assert found.code == 1
    assert "result: The key hangs behind the [-third bell-]{+second door+}." in found.out
    assert "  answers: 1 differ, 3 are alike" in found.out and "calls 2 → 1" in found.out
    values = json.loads(rlm("diff", first, "last", "--json").out)
    assert values["run"]["before"]["run"] == first
    assert "third bell" in values["run"]["before"]["result"]
    assert [c["after"]["total"] for c in values["run"]["coverage"]] == [len(text)]
    assert [a["call"] for a in values["run"]["answers"]] == ["notes[3]"]


def test_markdown_shows_what_others_wrote_as_code(book: Path, rlm: Rlm) -> None:
    commit("find.rlm")
    edited(TASK, "Say ```\\n</details> @all | <b>it</b>?")
    found = rlm("diff", "find.rlm@HEAD", "find.rlm", "--format", "md", "--out", "diff.md")
    assert (found.code, found.out) == (1, "")
    text = (book / "diff.md").read_text()
    head, _, folded = text.partition("<details>")
    assert "| `find` | 1 prompt |" in head and "@all" not in head
    assert folded.count("````text\n") == 1 and folded.rstrip().endswith("````\n\n</details>")


@pytest.mark.parametrize(
    ("sides", "code", "said"),
    [
        (("find.rlm@nosuch", "find.rlm"), 2, "unknown-comparison"),
        (("find.rlm@--output=made", "find.rlm"), 2, "unknown-comparison"),
        (("other.rlm@HEAD", "find.rlm"), 2, "was not there at HEAD"),
        (("broken.rlm@HEAD", "find.rlm"), 2, "has mistakes"),
        (("broken.rlm", "find.rlm"), 65, "error["),
        (("nosuch", "find.rlm"), 2, "neither a recipe file, a saved plan nor a run"),
        (("nosuch.rlm", "find.rlm"), 2, "recipe-missing"),
        (("nosuch.json", "find.rlm"), 2, "recipe-missing"),
        (("find.rlm", "find.rlm", "--set", "nothing=3"), 2, "unknown-input"),
        (("find.rlm",), 2, "takes 2 values"),
    ],
)
def test_what_cannot_be_compared_is_one_problem(
    sides: tuple[str, ...], code: int, said: str, book: Path, rlm: Rlm
) -> None:
    (book / "broken.rlm").write_text("rlm 1\n\nrecipe r() -> Text {\n  return nothing\n}\n")
    commit("find.rlm", "broken.rlm")
    found = rlm("diff", *sides)
    assert found.code == code and said in found.err, found.err
    assert found.out == "" and not (book / "made").exists()


def _step(recipe: dict[str, list[dict[str, object]]], name: str) -> dict[str, dict[str, object]]:
    return next(s["after"] for s in recipe["steps"] if s["step"] == name)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("model", "words"),
    [("openai/gpt-5-mini", "dollars depend on what is read: --source and --set say it"),
     ("acme/unheard-of", "price unknown")],
)  # fmt: skip
def test_a_price_that_is_open_or_unknown_is_said_in_words(
    folder: Path, rlm: Rlm, model: str, words: str
) -> None:
    text = 'rlm 1\n\nprompt says(page: Text) -> Text "{}"\n\nrecipe one(page: Text) -> Text {{\n  return says(page)\n}}\n'
    (folder / "rlm.toml").write_text(f'[models]\ndefault = "{model}"\n')
    for name, task in (("a.rlm", "What?"), ("b.rlm", "Who?")):
        (folder / name).write_text(text.format(task))
    found = rlm("diff", "a.rlm", "b.rlm")
    assert f"asked again: 1 calls expected, 2 at most; {words}\n" in found.out, (
        found.out + found.err
    )
