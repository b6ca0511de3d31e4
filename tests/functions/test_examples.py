"""Each function's example is checked, gives what it says, and is of the type that it is said to be."""

from __future__ import annotations

import json

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.plain_values import jsonable
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.reference.rows import ROWS, TEXT_OF_ROW
from rlmlang.runtime.code import call_code
from rlmlang.runtime.files import load_import
from rlmlang.runtime.values import misfit

RECIPE = """rlm 1
{row}
recipe example(rows: [Row] max 3) -> Int {{
  let made = {call}
  return count(rows)
}}
"""


OF_TREES = {f.name for f in FUNCTIONS.values() if "tree" in f.takes}
"""Their values are folders: tests/cases has recipes with them."""


@pytest.mark.parametrize(
    "function", [f for f in FUNCTIONS.values() if f.name not in OF_TREES], ids=lambda f: f.name
)
def test_the_example_of_a_function_gives_what_it_says(function: Function) -> None:
    call, value = function.example
    assert f"{function.name}(" in call, "each function has an example of itself"
    text = RECIPE.format(row=TEXT_OF_ROW, call=call)
    found = compiler.check(SourceFile("example.rlm", text), load_import)
    assert [d.code for d in found.diagnostics] == ["unused-step"], render_all(found.diagnostics)
    made = next(s for s in found.recipes["example"].steps if s.name == "made")
    result = evaluate(made.work.value, {"rows": list(ROWS)}, call_code)
    assert json.dumps(jsonable(result), ensure_ascii=False) == value
    assert misfit(result, made.facts.type) == ""
