"""What the items of a batch are: found, named, given to parameters; names never leave a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlmlang.batch.choosing import Spelled, choose_batch
from rlmlang.batch.items import Item, items_of, survey
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime.prepared import BadRecipe

RECIPE = """rlm 1
record Ticket { id: Int, title: Text }
source tickets: [Ticket] = csv("tickets.csv")
prompt says(page: Text, question: Text) -> Text "What does the page say?"
recipe one(page: Text, question: Text = "Who?", times: Int = 1) -> Text {
  let said = says(page, question)
  return "{said} {times}"
}
recipe two(ticket: Ticket) -> Text {
  return says(ticket.title, "Who?")
}
"""
ROWS = "id,title\n7,A bell\n8,../../etc/motd\n"


def declared(folder: Path, text: str, of: str = "one") -> list[Item]:
    (folder / "pages" / "old").mkdir(parents=True, exist_ok=True)
    for name in ("a.txt", "b.txt", "old/a.md"):
        (folder / "pages" / name).write_text(f"This is {name}.")
    (folder / "asked.txt").write_text("Who?\n\nWhen?\n")
    (folder / "tickets.csv").write_text(ROWS)
    (folder / "one.rlm").write_text(f"{RECIPE}batch all for {of} {{\n{text}\n}}\n")
    batch = choose_batch(str(folder / "one.rlm"), "", Spelled({}))
    survey(batch)
    return list(items_of(batch))


def names(folder: Path, text: str, of: str = "one") -> list[str]:
    return [item.name for item in declared(folder, text, of)]


def code_of(folder: Path, text: str, of: str = "one") -> str:
    with pytest.raises((CodedError, BadRecipe)) as found:
        declared(folder, text, of)
    problem = found.value
    return (
        problem.diagnostics[0].code if isinstance(problem, BadRecipe) else problem.diagnostic.code
    )


def test_files_are_called_by_their_paths_below_what_the_glob_fixes(folder: Path) -> None:
    assert names(folder, 'each page in glob("pages/**/*")') == ["a", "b", "old/a"]
    assert names(folder, 'each page in glob("pages/*.txt")') == ["a", "b"]


def test_a_file_fills_a_parameter_and_its_names_fill_texts(folder: Path) -> None:
    item = declared(
        folder,
        'each page in glob("pages/old/*")\nset question = "Of {page.name} in {page.folder}?"\n'
        'name: "{page.stem}!"\noutput: "out/{page.stem}/{name}.json"',
    )[0]
    assert item.sources == {"page": str(folder / "pages/old/a.md")}
    assert item.values == {"question": "Of a.md in pages/old?"}
    assert (item.name, item.output) == ("a!", "out/a/a!.json")


def test_several_go_each_with_each_or_side_by_side(folder: Path) -> None:
    two = 'each page in glob("pages/*.txt")\neach question in lines("asked.txt")'
    assert names(folder, two) == ["a-1", "a-2", "b-1", "b-2"]
    assert names(folder, f"{two}\npairs: zip") == ["a-1", "b-2"]
    values = [item.values["question"] for item in declared(folder, f"{two}\npairs: zip")]
    assert values == ["Who?", "When?"]


def test_rows_of_a_source_set_parameters_or_fill_one(folder: Path) -> None:
    items = declared(folder, 'each t in rows(tickets)\nset page = t.title\nname: "t{t.id}"')
    assert [(i.name, i.values["page"]) for i in items] == [
        ("t7", "A bell"),
        ("t8", "../../etc/motd"),
    ]
    filled = declared(folder, "each ticket in rows(tickets)", "two")
    assert filled[0].values == {"ticket": {"id": 7, "title": "A bell"}}
    assert len(declared(folder, 'each ticket in rows("tickets.csv")', "two")) == 2


def test_lists_and_limits_are_set(folder: Path) -> None:
    text = 'each times in [1, 2]\nset page = "x"\nset budget.calls = 10'
    found = [(i.values["times"], i.sets) for i in declared(folder, text)]
    assert found == [(1, {"budget.calls": "10"}), (2, {"budget.calls": "10"})]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("items-alike", 'each page in glob("pages/**/*")\nname: "{page.stem}"'),
        ("items-alike", 'each page in glob("pages/*.txt")\noutput: "out.json"'),
        ("item-name", 'each t in rows(tickets)\nset page = t.title\noutput: "out/{t.title}.json"'),
        ("items-uneven", 'each page in glob("pages/**/*")\neach question in lines("asked.txt")\n'
                         "pairs: zip"),
        ("no-items", 'each page in glob("nowhere/*.txt")'),
        ("missing-each", 'output: "x.json"'),
        ("unknown-name", 'each pge in glob("pages/*.txt")'),
        ("unknown-source", "each t in rows(tickts)\nset page = t.title"),
        ("trial-form", 'each t in rows("tickets.csv")\nset page = "x"\nname: "{t}"'),
        ("trial-form", "each page in blob(1)"),
        ("wrong-type", 'each times in glob("pages/*.txt")'),
        ("wrong-type", 'each times in ["a"]'),
        ("unknown-field", 'each page in glob("pages/*.txt")\nname: "{page.size}"'),
        ("not-settable", 'each page in glob("pages/*.txt")\nset budgt.calls = 1'),
        ("duplicate-name", 'each page in glob("a/*")\neach page in glob("b/*")'),
        ("unknown-setting", 'each page in glob("pages/*.txt")\noutpt: "x"'),
        ("source-missing", 'each page in lines("gone.txt")'),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_code(folder: Path, code: str, text: str) -> None:
    assert code_of(folder, text) == code


def test_the_command_line_spells_the_same_out(folder: Path) -> None:
    declared(folder, 'each page in glob("pages/*.txt")')
    spelled = Spelled(
        {"page": "pages/*.txt", "question": "lines:asked.txt"}, "one", "", 'out/"{name}.json'
    )
    items = list(items_of(choose_batch("one.rlm", "", spelled)))
    assert [i.name for i in items] == ["a-1", "a-2", "b-1", "b-2"]
    assert items[0].output == str(folder / 'out/"a-1.json')


def test_a_bad_row_is_named_before_anything_is_run(folder: Path) -> None:
    declared(folder, 'each page in glob("pages/*.txt")')
    (folder / "tickets.csv").write_text("id,title\nseven,A bell\n")
    text = (
        (folder / "one.rlm")
        .read_text()
        .replace('each page in glob("pages/*.txt")', "each t in rows(tickets)\nset page = t.title")
    )
    (folder / "one.rlm").write_text(text)
    with pytest.raises(CodedError, match="row 2 .line 2"):
        survey(choose_batch("one.rlm", "all", Spelled({})))
