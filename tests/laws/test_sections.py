"""A text read section by section is what it is read as a whole: tree, places, problems, mistakes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput, UnexpectedToken

from rlmlang import resources
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.syntax import sections
from rlmlang.syntax.build import Builder
from rlmlang.syntax.grammar import build
from rlmlang.syntax.scan import DECLARATIONS
from rlmlang.syntax.tree import Node
from tests.laws.edits import edited, edits

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("stdlib/*.rlm"), *ROOT.glob("examples/*/[a-z]*.rlm"),
                *ROOT.glob("grammar/**/*.rlm")])  # fmt: skip
TEXTS = [ROOT / "stdlib" / "needle.rlm", ROOT / "examples" / "routing" / "route.rlm",
         ROOT / "grammar" / "examples" / "match.rlm"]  # fmt: skip
LAW = settings(max_examples=150, deadline=None)


def whole(source: SourceFile, text: str) -> object:
    """What comes of a text that is read at once."""
    builder = Builder(source)
    built = builder.build(sections.parser().parse(text + "\n"))
    return built, builder.problems


def outcome(read: object, text: str) -> object:
    """All that can be seen of reading a text: the tree with its places and what was found, or the
    mistake with what would have been right."""
    try:
        file, problems = read(SourceFile("x.rlm", text), text)
    except UnexpectedInput as mistake:
        at = type(mistake), mistake.pos_in_stream, mistake.line, mistake.column
        if isinstance(mistake, UnexpectedToken):
            return *at, mistake.token, mistake.token.type, mistake.accepts
        return at
    return places(file), problems


def places(node: object) -> object:
    """A tree with the places of its parts, which equality leaves out."""
    if isinstance(node, tuple):
        return tuple(map(places, node))
    if not isinstance(node, Node):
        return node
    return type(node), {n: part if isinstance(part, Span) else places(part)
                        for n, part in vars(node).items()}  # fmt: skip


def holds(text: str) -> None:
    """Holds a text read both ways against each other."""
    assert outcome(sections.read, text) == outcome(whole, text)


def test_each_recipe_of_the_project_is_read_the_same() -> None:
    for path in FILES:
        holds(path.read_text())


@LAW
@given(st.sampled_from([p.read_text() for p in TEXTS]), edits())
@example('rlm 1\nconst a = match f(")")\nrecipe f(x: Int) -> Int { return x }\n', [])
@example('rlm 1\nconst a = match b(") \nconst c = ") {\n', [])
@example("rlm 1\nprompt p(x: Slice) -> Text {\nmodel: m\n}\n", [])
@example("recipe f(x: Int) -> Int { return x }\nrlm 1\n", [])
@example('rlm 1\nconst a = """\nconst b = 1\n"""\nconst c = 10%r"a\\"\nconst d = ""\n', [])
@example("rlm 1\n/// a\n// b\n\n/// c\nconst x = 1\n/// d\n", [])
@example("rlm 0", [])
def test_an_edited_recipe_is_read_the_same(text: str, changes: list) -> None:
    for after in edited(text, changes):
        holds(after)


def test_where_a_declaration_may_end_the_next_one_ends_it() -> None:
    """In each state of the parser in which the text may end, a word that begins a declaration has
    the same done as the end, but for the end of the file itself."""
    parser = build(resources.text("grammar", "rlm.lark"))
    words = {t.pattern.value: t.name for t in parser.terminals}
    begins = [words[w] for w in DECLARATIONS] + ["DOC"]
    rows = parser.parser.parser.parser.parse_table.states.values()
    ends = [row for row in rows if "$END" in row and row["$END"][1].origin.name != "file"]
    assert len(ends) > 100
    for row in ends:
        assert all(row.get(word) == row["$END"] for word in begins)
