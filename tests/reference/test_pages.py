"""No word is without a page: every table and the grammar's terminals are walked, and each page is whole."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

import click
import pytest

from rlmlang.cli.flags import FLAGS
from rlmlang.cli.main import COMMANDS
from rlmlang.cli.main import rlm as rlm_
from rlmlang.cli.pages import command_pages
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import GENERIC, TYPE_NAMES
from rlmlang.metrics import METRICS
from rlmlang.reference.index import about, near, pages, words
from rlmlang.reference.markdown import page_markdown
from rlmlang.reference.page import GROUPS, Page
from rlmlang.reference.settings import BLOCKS
from rlmlang.reference.terminal import listing
from rlmlang.report.export.table import EXPORTS
from rlmlang.schema.calls import CALLS
from rlmlang.schema.capabilities import TAKES
from rlmlang.schema.codes import CODES
from rlmlang.schema.dimensions import DIMENSIONS
from rlmlang.schema.environment import VARIABLES
from rlmlang.schema.exits import EXITS
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.project import FREE, SETTINGS
from rlmlang.schema.readers import DOCUMENTS, PACKED
from rlmlang.schema.sandboxes import TIERS
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.sources import SOURCES
from rlmlang.schema.tools import BUILT_IN, HANDLE
from rlmlang.schema.units import UNITS
from rlmlang.schema.words import WORDS
from rlmlang.syntax.grammar import load
from tests.conftest import ROOT, Rlm

PAGES = [*pages(), *command_pages()]
SOURCES_OF_PACKAGE = [p.read_text() for p in sorted((ROOT / "rlmlang").rglob("*.py"))]


def options() -> Iterator[str]:
    """Every spelling of every option."""
    for name in COMMANDS:
        command = rlm_.get_command(click.Context(rlm_), name)
        below = list(command.commands.values()) if isinstance(command, click.Group) else [command]
        for each in below:
            yield from (o for p in each.params if isinstance(p, click.Option)
                        for o in (*p.opts, *p.secondary_opts))  # fmt: skip


def tables() -> Iterator[tuple[str, str]]:
    """Every word of every table, with the group that it must have a page in."""
    for group, names in {
        "type": TYPE_NAMES, "unit": UNITS, "function": FUNCTIONS, "partition": STRATEGIES,
        "search": SEARCHES, "source": SOURCES, "sandbox": TIERS, "metric": METRICS,
        "export": EXPORTS, "command": COMMANDS, "code": CODES, "variable": VARIABLES,
        "tool": (*BUILT_IN, *HANDLE), "option": set(options()),
        "exit": [str(e.code) for e in EXITS],
        "limit": [d.name for d in DIMENSIONS], "capability": [t.name for t in TAKES],
        "reader": [r.name for r in (*PACKED, *DOCUMENTS)],
    }.items():  # fmt: skip
        yield from ((group, name) for name in names)
    yield from (("file", n) for s in SETTINGS for n in (f"[{s.path[0]}]", ".".join(s.path)))
    yield from (("variable", flag.variable) for flag in FLAGS)


@pytest.mark.parametrize(("group", "word"), sorted(set(tables())))
def test_every_word_of_the_tables_has_a_page(group: str, word: str) -> None:
    assert group in {p.group for p in about(word, PAGES)}


def test_every_setting_and_argument_has_a_page() -> None:
    every = [s for b in BLOCKS.values() for s in b.settings]
    every += [a for r in (STRATEGIES, SEARCHES, SOURCES) for x in r.values() for a in x.arguments]
    every += [a for c in CALLS for a in c.arguments]
    assert [s.name for s in every if not any(p.rows for p in about(s.name))] == []
    assert [b for b in BLOCKS if not about(b)] == []
    assert [c.name for c in CALLS if not about(c.name)] == []


def test_every_terminal_of_the_grammar_has_a_page() -> None:
    """Those that are a shape, as numbers are, begin with a mark or word of the table."""
    terminals = {t.pattern.value for t in load().terminals if t.pattern.type == "str"}
    shapes = [t.pattern.value for t in load().terminals if t.pattern.type != "str"]
    known = {w.text for w in WORDS}
    assert terminals - known == set()
    more = {w for w in known - terminals if not any(w in s for s in shapes)}
    assert more == {"it", "group", "result", "rewrite", "cover", "some", "//", "///"}


def test_the_table_of_types_is_that_of_the_checker() -> None:
    found = {p.word for p in PAGES if p.group == "type"}
    assert set(TYPE_NAMES) - found == set()
    assert {w for w in found if w.isalpha()} == set(TYPE_NAMES)
    assert {name for name, (least, _) in GENERIC.items() if least == 0} == {"Slice"}


def test_each_word_says_once_what_it_is() -> None:
    """In the table of words, or in that of blocks."""
    both = [w.text for w in WORDS if w.group != "clause"]
    assert [w for w in both if not about(w)[0].title] == []
    said = {w.text for w in WORDS if w.title and w.group != "clause"}
    assert [w for w in said if w in BLOCKS and BLOCKS[w].doc] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.group}-{p.word}")
def test_a_page_is_whole(page: Page) -> None:
    assert page.group in GROUPS and page.title and not page.title.endswith(".")
    assert page.kept.examples or page.group not in ("declaration", "verb", "partition", "search",
                                                     "source", "type", "code", "setting")  # fmt: skip
    assert [w for w in page.see if not about(w, PAGES)] == []
    assert page_markdown(page).startswith("### `")


@pytest.mark.parametrize("setting", [p for p in PAGES if p.group in ("setting", "limit", "capability")],
                         ids=lambda p: f"{p.word} {p.title}")  # fmt: skip
def test_the_example_of_a_setting_has_it(setting: Page) -> None:
    assert re.search(rf"\b{setting.word}\b *(:|<=|\{{)", setting.kept.examples[0].text)


@pytest.mark.parametrize("word", sorted({*STRATEGIES, *SEARCHES, *SOURCES}))
def test_each_contract_has_an_example_of_itself(word: str) -> None:
    for page in about(word):
        if page.group in ("partition", "search", "source"):
            assert re.search(rf"\b{word}\(", page.kept.examples[0].text)


@pytest.mark.parametrize(("written", "word"), [
    ("ON-ERROR", "on_error"), ("Count_By", "count_by"), ("ktok", "tok"), ("8ktok", "tok"),
    ("[Row]", "[T]"), ("Text?", "T?"), ("Slice<Row>", "Slice<T>"), ("Pair<Text, Int>", "Pair"),
    ("limits", "[limits]"), ("takes.MODEL.stop", "stop"), (".gz", "gzip"), ("rlm run", "run"),
    ("-q", "--quiet"), ("--no-rewrite", "--rewrite"), ("rlm-model", "RLM_MODEL"),
])  # fmt: skip
def test_a_word_is_found_however_it_is_written(written: str, word: str, rlm: Rlm) -> None:
    assert rlm("explain", written).out.startswith(f"{word}, ")


def test_several_meanings_are_all_told_each_with_what_it_is(rlm: Rlm) -> None:
    said = rlm("explain", "lines").out
    assert "lines, a partition: " in said and "\n\nlines, a source: " in said
    assert "parallel, a limit of a budget: " in rlm("explain", "parallel").out


def test_a_misspelt_word_gets_its_neighbours(rlm: Rlm) -> None:
    done = rlm("explain", "cuont_by")
    assert (done.code, done.out) == (2, "")
    assert "`count_by`" in done.err and "`count`" in done.err and "unknown-code" in done.err
    assert near("--modl", PAGES)[:6].count("--model") == 1
    assert near("qqqqzzzz") == []
    problem = json.loads(rlm("explain", "cuont_by", "--json").out)["problem"]
    assert problem["code"] == "unknown-code"


def test_alone_it_lists_every_word_in_narrow_lines(rlm: Rlm) -> None:
    said = rlm("explain").out
    assert said == listing(PAGES) + "\n"
    assert [x for x in said.splitlines() if len(x) > 60] == []
    listed = re.findall(r"^  (\S.*?)  ", said, re.MULTILINE)
    assert set(words()) - set(listed) == set()
    assert [title for title, _ in GROUPS.values() if f"\n{title}\n" not in f"\n{said}"] == []


def test_a_page_can_be_read_by_programs(rlm: Rlm) -> None:
    (page,) = json.loads(rlm("explain", "count_by", "--json").out)
    assert page["group"] == "function" and page["call"]["call"] == "count_by(rows, keys: user)"
    (one,) = json.loads(rlm("explain", "unsound-coverage", "--json").out)
    assert [x["label"] for x in one["examples"]] == ["bad", "good"]


def test_every_variable_that_is_read_is_in_the_table() -> None:
    """By its name in `environ`, or as `RLM_…` in any text."""
    known = {
        *VARIABLES,
        *(f.variable for f in FLAGS),
        "RLM_COMMAND_OPTION",
        "RLM_EXPLAIN_JSON",
        "_RLM_COMPLETE",
    }
    read, named = set[str](), set[str]()
    for text in SOURCES_OF_PACKAGE:
        named |= set(re.findall(r"\b(?<!_)RLM_[A-Z_]+\b", text))
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"),
                    args=[ast.Constant(value=str(name)), *_],
                ):
                    read.add(name)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        named |= set(re.findall(r"\bRLM_[A-Z_]+\b", path.read_text()))
    assert (read | named) - known == set()


def test_settings_of_a_free_name_are_found_by_their_path() -> None:
    assert {"models.NAME", "tokenizers.MODEL"} <= set(words())
    assert not set(FREE) & set(words())
