"""A difference as lines for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.text import Text

from rlmlang.plan.diff.diff import PlanDiff
from rlmlang.plan.diff.said import Change, Field
from rlmlang.report.diff import rows
from rlmlang.report.diff.difference import Difference
from rlmlang.report.diff.words import shortened, words
from rlmlang.report.text import as_text
from rlmlang.trajectory.diff import RunDiff

FIELD = re.compile(r"^\[\[ ## (\w+) ## \]\]\n*", re.MULTILINE)
UNNAMED = ("result", "completed")
"""Fields of an answer whose names say nothing to a reader."""
MARKS = {"=": ("", "", ""), "-": ("[-", "-]", "red"), "+": ("{+", "+}", "green")}
HASH = "hash"
"""The field of a package that has no words."""
SHOWN = 20  # changed answers, unless all are wanted


def lines(found: Difference, *, everything: bool = False) -> Iterator[Text]:
    """All that differs, and what stayed in a line."""
    yield Text(f"{found.before} → {found.after}", style="bold")
    for diff in found.plans:
        yield from plan_lines(diff)
    if found.run is not None:
        yield from run_lines(found.run, None if everything else SHOWN)
    if found.same:
        yield Text("no difference")


def plan_lines(diff: PlanDiff) -> Iterator[Text]:
    """What changed of a recipe; nothing of one that is the same."""
    if diff.same:
        return
    yield Text(f"recipe {diff.name}: {rows.how(diff)}", style="bold")
    for change in diff.changes:
        yield from _change(change)
    yield from _costs(diff)
    if diff.asked:
        yield Text(f"  asked again: {rows.again(diff)}", style="yellow")
        wide = max(len(a.step) for a in diff.asked)
        for asked in diff.asked:
            yield Text(f"    {asked.step:<{wide}}  {rows.because(asked)}")
    elif diff.before is not None and diff.after is not None:
        yield Text("  nothing is asked again", style="green")


def _change(change: Change) -> Iterator[Text]:
    yield Text(f"  {change.kind} {change.name}".rstrip() + f": {change.how}")
    if change.how == "removed":
        return
    for field in change.fields:
        yield _field(field)


def _field(field: Field) -> Text:
    label = _labelled(f"    {field.name}: ")
    if field.name == HASH:
        return label.append(rows.arrow(field.before, field.after))
    return label.append(marked(field.before, field.after, 6))


def _labelled(words: str) -> Text:
    """The beginning of a line, which says what stands behind it."""
    return Text().append(words, "dim")


def marked(before: str, after: str, indent: int) -> Text:
    """Two texts as one, word by word: what went as [-…-], what came as {+…+}."""
    text = Text(style="none")
    for sign, piece in shortened(words(before, after)):
        opening, closing, style = MARKS[sign]
        text.append(f"{opening}{piece}{closing}".replace("\n", "\n" + " " * indent), style or None)
    return text


def _costs(diff: PlanDiff) -> Iterator[Text]:
    changed = [s for s in diff.steps if not s.same]
    cells = [(s.step, *rows.costs(s.before, s.after)) for s in changed]
    cells.append(("in all", *rows.costs(*rows.totals(diff))))
    for row in aligned([("plan", *rows.COSTS), *cells]):
        yield Text(f"  {row}")
    if diff.after is not None:
        yield Text(f"  budget {rows.verdict(diff)}")


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows in columns, all but the first to the right."""
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *rest in table:
        cells = (f"{c:>{w}}" for c, w in zip(rest, wide[1:], strict=True))
        yield f"{first:<{wide[0]}}  {'  '.join(cells)}".rstrip()


def run_lines(run: RunDiff, most: int | None) -> Iterator[Text]:
    """What came of two runs, with so many of the answers that changed."""
    used = ", ".join(f"{name} {value}" for name, value in rows.spent(run))
    yield Text().append("run", "bold").append(f"  {used}")
    if not run.same_result:
        old, new = as_text(run.before.result), as_text(run.after.result)
        yield _labelled("  result: ").append(marked(old, new, 4))
    for change in run.coverage:
        yield Text(f"  coverage of {change.source} in {change.step}: {rows.coverage(change)}")
    yield Text(f"  answers: {len(run.answers):,} differ, {run.alike:,} are alike")
    for answer in run.answers[:most]:
        text = _labelled(f"    {answer.call}: ")
        yield text.append(marked(_said(answer.before), _said(answer.after), 6))
    if most is not None and len(run.answers) > most:
        yield Text(f"    and {len(run.answers) - most:,} more: --all")


def _said(answer: str | None) -> str:
    """An answer as a reader wants it: fields by their names, without the marks of the form."""
    if answer is None:
        return ""
    return FIELD.sub(lambda m: "" if m[1] in UNNAMED else f"{m[1]}: ", answer).strip() or "(none)"
