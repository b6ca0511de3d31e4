"""The rules of the house: imports, style, types, sizes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from rlmlang.plugins import REGISTRIES
from rlmlang.schema.registry import Registry
from rlmlang.schema.sandboxes import TIERS
from tests.conftest import ROOT

FILES = sorted((ROOT / "rlmlang").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 350, 40
LOOSE_ENDS = {
    "__init__.py": (1, 0),
    "budget.py": (0, 1),
    "check": (1, 0),
    "cli": (5, 0),
    "execute": (3, 3),
    "functions": (1, 0),
    "ir": (0, 3),
    "models": (15, 0),
    "partitions": (4, 0),
    "plan": (13, 3),
    "plugins.py": (4, 0),
    "program": (6, 0),
    "protocols.py": (2, 0),
    "runtime": (11, 0),
    "sandboxes": (6, 0),
    "serving": (1, 0),
    "sources": (2, 0),
    "stores": (17, 0),
    "syntax": (37, 0),
    "testing": (15, 2),
    "trajectory": (2, 0),
    "tuning": (8, 1),
    "value.py": (4, 0),
    "verbs": (1, 1),
}
"""The most `Any`, besides imports, and asserts of each room; a room that is not here has none."""


def tool(*args: str) -> None:
    """Runs a tool of this environment on the project."""
    name = shutil.which(args[0], path=str(Path(sys.executable).parent)) or args[0]
    done = subprocess.run([name, *args[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_point_down() -> None:
    tool("lint-imports", "--no-cache")


def test_style() -> None:
    tool("ruff", "check", "--no-cache", "rlmlang", "tests", "examples", "editors")
    tool("ruff", "format", "--no-cache", "--check", "rlmlang", "tests", "examples", "editors")


def test_types() -> None:
    tool("mypy", "--no-incremental")


def test_the_grammar_has_no_conflict() -> None:
    from rlmlang.syntax.grammar import build

    build((ROOT / "grammar" / "rlm.lark").read_text(), strict=True)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.group)
def test_what_is_registered_is_whole(registry: Registry) -> None:
    """Each name has its contract and its runner in files of that name, and each argument is explained."""
    room = Path(sys.modules[registry.room].__file__ or "").parent
    files = {p.stem for p in room.glob("*.py") if "CONTRACT = " in p.read_text()}
    assert files == set(registry)
    for name, contract in registry.items():
        if registry is TIERS:
            continue  # tests/sandboxes/test_table.py asks more of those
        module, _, attribute = contract.runner.partition(":")
        assert contract.name == name and contract.doc, name
        assert all(a.doc for a in contract.arguments), name
        assert module.rpartition(".")[0] == registry.group and module.split(".")[2] in registry, (
            name
        )
        if module == "rlmlang.sources.parquet":
            continue  # needs pyarrow
        assert hasattr(import_module(module), attribute), name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    module = ast.parse(text)
    assert ast.get_docstring(module), "a file opens with one sentence that is true"
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_a_table_is_laid_out_by_hand(path: Path) -> None:
    """`# fmt: skip` stands behind a table of the module, never inside a function or class."""
    text = path.read_text()
    tables = (ast.Assign, ast.AnnAssign, ast.Expr)
    inside = {
        n
        for s in ast.parse(text).body
        if not isinstance(s, tables)
        for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)
    }
    skips = [n for n, line in enumerate(text.splitlines(), 1) if line.endswith("# fmt: skip")]
    assert not inside.intersection(skips)


def test_types_are_named_and_proved() -> None:
    """No room says `Any` or asserts more often than it did; where it does so less, lower the table."""
    anys, asserts = Counter[str](), Counter[str]()
    for path in FILES:
        room = path.relative_to(ROOT / "rlmlang").parts[0]
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        anys[room] += sum(isinstance(n, ast.Name) and n.id == "Any" for n in nodes)
        asserts[room] += sum(isinstance(n, ast.Assert) for n in nodes)
    for room in anys:
        most = LOOSE_ENDS.get(room, (0, 0))
        assert anys[room] <= most[0] and asserts[room] <= most[1], room
    assert sum(n for n, _ in LOOSE_ENDS.values()) < 250
    assert sum(n for _, n in LOOSE_ENDS.values()) < 20


def test_nothing_loads_a_pickle() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {"pickle", "cloudpickle", "dill", "shelve", "marshal"} & set(names), path
