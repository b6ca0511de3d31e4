"""The calls of `code` functions in a step, as `rlm show` tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from rlmlang.report.fitted import shortened
from rlmlang.trajectory.calls import StepRecord
from rlmlang.trajectory.events import CodeCalled

FEW, SHOWN = 3, 12
SLOW = 1.0  # seconds of a call that is worth a line
LONGEST = 90


def heading_of(step: StepRecord) -> str:
    """How many calls there were, and how long they took together."""
    count, seconds = len(step.codes), sum(c.seconds for c in step.codes)
    word = "code call" if count == 1 else "code calls"
    return f"  {count:,} {word}  {seconds:,.1f} s" if count else ""


def code_lines(calls: Sequence[CodeCalled], *, everything: bool) -> Iterator[Text]:
    """A line for each of a few calls; of many for those that failed, printed something or took
    long."""
    if all(c.call.index is not None for c in calls):  # they end in any order
        calls = sorted(calls, key=lambda c: c.call.index or 0)
    special = [c for c in calls if c.code or c.lines or c.seconds >= SLOW]
    special = sorted(special, key=lambda c: c.code == "")[:SHOWN]  # the failed ones first
    shown = calls if everything or len(calls) <= FEW else special
    for call in shown:
        yield _line(call)
    if shown and len(shown) < len(calls):
        yield Text(f"… {len(calls) - len(shown):,} more code calls (--all)", style="dim")


def _line(call: CodeCalled) -> Text:
    text = Text(f"{call.call}  {call.function}  {call.seconds:.1f} s")
    if call.lines:
        more = f", {call.lines:,} lines" if call.lines > 1 else ""
        first = call.printed[0] if call.printed else ""
        text.append(f"  printed{more}: {shortened(first, LONGEST)}", style="dim")
    if call.code:
        first = call.reason.partition("\n")[0]
        text.append(f"  {call.code}: {shortened(first, LONGEST)}", style="red")
    return text


def in_full(call: CodeCalled) -> list[Text]:
    """A call with all that is kept of it."""
    lines = [Text(f"{call.function} took {call.seconds:.1f} s")]
    if call.lines:
        left = call.lines - len(call.printed)
        lines.append(Text("\n".join(["printed:", *call.printed]), style="dim"))
        lines += [Text(f"… {left:,} more lines", style="dim")] if left else []
    return [*lines, *([Text(f"{call.code}: {call.reason}", style="red")] if call.code else [])]
