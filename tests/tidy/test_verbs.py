"""Each verb is whole, and one that is added is told part by part what it lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlmlang.syntax import verbs
from rlmlang.syntax.mistakes import RESERVED
from tests.conftest import ROOT
from tests.tidy.verb_parts import WORDLESS, loose, missing, operations

RECIPE = """rlm 1

recipe main(book: Text) -> Int {
  let pages = split book by tokens(max: 30tok)
  let some = sample pages by 3 { assume exact because "a test" }
  return count(some)
}
"""
OPERATION = '''"""`sample xs by 3`: every third item."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Kind, Known, Operation
from rlmlang.ir.walk import show
from rlmlang.schema.formula import ceil_div
from rlmlang.value import value
from rlmlang.verbs.given import list_facts


@value
class Sample(Operation):
    """Every n-th item."""

    verb: ClassVar[str] = "sample"
    kind: ClassVar[Kind] = "cuts"
    subject: Expr
    every: int

    @property
    def makes_items(self) -> bool:
        """One by one."""
        return True

    @property
    def streamed(self) -> Expr:
        """The list."""
        return self.subject
'''
METHODS = '''
    def facts(self, given: Given) -> Facts:
        """Some of the items."""
        items = list_facts(self.subject, given)
        return replace(items, count=ceil_div(items.count, self.every), coverage="some")

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """`sample xs by 3`."""
        return f"sample {show(self.subject)} by {self.every}"
'''
NODE = '''@node
class Sample(Verb):
    """`sample subject by every`."""

    word: ClassVar[str] = "sample"
    pure: ClassVar[bool] = True
    subject: Expr
    every: Expr


'''
CHECK = '''"""`sample xs by 3`: every third item."""

from __future__ import annotations

from rlmlang.check.losses import lose
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import list_of
from rlmlang.syntax import verbs as v
from rlmlang.verbs.sample import Sample


def check(scope: Scope, name: str, e: v.Sample) -> Inferred:
    """The step of a sample."""
    found, every = list_of(scope, e, e.subject), scope.module.size(e.every, ("",))
    Settings(scope.module, e.block, "sample")
    if found is None or not every:
        return NOTHING
    lose(scope, name, e.span, "a sample keeps only some")
    return scope.add(name, Sample(found[0], every), {found[0]: found[1]}, e)
'''
RUN = '''"""Every n-th item."""

from __future__ import annotations

from rlmlang.execute.node import NodeRun
from rlmlang.execute.stream import each
from rlmlang.verbs.sample import Sample


async def run(node: NodeRun, work: Sample) -> int:
    """Those items."""
    source, _ = await node.items(work.subject)
    count = 0
    async for item in each(source):
        if count % work.every == 0 and not await node.put(item):
            break
        count += 1
    return node.finish()
'''
Edit = tuple[str, str, str]
PARTS: dict[tuple[str, ...], tuple[Edit, ...]] = {
    ("its own `facts` in verbs/", "its own `bound` in verbs/", "its own `words` in verbs/"): (
        ("rlmlang/verbs/sample.py", "", METHODS),
    ),
    (
        "its line in the grammar, `?verb`", "its word in the grammar, `!hard`",
        "its class in syntax/verbs.py, VERBS", "its row in syntax/build.py, NODES",
    ): (
        ("grammar/rlm.lark", '     | "map" expr',
         '     | "sample" expr "by" amount [block] -> sample\n'),
        ("grammar/rlm.lark", ' | "map" | "filter"', ' | "sample"'),
        ("rlmlang/syntax/verbs.py", "VERBS = (", NODE),
        ("rlmlang/syntax/verbs.py", "Search, Cross, Recurse, Ladder)", "Sample, "),
        ("rlmlang/syntax/build.py", '    "map": (',
         '    "sample": (v.Sample, "subject every block"),\n'),
    ),
    ("its rule in check/verbs, CHECKS", "its block in schema/settings.py, BLOCKS"): (
        ("rlmlang/check/verbs/__init__.py", "    v.Map: map.check,",
         "    v.Sample: sample.check,\n"),
        ("rlmlang/schema/settings.py", '    "map": _block(',
         '    "sample": _block("sample", "keeps every n-th item of a list", assume=True),\n'),
    ),
    ("its rule in execute/verbs, RULES",): (
        ("rlmlang/execute/verbs/__init__.py", "    Map: map.run,", "    Sample: sample.run,\n"),
    ),
    ("a recipe that uses it, in tests/golden",): (("tests/golden/sample.rlm", "", RECIPE),),
}  # fmt: skip
"""What is said of missing parts, and how they are added: the file, what they stand before in it, and
the text."""


def test_every_verb_is_whole() -> None:
    assert missing() == []
    assert loose() == []


def test_the_verbs_are_those_of_the_tree() -> None:
    words = {kind.verb for kind in operations()} - set(WORDLESS)
    assert words == set(verbs.WORDS)


def test_no_word_that_the_grammar_keeps_can_be_a_name() -> None:
    grammar = (ROOT / "grammar" / "rlm.lark").read_text()
    hard = re.search(r"^!hard: (.*?)\n\n", grammar, re.MULTILINE | re.DOTALL)
    assert hard is not None
    assert set(re.findall(r'"(\w+)"', hard[1])) | {"and", "or", "in"} == RESERVED


class Copy:
    """A copy of the package that a verb is added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("rlmlang", "grammar"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "tests" / "golden").mkdir(parents=True)
        (folder / "tests" / "tidy").mkdir()
        shutil.copy(ROOT / "tests" / "tidy" / "verb_parts.py", folder / "tests" / "tidy")
        for path in (ROOT / "tests" / "golden").glob("*.rlm"):
            shutil.copy(path, folder / "tests" / "golden")

    def add(self, file: str, before: str, text: str) -> None:
        """Puts a text before another in a file; at its end where there is none."""
        path = self.folder / file
        there = path.read_text() if path.exists() else ""
        at = there.index(before) if before else len(there)
        path.write_text(there[:at] + text + there[at:])

    def python(self, *args: str) -> str:
        """What a script or module of the copy prints."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env=env,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def lacks(self) -> list[str]:
        """What is said to be missing."""
        return self.python("tests/tidy/verb_parts.py").splitlines()


@pytest.fixture
def copy(folder: Path) -> Copy:
    """The package, with files for a verb `sample` that nothing knows of yet."""
    made = Copy(folder)
    made.add("rlmlang/verbs/sample.py", "", OPERATION)
    made.add("rlmlang/check/verbs/sample.py", "", CHECK)
    made.add("rlmlang/execute/verbs/sample.py", "", RUN)
    made.add(
        "rlmlang/check/verbs/__init__.py",
        "from rlmlang.syntax",
        "from rlmlang.check.verbs import sample\n",
    )
    made.add(
        "rlmlang/execute/verbs/__init__.py",
        "from rlmlang.verbs.search",
        "from rlmlang.execute.verbs import sample\nfrom rlmlang.verbs.sample import Sample\n",
    )
    return made


def test_a_verb_is_added_room_by_room(copy: Copy) -> None:
    left = [part for parts in PARTS for part in parts]
    for parts, edits in PARTS.items():
        assert sorted(copy.lacks()) == sorted(f"sample: {part}" for part in left)
        for edit in edits:
            copy.add(*edit)
        left = left[len(parts) :]
    assert copy.lacks() == []
    (copy.folder / "book.txt").write_text("The mill burned in the spring of that year.\n" * 30)
    given = ("tests/golden/sample.rlm", "--source", "book=book.txt")
    assert "sample pages by 3" in copy.python("-m", "rlmlang", "plan", *given)
    assert copy.python("-m", "rlmlang", "run", *given) == "8\n"
