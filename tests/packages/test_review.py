"""`rlm deps check` and `rlm new --package`: a package before it is published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rlmlang.packages.changes import Signature, changes, too_low
from rlmlang.packages.version import Version
from rlmlang.schema.formula import symbol
from tests.conftest import Rlm
from tests.packages.repositories import git

TEXT = ("text", "Text", False)
OLD = {
    "a.note": Signature("prompt", (TEXT,), "Text max 20tok"),
    "a.Row": Signature("record", (), "n: Int"),
}
CHANGED = [
    ({}, True, "is no longer exported"),
    ({"a.note": Signature("prompt", (TEXT,), "Text")}, True, "gave Text max 20tok, and gives Text"),
    (
        {"a.note": Signature("recipe", (TEXT,), "Text max 20tok")},
        True,
        "was a prompt, and is a recipe",
    ),
    (
        {"a.note": Signature("prompt", (TEXT, ("n", "Int", False)), "Text max 20tok")},
        True,
        "(text: Text, n: Int)",
    ),
    (
        {"a.note": Signature("prompt", (TEXT, ("n", "Int", True)), "Text max 20tok")},
        False,
        "takes more than it must",
    ),
    (
        {"a.note": Signature("prompt", (("text", "Text", True),), "Text max 20tok")},
        False,
        "takes more than it must",
    ),
    (
        {"a.note": Signature("prompt", (("page", "Text", False),), "Text max 20tok")},
        True,
        "took (text: Text)",
    ),
    ({"a.note": Signature("prompt", (), "Text max 20tok")}, True, "takes ()"),
    ({**OLD, "a.more": Signature("const", (), "")}, False, "`a.more` is new"),
]


@pytest.mark.parametrize(("new", "breaking", "words"), CHANGED, ids=lambda x: str(x)[:40])
def test_a_change_of_what_is_exported_breaks_users_or_not(
    new: dict, breaking: bool, words: str
) -> None:
    old = OLD if "a.more" in new else {"a.note": OLD["a.note"]}
    (found,) = changes(old, new)
    assert (found.breaking, words in found.words) == (breaking, True), found


@pytest.mark.parametrize(
    ("old", "new", "named", "wanted"),
    [("1.2.0", "1.3.0", {}, "2.0.0"), ("0.2.0", "0.2.9", {}, "0.3.0"), ("1.2.0", "2.0.0", {}, ""),
     ("1.2.0", "1.2.1", {**OLD, "x": Signature("const", (), "")}, "1.3.0"), ("1.2.0", "1.3.0", {**OLD, "x": Signature("const", (), "")}, ""),
     ("1.2.0", "1.2.1", OLD, ""), ("1.2.0", "1.1.0", OLD, "1.2.0 or more")],
)  # fmt: skip
def test_a_version_grows_with_what_it_changes(old: str, new: str, named: dict, wanted: str) -> None:
    first, second = (Version(*map(int, x.split("."))) for x in (old, new))
    assert too_low(first, second, list(changes(OLD, named))).partition(",")[0] == wanted


def test_a_new_package_checks_passes_its_test_and_may_be_published(project: Path, rlm: Rlm) -> None:
    assert rlm("new", "--package", "acme/my-notes").code == 0
    assert rlm("check", "my-notes").code == 0
    assert rlm("fmt", "--check", "my-notes").code == 0
    assert rlm("test", "my-notes").code == 0
    assert rlm("deps", "check", "my-notes").code == 0
    assert "error[file-exists]" in rlm("new", "--package", "acme/my-notes").err
    assert "error[wrong-input]" in rlm("new", "--package", "Acme Notes").err


def test_what_stands_against_publishing_is_said(project: Path, rlm: Rlm) -> None:
    assert rlm("new", "--package", "acme/notes", "pack").code == 0
    file = project / "pack" / "notes.rlm"
    text = file.read_text().replace("/// What a page says.\n", "").partition("\ntest ")[0] + "\n"
    file.write_text(text)
    (project / "pack" / "rules.py").write_text("x = 1\n")
    (project / "pack" / "rlm.toml").write_text(
        '[package]\nname = "acme/notes"\nversion = "0.2.0"\ninclude = ["*.rlm", "CHANGELOG.md", "rules.py"]\n'
    )
    done = rlm("deps", "check", "pack", "--json")
    said = [x["message"] for x in json.loads(done.out)]
    assert done.code == 1
    for words in (
        "`note` is exported without a word",
        "no test is for the recipe `notes`",
        "CHANGELOG.md says nothing of 0.2.0",
        "rules.py is included, and no `code` names it",
    ):
        assert any(words in x for x in said), (words, said)
    assert len(said) == 4
    file.write_text(text.partition("/// What matters")[0])
    done = rlm("deps", "check", "pack")
    assert "error[package-missing]" in rlm("deps", "check", ".").err
    assert "nothing that is tested uses the prompt `note`" in " ".join(done.err.split())


ROWS = Signature("recipe", (TEXT,), "[Row]", ("n: Int", "Text"), "exact", symbol("", "text") * 2)
HELD = [
    (replace(ROWS, types=("n: Int?", "Text")), True, "gives [Row], which is made of other fields"),
    (replace(ROWS, types=("n: Int", "Doc")), True, "takes (text: Text), made of other fields"),
    (replace(ROWS, gives="[Line]"), None, ""),
    (replace(ROWS, coverage="some"), True, "was exact, and is some"),
    (replace(ROWS, coverage="exact where it.n > 1"), True, "is exact where it.n > 1"),
    (
        replace(ROWS, calls=symbol("", "text") * 3),
        True,
        "took 2·text calls at most, and takes 3·text",
    ),
    (replace(ROWS, calls=symbol("", "text")), False, "takes text"),
    (replace(ROWS, calls=symbol("", "text") + symbol("", "text")), None, ""),
]


@pytest.mark.parametrize(("new", "breaking", "words"), HELD, ids=lambda x: str(x)[-30:])
def test_less_coverage_more_calls_and_what_types_are_made_of_break_users(
    new: Signature, breaking: bool | None, words: str
) -> None:
    found = list(changes({"a.rows": ROWS}, {"a.rows": new}))
    assert [(c.breaking, words in c.words) for c in found] == (
        [] if breaking is None else [(breaking, True)]
    ), found


def test_what_a_package_names_and_does_not_contain_is_said(project: Path, rlm: Rlm) -> None:
    assert rlm("new", "--package", "acme/notes", "pack").code == 0
    file = project / "pack" / "notes.rlm"
    file.write_text(file.read_text().replace('"It rained.\\n\\nAnn pays."', 'text("page.txt")'))
    (project / "pack" / "page.txt").write_text("It rained.\n\nAnn pays.\n")
    assert rlm("test", "pack").code == 0
    assert "notes.rlm names page.txt, which does not belong" in " ".join(
        rlm("deps", "check", "pack").err.split()
    )


def test_the_page_of_a_package_has_what_its_users_count_on(project: Path, rlm: Rlm) -> None:
    assert rlm("new", "--package", "acme/notes", "pack").code == 0
    page = rlm("doc", "pack").out
    for words in (
        "# acme/notes 0.1.0",
        '## `use "acme/notes"`',
        "What a page says.",
        "prompt note(page: Slice) -> Text? max 60tok",
        "What matters here? Empty if nothing.",
        "- coverage: `exact`",
        "- calls at most: `2·⌈",
        'test "a page without anything is left out" for notes {',
        "### 0.1.0",
    ):
        assert words in page, (words, page)
    (project / "docs").mkdir()
    assert rlm("doc", "pack", "--out", "docs").code == 0
    assert (project / "docs" / "acme-notes.md").read_text() == page
    assert rlm("deps", "add", "acme/notes", "--path", "pack").code == 0
    assert rlm("doc", "acme/notes").out == page
    assert "`acme/notes` is near" in rlm("doc", "acme/note").err


def test_the_version_is_held_against_the_last_tag(project: Path, rlm: Rlm) -> None:
    assert rlm("new", "--package", "acme/notes", "all/notes").code == 0
    top, pack = project / "all", project / "all" / "notes"
    git(top, "init", "-q", "-b", "main", ".")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    assert rlm("deps", "check", "all/notes").code == 0
    git(top, "tag", "v0.1.0")
    assert rlm("deps", "check", "all/notes").code == 0
    file, toml, log = pack / "notes.rlm", pack / "rlm.toml", pack / "CHANGELOG.md"
    file.write_text(file.read_text().replace("max 60tok", "max 90tok"))
    assert "0.1.0 is tagged already (v0.1.0)" in " ".join(
        rlm("deps", "check", "all/notes").err.split()
    )
    log.write_text("## 0.1.1\n\n## 0.2.0\n")
    toml.write_text(toml.read_text().replace("0.1.0", "0.1.1"))
    done = rlm("deps", "check", "all/notes")
    assert "0.1.1 should be 0.2.0" in " ".join(done.err.split())
    assert "`notes.note` gave Text? max 60tok, and gives Text? max 90tok" in " ".join(
        done.err.split()
    )
    toml.write_text(toml.read_text().replace("0.1.1", "0.2.0"))
    assert rlm("deps", "check", "all/notes").code == 0
