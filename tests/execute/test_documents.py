"""Documents of a folder mapped, filtered, compared, and what results know of where they came from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import rlmlang
from rlmlang.models.offline.request import Task
from rlmlang.testing import ScriptedEngine
from tests.conftest import Rlm

HEAD = """rlm 1
record Hit { words: Quote max 20tok, n: Int }
record Own { path: Text max 9tok }
record Row { id: Int, user: Text max 9tok }
record Changes { added: Tree, removed: Tree, changed: Tree }
prompt hits(page: Slice) -> [Hit] "Every fact."
prompt own(page: Slice) -> Own "The path that it speaks of."
prompt fact(page: Slice) -> Text max 20tok "The fact."
prompt all(pages: [Doc]) -> Text max 20tok "All facts."
prompt row(row: Row) -> Text max 20tok "The row."
"""
FILES = {"a b.md": "Intro.\nFact one.\n", "c/é 😀.md": "Fact two.\nFact three.\n", "d.txt": "Fact."}


def docs(folder: Path, files: dict[str, str] = FILES, name: str = "docs") -> str:
    for path, text in files.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text)
    return name


def answers(task: Task) -> object:
    """The facts of a page, as each prompt wants them."""
    found = re.findall(r"Fact[^.]*\.", " ".join(map(str, task.inputs.values())))
    if "path that" in task.instructions:
        return {"path": "said"}
    if "Every" in task.instructions:
        return [{"words": words, "n": n} for n, words in enumerate(found)]
    return " ".join(found)


def run(folder: Path, body: str, **given: object) -> rlmlang.Outcome:
    (folder / "r.rlm").write_text(HEAD + body)
    sources = given.pop("sources", None) or {"docs": docs(folder)}
    outcome = rlmlang.run("r.rlm", engine=ScriptedEngine(answers), sources=sources, **given)
    assert outcome.problem is None, outcome.problem
    return outcome


RESULTS = {
    "each document is an item": (
        "[Text]", "return map docs with fact()", ["Fact one.", "Fact two. Fact three.", "Fact."]),
    "a result knows its document": (
        "[Text]", "let f = map docs with fact()\n  return column(f, of: path)",
        ["a b.md", "c/é 😀.md", "d.txt"]),
    "items of a list answer know it too, through filter, sort and take": (
        "[Text]",
        "let f = map docs with hits()\n  let g = filter flatten(f) where ends_with(it.path, \".md\")\n"
        "  return column(take(sort_by(g, by: [path, n], descending: true), 2), of: name)",
        ["é 😀.md", "é 😀.md"]),
    "a quote knows its own bytes and line": (
        "[Text]",
        "let f = map docs with hits()\n"
        "  let g = filter flatten(f) where it.words.line == 2\n"
        "  return [column(column(g, of: words), of: range)]",
        [["7..16", "10..21"]]),
    "a field of its own wins": (
        "[Text]", "let f = map docs with own()\n  return column(f, of: path)", ["said"] * 3),
    "conditions of functions see where it came from": (
        "Int", 'let f = map docs with fact()\n  return count(f, where: it.name == "d.txt")', 1),
    "a chain of maps keeps the first place": (
        "[Text]",
        "let f = map docs with fact()\n  let g = map f with fact()\n  return column(g, of: path)",
        ["a b.md", "c/é 😀.md", "d.txt"]),
    "hits of a search know their line": (
        "[Int]", 'let f = search docs for "three" by regex(window: 6tok)\n'
        "  return column(f, of: line)", [2]),
    "a filtered tree is a tree": (
        "[Text]", 'let f = filter docs where ends_with(it.path, ".md")\n'
        "  let g = map (split f by files(per: 1, max: 200tok)) with fact()\n"
        "  return column(g, of: path)", ["a b.md", "c/é 😀.md"]),
    "both halves of a tree are trees": (
        "[Int]", 'let f = filter docs where ends_with(it.path, ".md") { keep_rest: true }\n'
        "  return [count(f.kept), count(f.rest)]", [2, 1]),
}  # fmt: skip


@pytest.mark.parametrize(("type_", "body", "expected"), RESULTS.values(), ids=RESULTS)
def test_results_know_where_they_came_from(
    folder: Path, type_: str, body: str, expected: object
) -> None:
    type_ = "[[Text]]" if expected == [["7..16", "10..21"]] else type_
    recipe = f"recipe r(docs: Tree) -> {type_} {{\n  {body}\n}}\n"
    assert run(folder, recipe).result == expected
    again = run(folder, recipe)  # every answer is kept: places come from the pieces, not from it
    assert (again.result, again.now.calls) == (expected, 0)


def test_the_receipt_counts_documents_and_results(folder: Path, rlm: Rlm) -> None:
    outcome = run(folder, "recipe r(docs: Tree) -> [[Hit]] { return map docs with hits() }\n")
    (line,) = outcome.receipt
    assert (line.promised, line.documents, line.documents_read, line.results) == ("exact", 3, 3, 4)
    shown = rlm("run", "r.rlm", "--source", "docs=docs").err
    assert re.search(r"exact  .* bytes .*, 3 of 3 documents, \d+ results?\n", shown)


def test_a_list_of_documents_may_be_a_folder_or_texts(folder: Path) -> None:
    recipe = "recipe r(docs: [Doc]) -> [Text] { return map docs with fact() }\n"
    expected = ["Fact one.", "Fact two. Fact three.", "Fact."]
    assert run(folder, recipe).result == expected
    given = {"values": {"docs": list(FILES.values())}, "sources": {"docs": "docs"}}
    del given["sources"]
    (folder / "r.rlm").write_text(HEAD + recipe)
    outcome = rlmlang.run("r.rlm", engine=ScriptedEngine(answers), **given)
    assert outcome.result == expected
    whole = run(folder, "recipe r(docs: [Doc]) -> Text { return all(docs) }\n")
    assert whole.result == "Fact one. Fact two. Fact three. Fact."


def test_trees_are_compared_by_what_their_files_hold(folder: Path) -> None:
    old = docs(folder, {"same.md": "1", "changed.md": "1", "gone.md": "Fact."}, "old")
    new = docs(folder, {"same.md": "1", "changed.md": "Fact.", "fresh.md": "Fact."}, "new")
    given = {"sources": {"old": old, "new": new}}
    found = run(
        folder, "recipe r(old: Tree, new: Tree) -> Changes { return compare(old, new) }\n", **given
    )
    trees = {kind: [d.id for d in tree.documents] for kind, tree in found.result.items()}
    assert trees == {
        "added": ["new/fresh.md"], "removed": ["old/gone.md"], "changed": ["new/changed.md"]
    }  # fmt: skip
    body = (
        "recipe r(old: Tree, new: Tree) -> [Text] {\n  let found = compare(old, new)\n"
        "  let said = map found.changed with fact()\n  return column(said, of: path)\n}\n"
    )
    outcome = run(folder, body, **given)
    assert outcome.result == ["new/changed.md"]
    assert {line.source: (line.promised, line.documents_read) for line in outcome.receipt} == {
        "new": ("some", 1), "old": ("some", 0)
    }  # fmt: skip


def test_the_names_of_compared_files_do_not_depend_on_where_the_folders_lie(folder: Path) -> None:
    docs(folder, {"changed.md": "1"}, "old")
    docs(folder, {"changed.md": "2", "old/changed.md": "1"}, "new")
    body = (
        "recipe r(old: Tree = a, new: Tree = b) -> [Path] {\n  let found = compare(old, new)\n"
        "  return column(found.changed, of: path)\n}\n"
    )
    for one, other, expected in (
        ("old", "new", ["new/changed.md"]), ("new", "new/old", ["new/old/changed.md"])
    ):  # fmt: skip
        sources = f'source a: Tree = tree("{one}")\nsource b: Tree = tree("{other}")\n'
        (folder / "r.rlm").write_text(HEAD + sources + body)
        assert rlmlang.run("r.rlm").result == expected


def test_rows_know_their_line_and_given_ones_have_none(folder: Path) -> None:
    recipe = (
        "recipe r(rows: [Row]) -> [Int] {\n  let f = map rows with row()\n"
        "  return column(f, of: line)\n}\n"
    )
    rows = [{"id": 1, "user": "ann"}, {"id": 2, "user": "bob"}]
    (folder / "rows.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    assert run(folder, recipe, sources={"rows": "rows.jsonl"}).result == [1, 3]
    outcome = rlmlang.run("r.rlm", engine=ScriptedEngine(answers), values={"rows": rows})
    assert outcome.problem is not None
    assert "comes from no document" in str(outcome.problem)


def test_a_document_that_is_too_long_is_said_before_the_first_call(folder: Path, rlm: Rlm) -> None:
    docs(folder, {"a.md": "Fact one.\n", "big.md": "word " * 60_000})
    (folder / "r.rlm").write_text(
        HEAD + "recipe r(docs: Tree) -> [Text] { return map docs with fact() }\n"
    )
    (folder / "s.rlm").write_text(
        HEAD + "recipe s(docs: Tree) -> [Text] {\n"
        '  let some = filter docs where matches(it.path, "md")\n'
        "  return map (split some by files(per: 1, max: 4ktok)) with fact()\n}\n"
    )
    first = rlm("run", "r.rlm", "--source", "docs=docs")
    assert first.code == 65
    assert "context-too-small" in first.err
    assert "files(per: 1, max: 8ktok, oversize: cut)" in " ".join(first.err.split())
    second = rlm("run", "s.rlm", "--source", "docs=docs", "--json")
    assert second.code == 1
    assert "document-too-large" in second.err + second.out
    assert "big.md has 150,000 tok" in second.err + second.out


WARNED = {
    "several documents": ("split docs by files(max: 4ktok)", "several documents", True),
    "parts of documents": ("split docs by tokens(max: 4ktok)", "a part of a document", True),
    "one document": ("split docs by files(per: 1, max: 4ktok)", "", False),
    "documents": ("docs", "", False),
}


@pytest.mark.parametrize(("pieces", "words", "warned"), WARNED.values(), ids=WARNED)
def test_one_record_of_several_documents_is_warned_of(
    folder: Path, rlm: Rlm, pieces: str, words: str, warned: bool
) -> None:
    (folder / "r.rlm").write_text(
        HEAD + f"recipe r(docs: Tree) -> [Own] {{ return map ({pieces}) with own() }}\n"
        f"recipe s(docs: Tree) -> [[Hit]] {{ return map ({pieces}) with hits() }}\n"
    )
    found = rlm("check", "r.rlm").err
    assert found.count("warning[one-of-several]") == warned
    assert words in found


UNPLACED = {
    "a count": ("return [text(count(docs).path)]", "not known where Int came from"),
    "a joined answer": (
        "let f = map docs with fact()\n  return [lower(join_text(f)).path]",
        "not known where Text came from"),
    "a list": ("return [docs.path]", "docs"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "words"), UNPLACED.values(), ids=UNPLACED)
def test_what_came_from_no_document_is_said_when_it_is_checked(
    folder: Path, rlm: Rlm, body: str, words: str
) -> None:
    (folder / "r.rlm").write_text(HEAD + f"recipe r(docs: Tree) -> [Text] {{\n  {body}\n}}\n")
    found = rlm("check", "r.rlm")
    assert found.code == 65
    assert "unknown-field" in found.err
    assert words in found.err
