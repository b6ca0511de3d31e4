"""What code gives is held against its declared type, as what a model says is."""

from __future__ import annotations

from pathlib import Path

import pytest

import rlmlang
from tests.conftest import Result, Rlm

RECIPE = """rlm 1
enum Mood { glad, sad }
record Row { id: Int, mood: Mood?, score: Float }
code f(x: Int) -> [Row] from "c.py:f"
recipe r(x: Int = 1) -> [Row] { return f(x) }
"""
GOOD = "[{'id': 1, 'mood': 'glad', 'score': 1}, {'id': 2, 'score': 0.5, 'more': [None]}]"
BAD = [
    "None", "3", "'text'", "[3]", "[None]", "[{}]", "{'id': 1}", "[{'id': True, 'score': 1.0}]",
    "[{'id': 1, 'score': 'one'}]", "[{'id': 1, 'score': 1, 'mood': 'angry'}]", "object()",
    "[{'id': 1, 'score': float('inf')}]", "[{'id': 1, 'score': float('nan')}]", "exit(3)",
    "[{'id': 10 ** 5000, 'score': 1}]", "[{'id': 1, 'score': 1, 'more': object()}]", "(i for i in 'ab')",
    "[{'id': 1, 'score': 1, 'more': b'bytes'}]", "b'bytes'", "{1, 2}", "1j", "deep()",
]  # fmt: skip


def give(folder: Path, rlm: Rlm, value: str) -> Result:
    (folder / "c.py").write_text(
        "def deep():\n    x = []\n    x.append({'id': 1, 'score': 1, 'more': x})\n    return x\n\n\n"
        f"def f(x):\n    return {value}\n"
    )
    (folder / "r.rlm").write_text(RECIPE)
    return rlm("run", "r.rlm")


def test_what_is_of_its_type_is_taken(folder: Path, rlm: Rlm) -> None:
    assert give(folder, rlm, GOOD).code == 0


@pytest.mark.parametrize("value", BAD)
def test_what_is_not_is_told(folder: Path, rlm: Rlm, value: str) -> None:
    done = give(folder, rlm, value)
    assert (done.code, "[code-failed]" in done.err) == (1, True), done.err


@pytest.mark.parametrize("given", [5, {"a": "b"}])
def test_what_is_given_for_a_list_is_one(tmp_path: Path, given: object) -> None:
    path = tmp_path / "each.rlm"
    path.write_text(
        'rlm 1\n\nprompt say(x: Text) -> Text max 20tok "Say it."\n\n'
        "recipe each(rows: [Text] max 5) -> [Text] max 5 {\n"
        "  let said = map rows with say()\n  return said\n}\n"
    )
    with pytest.raises(rlmlang.CodedError, match="`rows` is no ") as found:
        rlmlang.run(path, values={"rows": given}, models=("offline/reader",), store=None)
    assert found.value.diagnostic.code == "wrong-input"
