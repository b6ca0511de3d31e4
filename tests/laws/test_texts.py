"""A text with names in braces is its parts, one after the other; a raw text is what stands in it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.values import shown
from rlmlang.ir.expressions import Expr
from rlmlang.ir.recipe import Facts
from rlmlang.partitions.measure import Estimate
from rlmlang.runtime.code import call_code
from rlmlang.runtime.files import load_import
from rlmlang.verbs.compute import Compute

RECIPE = """rlm 1
record Row {{ name: Text max 9tok, n: Int? }}
recipe f(a: Text max 9tok, n: Int, ok: Bool, none_: Text? max 9tok, row: Row, rows: [Row] max 9) -> Text {{
  require n == n and ok == ok and a == a and none_ == none and row.n == none and count(rows) > 0
  return {written}
}}
"""
ROW = {"name": 'ann {a} "', "n": None}
VALUES = {"a": "漢 {n}", "n": -70, "ok": False, "none_": None, "row": ROW, "row.name": ROW["name"],
          "row.n": None, "rows": [ROW, ROW]}  # fmt: skip
CHUNKS = st.text('ab {}"\\\n:.漢', max_size=9)
ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "{": "\\{", "}": "\\}", "\n": "\\n"})


def value_of(written: str) -> tuple[Expr, Facts]:
    """What a text is checked to, and what is known of it."""
    found = compiler.check(SourceFile("f.rlm", RECIPE.format(written=written)), load_import)
    assert found.ok, found.diagnostics
    step = found.recipes["f"].steps[-1]
    assert isinstance(step.work, Compute)
    return step.work.value, step.facts


@settings(max_examples=150, deadline=None)
@given(st.lists(CHUNKS | st.sampled_from([(n,) for n in VALUES]), max_size=6))
def test_a_text_is_its_parts(parts: list[str | tuple[str]]) -> None:
    written = "".join(p.translate(ESCAPED) if isinstance(p, str) else f"{{{p[0]}}}" for p in parts)
    said: list[Any] = [p if isinstance(p, str) else shown(VALUES[p[0]]) for p in parts]
    value, facts = value_of(f'"{written}"')
    found = evaluate(value, VALUES, call_code)
    assert found == "".join(said)
    assert Estimate().tok(str(found)) <= facts.size.value()


@settings(max_examples=100, deadline=None)
@given(st.text('ab {}\\:.漢n"', max_size=12))
def test_a_raw_text_is_what_stands_in_it(text: str) -> None:
    mark = '"' if '"' not in text else '"""'
    if mark == '"""' and (text.endswith('"') or '"""' in text or text != text.strip()):
        return
    value, facts = value_of(f"r{mark}{text}{mark}")
    assert evaluate(value, {}, call_code) == text
    assert Estimate().tok(text) <= facts.size.value()
