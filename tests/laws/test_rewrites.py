"""What a rewrite changes is the price: the same result, and never more calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared

HEAD = """rlm 1

model warm { temperature: 0.7 }
record Out { values: [[Text]], counts: [Int] }

prompt note(page: Slice, about: Text) -> Text max 60tok "What does the page say?"
prompt guess(page: Slice, about: Text) -> Text max 60tok { model: warm  task: "Guess." }
prompt maybe(page: Slice, about: Text) -> Text? max 60tok "What does it say, if anything?"

recipe r(a: Text, yes: Bool, about: Text) -> Out {
"""
TEXT = " ".join(f"Stone {n} was sold in {1800 + n}. The mill turned." for n in range(40))


@st.composite
def recipes(draw: st.DrawFn) -> str:
    """Steps over pages: maps, filters, cuts, doubles, some of which nothing reads."""
    lines, pages, notes = list[str](), list[str](), list[str]()
    for n in range(draw(st.integers(2, 7))):
        kind = draw(st.sampled_from(["split", "map", "map", "filter", "filter", "take"]))
        if kind == "split" or not pages:
            size = draw(st.sampled_from([60, 90]))
            lines.append(f"let s{n} = split a by tokens(max: {size}tok)")
            pages.append(f"s{n}")
        elif kind == "map" or not notes:
            prompt = draw(st.sampled_from(["note", "note", "guess", "maybe"]))
            about = draw(st.sampled_from(["about", '"mills"']))
            skip = draw(st.sampled_from(["", "", " { on_error: skip(at_most: 50%) }"]))
            lines.append(
                f"let s{n} = map {draw(st.sampled_from(pages))} with {prompt}({about}){skip}"
            )
            notes.append(f"present(s{n})" if prompt == "maybe" else f"s{n}")
        elif kind == "filter":
            test = draw(st.sampled_from(["yes", "not yes", 'about == "x"', "length(it) > 20"]))
            lines.append(f"let s{n} = filter {draw(st.sampled_from(notes))} where {test}")
            notes.append(f"s{n}")
        else:
            lines.append(
                f"let s{n} = take({draw(st.sampled_from(notes))}, n: {draw(st.integers(0, 3))})"
            )
            notes.append(f"s{n}")
    shown = draw(st.lists(st.sampled_from(notes), min_size=1, max_size=3)) if notes else []
    values = ", ".join(["[text(yes), about, text(length(a))]", *shown])
    lines.append(f"return Out(values: [{values}], counts: [])")
    return HEAD + "\n".join(f"  {line}" for line in lines) + "\n}\n"


def carried_out(path: Path, *, rewrite: bool, yes: str) -> tuple[Prepared, Outcome]:
    """A recipe planned and run."""
    values = {"a": TEXT, "yes": yes == "true", "about": "mills"}
    ready = prepare(str(path), Options(values=values, store=None, rewrite=rewrite), need_all=True)
    return ready, execute(ready)


@given(recipes(), st.sampled_from(["true", "false"]))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_rewritten_plan_gives_the_same_and_asks_no_more(
    tmp_path: Path, text: str, yes: str
) -> None:
    path = tmp_path / "r.rlm"
    path.write_text(text, encoding="utf-8")
    plain, was = carried_out(path, rewrite=False, yes=yes)
    made, now = carried_out(path, rewrite=True, yes=yes)
    assert was.problem is None and now.problem is None
    assert now.result == was.result
    assert now.usage.calls <= was.usage.calls
    worst = [p.plan.totals.worst.calls.exact() for p in (made, plain)]
    assert worst[0] is not None and worst[1] is not None and worst[0] <= worst[1]


SAID = {
    "early_filter": (
        "let notes = map (split a by tokens(max: 60tok)) with note(about)\n"
        "  return Out(values: [(filter notes where yes)], counts: [])",
        "is decided before `notes` is asked",
    ),
    "early_take": (
        "let notes = map (split a by tokens(max: 60tok)) with note(about)\n"
        "  return Out(values: [take(notes, n: 2), [text(yes)]], counts: [])",
        "only the first of `notes` are asked for",
    ),
    "equal_steps": (
        "let one = map (split a by tokens(max: 60tok)) with note(about)\n"
        "  let two = map (split a by tokens(max: 60tok)) with note(about)\n"
        "  return Out(values: [one, two, [text(yes)]], counts: [])",
        "`two` asks the same as `one`",
    ),
    "dead_steps": (
        "let one = map (split a by tokens(max: 60tok)) with note(about)\n"
        "  return Out(values: [[text(yes)]], counts: [])",
        "nothing reads `one`",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_each_pass_says_what_it_saves(tmp_path: Path, name: str) -> None:
    body, words = SAID[name]
    path = tmp_path / "r.rlm"
    path.write_text(f"{HEAD}  {body}\n}}\n", encoding="utf-8")
    plain, was = carried_out(path, rewrite=False, yes="false")
    made, now = carried_out(path, rewrite=True, yes="false")
    assert not plain.plan.rewrites and now.result == was.result
    (found,) = made.plan.rewrites
    assert words in found.words and (found.saves.value() or 0) > 0
    assert now.usage.calls < was.usage.calls or name == "equal_steps"


@pytest.mark.parametrize(
    "line",
    [
        "let two = map pages with guess(about)",
        "let two = map pages with maybe(about)",
    ],
)
def test_votes_and_other_prompts_are_not_merged(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.rlm"
    twice = line.replace("two", "one")
    shown = "present(one), present(two)" if "maybe" in line else "one, two"
    text = f"let pages = split a by tokens(max: 60tok)\n  {twice}\n  {line}\n"
    path.write_text(f"{HEAD}  {text}  return Out(values: [{shown}, [text(yes)]], counts: [])\n}}\n")
    made, _ = carried_out(path, rewrite=True, yes="true")
    assert len(made.plan.rewrites) == ("maybe" in line)
