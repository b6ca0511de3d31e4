"""A difference as Markdown: a short table, and the rest folded, for a comment on a pull request.

Whatever comes from a recipe or a model stands in code, where it is shown and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rich.text import Text

from rlmlang.plan.diff.diff import PlanDiff
from rlmlang.report.diff import rows
from rlmlang.report.diff.difference import Difference
from rlmlang.report.diff.text import SHOWN, plan_lines, run_lines
from rlmlang.trajectory.diff import RunDiff

LONGEST = 60_000  # characters; GitHub takes 65,536 a comment
HEADINGS = ("recipe", "changed", "calls expected", "calls at most", "tok at most",
            "usd expected", "usd at most", "budget", "asked again")  # fmt: skip


def markdown(found: Difference, *, everything: bool = False) -> str:
    """The comment. Details that no longer fit are left out, which it says."""
    head = [f"**{code(found.before)} → {code(found.after)}**", ""]
    if found.same:
        return "\n".join([*head, "No difference.", ""])
    changed = [diff for diff in found.plans if not diff.same]
    if changed:
        head += table(HEADINGS, map(_row, changed))
    if found.run is not None:
        head += table(("of the runs", "before → after"), _run_rows(found.run))
    return "\n".join([*head, *_within(LONGEST - sum(map(len, head)), _details(found, everything))])


def code(text: str) -> str:
    """A text in a line as code, also in a cell."""
    plain = text.replace("\n", " ").replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def _row(diff: PlanDiff) -> tuple[str, ...]:
    steps = ", ".join(code(a.step) for a in diff.asked)
    asked = f"{rows.again(diff)}: {steps}" if diff.asked else "nothing"
    if diff.before is None or diff.after is None:
        asked = "–"
    cost = rows.costs(*rows.totals(diff))
    return code(diff.name), rows.counted(diff), *cost, rows.verdict(diff), asked


def _run_rows(run: RunDiff) -> Iterator[tuple[str, str]]:
    yield from rows.spent(run)
    yield "result", "the same" if run.same_result else "differs"
    yield "answers", f"{len(run.answers):,} differ, {run.alike:,} are alike"
    for change in run.coverage:
        yield f"coverage of {code(change.source)}", rows.coverage(change)


def table(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, and an empty one."""
    lines = [headings, ["---"] * len(headings), *cells]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def _details(found: Difference, everything: bool) -> Iterator[str]:
    for diff in found.plans:
        if not diff.same:
            yield _folded(f"{diff.name}: what changed", plan_lines(diff))
    if found.run is not None and not found.run.same:
        most = None if everything else SHOWN
        yield _folded("what came of the runs", run_lines(found.run, most))


def _folded(title: str, lines: Iterable[Text]) -> str:
    body = "\n".join(line.plain for line in lines)
    summary = f"<details><summary>{escape(title)}</summary>"
    return f"{summary}\n\n{fenced(body, 'text')}\n\n</details>\n"


def fenced(body: str, kind: str) -> str:
    """A block of code, whose fence is longer than any in it."""
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", body)), 3)
    return f"{fence}{kind}\n{body}\n{fence}"


def _within(room: int, parts: Iterable[str]) -> Iterator[str]:
    """As many parts as there is room for."""
    left = 0
    for part in parts:
        room -= len(part) + 1
        if room < 0:
            left += 1
        else:
            yield part
    if left:
        yield f"{left:,} more would be too long for a comment: `rlm diff` shows all.\n"
