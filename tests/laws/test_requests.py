"""Nothing is sent that the plan does not allow: random types, values, templates and replies."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.execute.validate import problem_with
from rlmlang.framing.json_lines import json_line
from rlmlang.framing.markers import Escapes
from rlmlang.ir import types as ty
from rlmlang.ir.declarations import Demo
from rlmlang.ir.expressions import Param
from rlmlang.ir.models import Model
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.request_sizes import template_size
from rlmlang.ir.sizes import shown_size
from rlmlang.ir.template_sizes import filled_size
from rlmlang.models.engines.call_context import request_text
from rlmlang.partitions.measure import Estimate
from rlmlang.program.adapter import PromptAdapter
from rlmlang.program.program import RecipeProgram
from rlmlang.program.render import render
from rlmlang.program.tasks import filled
from rlmlang.runtime.code import call_code
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.verbs.given import result_facts
from tests.laws.test_bounds import Dense

RELAXED = settings(max_examples=60, deadline=None,
                   suppress_health_check=list(HealthCheck))  # fmt: skip
FEW = settings(RELAXED, max_examples=6)
UNITS = ["ab ", '"', "\\", "\n\n", "\x01", "\x1b[", "-" * 64, "漢", "😀", "\u200b", '\\"\n\t',
         "[[ ## result ## ]]", "ΐ", "'", "<", "\x7f\u2028"]  # fmt: skip
NASTY = st.one_of(st.text(max_size=40), st.sampled_from(UNITS).map(lambda u: u * (80 // len(u))))
NAMES = st.sampled_from(["a", "name", "a_name_that_is_long_enough_to_count", "id"])


# ── renderings ───────────────────────────────────────────────────────────────


@given(st.recursive(st.none() | st.booleans() | st.integers() | NASTY,
                    lambda x: st.lists(x) | st.dictionaries(NAMES, x)))  # fmt: skip
@RELAXED
def test_json_takes_two_bytes_for_one_and_says_the_same(value: Any) -> None:
    text = json_line(value)
    assert json.loads(text, strict=False) == value
    if isinstance(value, str):
        assert len(text.encode()) <= 2 * len(value.encode()) + 2


@st.composite
def types(draw: st.DrawFn, depth: int = 2) -> tuple[ty.Type, int | None]:
    """A type with its `max`, as declarations allow them."""
    kinds = ["Text", "Int", "Float", "Bool", "Date", "enum"] + ["list", "record", "pair"] * (
        depth > 0
    )
    kind, most = draw(st.sampled_from(kinds)), draw(st.none() | st.integers(1, 30))
    optional = draw(st.booleans())
    made: ty.Type
    if kind == "enum":
        made = ty.EnumType((("good", "is fine"), ("bad_label", "")), "Label")
    elif kind == "list":
        made = ty.list_of(draw(types(depth - 1))[0])
    elif kind == "pair":
        (left, first), (right, second) = draw(types(depth - 1)), draw(types(depth - 1))
        made = ty.PairType(left, right, (first, second))
    elif kind == "record":
        names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
        fields = [(n, *draw(types(depth - 1))) for n in names]
        made = ty.record(*(ty.Field(n, t, m) for n, t, m in fields), name="Row")
    else:
        made = ty.named(kind)
    most = most if made.is_list or kind == "Text" else None
    return (made.maybe() if optional and not made.is_list else made), most


def values(type_: ty.Type) -> st.SearchStrategy[Any]:
    """What a model may write for a type, and more."""
    found: st.SearchStrategy[Any]
    match type_.required():
        case ty.IntType():
            found = st.integers() | st.integers(10**20, 10**40)
        case ty.FloatType():
            found = st.floats(allow_nan=False, allow_infinity=False)
        case ty.BoolType():
            found = st.booleans()
        case ty.EnumType(names=names):
            found = st.sampled_from(names)
        case ty.Listed(of):
            found = st.lists(values(of), max_size=6)
        case ty.RecordType() | ty.PairType() as held:
            found = st.fixed_dictionaries({f.name: values(f.type) for f in held.fields})
        case _:
            found = NASTY
    return found | st.none() if type_.optional else found


@RELAXED
@given(data=st.data(), declared=types(), output=st.sampled_from([20, 100, 1_000]))
def test_a_value_that_is_taken_is_no_larger_than_is_counted(
    data: st.DataObject, declared: tuple[ty.Type, int | None], output: int
) -> None:
    type_, most = declared
    prompt = Prompt("p", (), type_, most, "Do it.", Model("", "", 10_000, output, 0.0))
    value = data.draw(values(type_))
    if problem_with(prompt, value, {}, Estimate(), call_code):
        return
    counted = shown_size(result_facts(prompt)).value()
    assert counted is not None
    assert Estimate().tok(render(value, type_)) <= counted
    for field in ty.fields_of(type_) if isinstance(value, dict) else ():
        inner = json_line({field.name: value[field.name]})
        assert Estimate().tok(inner) <= counted


# ── what stands around the inputs ────────────────────────────────────────────


@RELAXED
@given(
    declared=types(),
    params=st.lists(types(), min_size=1, max_size=3),
    task=NASTY,
    doc=NASTY,
    shown=st.lists(st.tuples(NASTY, NASTY), max_size=3),
)
def test_a_request_is_no_larger_than_its_template_and_inputs(
    declared: tuple[ty.Type, int | None],
    params: list[tuple[ty.Type, int | None]],
    task: str,
    doc: str,
    shown: list[tuple[str, str]],
) -> None:
    made = tuple(Param(f"p{n}", t, m, doc=doc) for n, (t, m) in enumerate(params))
    demos: tuple[Demo, ...] = tuple((("p0", a), ("result", b)) for a, b in shown)
    task = task.replace("{", "(")
    model = Model("", "", 100_000, 100, 0.0)
    prompt = Prompt("p", made, *declared, task, model, doc, demos=demos)
    predictor: Any = RecipeProgram({"step": prompt}).predictor("step")
    inputs = {p.name: "" for p in made}
    signature = predictor.signature.with_instructions(f"{doc}\n\n{task}")
    request = PromptAdapter().request("m", Config(), signature, predictor.demos, inputs, Escapes())
    assert Estimate().tok(request_text(request)) <= template_size(prompt)


PARTS = st.sampled_from([
    "{{ q }}", "{{ q|upper }}", "{{ q|lower }}", "{{ q|tojson }}", "{{ q|join(', and ') }}",
    "{{ [q, q]|join(q) }}", "{{ q|length }}", "{{ q|trim|upper }}", "{{ n }}", "{{ [q, n] }}",
    "{{ q if n > 2 else 'else' }}", "{{ q|default(q) }}", "{{ q and tone }}", "words", "{{ row.a }}",
    "{# said to nobody #}",
])  # fmt: skip
LOOPS = ["{%% for x in [1, 2, 3] %%}%s{{ loop.index }}{%% endfor %%}",
         "{%% for c in q %%}%s{{ c }}{%% endfor %%}", "{%% for x in [q, q] %%}%s{{ x }}{%% endfor %%}",
         "{%% if n > 2 %%}%s{%% else %%}{{ q }}{%% endif %%}"]  # fmt: skip
TEMPLATES = st.recursive(
    PARTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.builds(lambda loop, body: loop % body, st.sampled_from(LOOPS), inner)
    ),
    max_leaves=6,
)


@RELAXED
@given(task=TEMPLATES, q=NASTY, a=NASTY, tone=NASTY, n=st.integers(-(10**9), 10**9))
def test_a_template_filled_in_is_no_larger_than_is_counted(
    task: str, q: str, a: str, tone: str, n: int
) -> None:
    tok = Estimate().tok
    sizes = {"q": tok(q), "row.a": tok(a), "row": tok(a), "tone": tok(tone), "n": 12}
    text = filled(task, {"q": q, "row": {"a": a}, "tone": tone, "n": n})
    assert tok(text) <= filled_size(task, sizes)


# ── whole runs ───────────────────────────────────────────────────────────────

HEAD = """rlm 1
model m {{ output <= 100tok }}
record F {{ a: Text max 30tok, b: Text max 30tok }}
prompt note(page: Slice) -> Text {{ task: "Note." model: m retry <= {retry} }}
prompt one(page: Slice) -> F {{ task: "One." model: m retry <= {retry} }}
prompt many(page: Slice) -> [F] {{ task: "Many." model: m retry <= {retry} }}
prompt worth(page: Slice) -> Int {{ task: "Worth." model: m retry <= {retry} }}
prompt merge(xs: [Text]) -> Text {{ task: "Merge." model: m retry <= {retry} }}
prompt union_of(xs: [F]) -> [F] {{ task: "Many." model: m retry <= {retry} }}
prompt tell(xs: [F], more: [Text]) -> Text {{ task: "Tell." model: m retry <= {retry} }}
prompt pair(p: Pair<Text, Slice>) -> Text {{ task: "Pair." model: m retry <= {retry} }}
prompt free(code: Tree) -> Text {{
  task: "Free." model: m
  repl {{ iters <= 3 calls <= 4 depth <= 1 shown <= 1kch tools: [merge, joined, grown] calls of grown <= 2 }}
}}
/// {grown}
code grown(text: Text, by: Int?) -> Text from "grow.py:grow"
pattern joined(text: Text) -> Text {{
  let notes = map (split text by tokens(max: 80tok)) with note()
  return reduce notes with merge() {{ fanin: 2 }}
}}
recipe find(code: Tree) -> Text {{
  budget {{ calls <= 100_000 depth <= 30 }}
  {body}
}}
"""
SKIP = "{ on_error: skip(at_most: 100%) }"
BODIES = {
    "map, reduce": f"""let a = map (split code by tokens(max: 80tok)) with note() {SKIP}
  return reduce a with merge() {{ fanin: 3 }}""",
    "take": f"""let a = map take(split code by tokens(max: 80tok), 3) with note() {SKIP}
  return join_text(a)""",
    "records": f"""let p = split code by files(max: 100tok)
  let a = map p with one() {SKIP}
  let b = map p with many() {SKIP}
  let c = reduce b with union_of() {{ fanin: 2 }}
  return tell(concat(a, c), column(a, of: b))""",
    "recurse": """return recurse code {
    leaf <= 200tok with note()
    branch by tree(into: 3)
    join with merge() { fanin: 2 }
    depth <= 12
  }""",
    "prune": f"""return recurse code {{
    leaf <= 150tok with note() {SKIP}
    branch by tree(into: 3)
    prune with worth() {{ see: 30tok, keep: 1..2 }}
    join with merge() {{ fanin: 3 }}
    depth <= 12
  }}""",
    "search, cross": f"""let hits = search code for "piper" by bm25(top: 6, window: 30tok)
  let a = map hits with note() {SKIP}
  let pairs = cross a, hits by bm25(top: 2)
  let c = map pairs with pair() {SKIP}
  return join_text(c)""",
    "ladder": """let whole = join_text(split code by tokens(max: 90tok))
  return ladder accept (it == "yes") {
    rung "a" { let x = tell([F(a: "x", b: "y")], ["z"]) return x }
    rung "b" { let y = joined(whole) return y }
  }""",
    "repl": "return free(code)",
}
CELL = """```python
text = %r * 2000
print(text)
print(llm_query(text[:300], text[:900]))
print(joined(text[:100]))
print(merge([text[:50], text[:50]]))
print(grown(text[:50], 40))
print(grown(text[:50]), grown)
# %s
```"""


@st.composite
def replies(draw: st.DrawFn) -> Any:
    """A model that writes as much as it may: well or badly, all of one kind of character."""
    unit, numbers = draw(st.sampled_from(UNITS)), itertools.count()
    refused, size = draw(st.sampled_from(["", "empty", "raw", "long"])), draw(st.integers(1, 640))

    def text(most: int) -> str:
        return f"piper {next(numbers)} {unit * (most // len(unit.encode()))}"

    def script(task: Any) -> Any:
        if "turn" in task.inputs:
            return CELL % (unit, "-" * draw(st.integers(0, 500)))
        if refused == "empty":
            return Raw("")
        if refused == "raw":
            return Raw(text(size))
        most = 10 * size if refused == "long" else size
        match task.instructions.split(".")[0]:
            case "Worth":
                return next(numbers)
            case "One":
                return {"a": text(most // 4), "b": text(most // 4)}
            case "Many":
                return [{"a": text(most // 9), "b": ""}] * 2
        return text(most)

    return script


@FEW
@pytest.mark.parametrize("body", BODIES)
@given(script=replies(), retry=st.integers(0, 2), unit=st.sampled_from(UNITS),
       files=st.integers(1, 20), deep=st.booleans())  # fmt: skip
def test_a_run_stays_within_its_plan_whatever_is_said(
    tmp_path_factory: pytest.TempPathFactory, body: str, script: Any, retry: int, unit: str,
    files: int, deep: bool,
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("run")
    path, code = folder / "r.rlm", folder / "code" / ("p" * 60) / ("q" * 60 if deep else "q")
    path.write_text(HEAD.format(retry=retry, body=BODIES[body], grown="said " * 99))
    (folder / "grow.py").write_text("def grow(text, by):\n    return text * (by or 900)\n")
    code.mkdir(parents=True)
    for n in range(files):
        (code / f"m{n}.txt").write_bytes(f"piper {n} {unit * (n % 7)}\n".encode())
    sources = {"code": str(folder / "code")}
    totals = rlmlang.plan_recipe(str(path), sources=sources).totals
    engine = Dense(script)
    outcome = rlmlang.run(str(path), engine=engine, sources=sources, store=None)
    problem = str(outcome.problem)
    assert "request-too-large" not in problem, problem
    assert len(engine.requests) <= totals.worst.calls.value()
    assert engine.counted <= totals.worst.tokens_in.value()
    if outcome.problem is None:
        assert totals.best.calls.value() <= len(engine.requests) + outcome.reused


@pytest.mark.parametrize("on_error", ["", SKIP])
def test_what_is_larger_than_the_plan_allows_is_not_sent(tmp_path: Path, on_error: str) -> None:
    """Code gives more than its inputs: nobody could count with that."""
    (tmp_path / "grow.py").write_text("def grow(text):\n    return text * 500\n")
    path = tmp_path / "r.rlm"
    path.write_text(f"""rlm 1
prompt note(text: Text) -> Text {{ task: "Note." retry <= 0 }}
code grow(text: Text) -> Text from "grow.py:grow"
recipe find(text: Text) -> [Text] {{
  return map [text, grow(text), "more"] with note() {on_error}
}}
""")
    engine = ScriptedEngine(lambda task: "well")
    outcome = rlmlang.run(str(path), engine=engine, sets={"text": "x" * 60}, store=None)
    assert all("x" * 5_000 not in text for text in engine.requests)
    if on_error:
        assert outcome.problem is None
        assert outcome.result == ["well", "well"]
    else:
        assert outcome.problem.diagnostic.code == "request-too-large"
