"""What a run shows at its end: the evidence of its answer, and the receipt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rich.console import Group
from rich.markup import escape
from rich.text import Text

from rlmlang.budget import Usage
from rlmlang.report.evidence import MOST
from rlmlang.report.fitted import Hanging
from rlmlang.trajectory.receipt import Line


def evidence_view(
    found: list[tuple[str, str]], unseen: int = 0, seen_with: str = "rlm show"
) -> Group:
    """The first few places; `unseen` answers were not looked at."""
    see = f": {seen_with}" if seen_with else ""
    lines = [Text("evidence", style="bold")] if found or unseen else []
    for place, said in found[:MOST]:
        shown = said if len(said) <= 160 else said[:159] + "…"
        lines.append(Text.from_markup(f"  [cyan]{escape(place)}[/cyan]  {escape(shown)}"))
    if len(found) > MOST:
        lines.append(Text(f"  and {len(found) - MOST} more{see}", style="dim"))
    if unseen:
        lines.append(Text(f"  not looked for in the last {unseen:,} answers{see}", style="dim"))
    return Group(*map(Hanging, lines))


def receipt_view(
    run: str,
    lines: Sequence[Line],
    usage: Usage,
    seconds: float,
    notice: str = "",
    *,
    seen_with: str = "rlm show",
    priced: bool = True,
    reused: int = 0,
    unanswered: int = 0,
    notices: Sequence[str] = (),
) -> Group:
    """What was read, what it cost, where the record is. `lines` are the executor's."""
    told = receipt_texts(
        run,
        lines,
        usage,
        seconds,
        notice,
        seen_with=seen_with,
        priced=priced,
        reused=reused,
        unanswered=unanswered,
        notices=notices,
    )
    return Group(Hanging(Text("receipt", style="bold")), *map(Hanging, told))


def receipt_texts(
    run: str,
    lines: Sequence[Line],
    usage: Usage,
    seconds: float,
    notice: str = "",
    *,
    seen_with: str = "rlm show",
    priced: bool = True,
    reused: int = 0,
    unanswered: int = 0,
    notices: Sequence[str] = (),
) -> list[Text]:
    """The same line by line."""
    cost = f"${float(usage.usd):,.4f}" if priced else "price unknown"
    spent = f"  {usage.calls:,} calls, {usage.tokens_in:,} tok in, {usage.tokens_out:,} out, {cost}"
    parts = _aligned(lines)
    parts += [Text(f"  {words}") for words in left_out(lines)]
    if not any(line.total for line in lines) and not usage.calls and not reused:
        parts.append(Text("  no model was asked"))
    parts.append(Text(f"{spent}, {seconds:.1f} s"))
    if unanswered:
        parts.append(Text(f"  {_repeats(unanswered)}", style="yellow"))
    if reused:
        words = "answer was" if reused == 1 else "answers were"
        parts.append(Text(f"  {reused:,} {words} kept from before, and cost nothing"))
    parts.append(Text(f"  run {run}: {seen_with or 'not kept'}", style="dim"))
    if any(
        line.promised == "some" and line.read < line.total and not line.by_code for line in lines
    ):
        parts.append(Text("  not exhaustive: a part of the context was not read", style="yellow"))
    parts += [Text(f"  {words}", style="yellow") for words in notices]
    if notice:
        parts.append(Text(f"  {notice}", style="magenta"))
    return parts


def _aligned(lines: Sequence[Line]) -> list[Text]:
    """The lines in columns, of which none is ever broken."""
    rows = [[Text.from_markup(cell) for cell in _view(line)(line)] for line in lines]
    widths = [
        max((cell.cell_len for cell in column), default=0) for column in zip(*rows, strict=True)
    ]
    for row in rows:
        for cell, width in zip(row[:-1], widths, strict=False):
            cell.pad_right(width - cell.cell_len)
    return [Text("  ").join(row) for row in rows]


def _view(line: Line) -> Callable[[Line], tuple[str, str, str]]:
    if line.items is not None and not line.total:
        return _judged
    return _assumed if line.stated else _by_code if line.by_code else _by_models


def _judged(line: Line) -> tuple[str, str, str]:
    """What a condition let pass, or what was left after items that failed."""
    how = f"where {escape(line.where)}" if line.where else f"{line.skipped:,} skipped"
    return f"  {line.step} of {line.source}", how, _passed(line)


def _passed(line: Line) -> str:
    return f"{line.passed:,} of {line.items:,}"


def _repeats(unanswered: int) -> str:
    """What the plan's bound leaves out: it is for answers, and these brought none."""
    some = "1 of these calls" if unanswered == 1 else f"{unanswered:,} of these calls"
    return f'{some} brought no answer; the plan\'s "at most" counts answers, not these'


def _assumed(line: Line) -> tuple[str, str, str]:
    """What was assumed of a step."""
    return f"  {line.step} of {line.source}", line.promised, f"assumed: {escape(line.assumed)}"


def _by_models(line: Line) -> tuple[str, str, str]:
    """What models were shown of a source, and what its type promised."""
    word = "green" if line.kept else "red"
    twice = f", {line.repeated:,} more than once" if line.repeated else ""
    items = f"{line.skipped:,} {'item' if line.skipped == 1 else 'items'}"
    lost = f", {items} skipped, with no usable answer" if line.skipped else ""
    if line.unread_fields:
        lost += f", fields never shown: {', '.join(line.unread_fields):.120}"
    why = f", assumed exact: {escape(line.assumed)}" if line.assumed else ""
    lost += f", {line.decided:,} decided before" if line.decided else ""
    lost += f", {_passed(line)} items pass" if line.items is not None else ""
    where = f" where {escape(line.where)}" if line.where else ""
    promised = f"[{word}]{line.promised}{where}[/{word}]"
    return f"  {line.step} read {line.source}", promised, _share(line) + twice + lost + why


def _by_code(line: Line) -> tuple[str, str, str]:
    """What code looked into: what it showed to sub-calls is known, what it read itself is not."""
    asked = f"its sub-calls read {_share(line)}; " if line.read else ""
    unseen = f"what it read itself of {line.total:,} bytes is not counted"
    return f"  {line.step} looked into {line.source}", "by code", asked + unseen


def _share(line: Line) -> str:
    forms = re.sub(r" by [^,]+", "", line.decoding)  # the versions stand in the record
    text = f" of text from {forms}" if forms else ""
    counts = [f"{line.read:,} of {line.total:,} bytes{text} ({line.fraction:.1%})"]
    if line.rows:
        counts.append(f"{line.rows_read:,} of {line.rows:,} rows")
    if line.documents > 1:
        counts.append(f"{line.documents_read:,} of {line.documents:,} documents")
    if line.results is not None and (line.rows or line.documents > 1):
        counts.append(f"{line.results:,} {'result' if line.results == 1 else 'results'}")
    return ", ".join(counts)


def left_out(lines: Sequence[Line]) -> list[str]:
    """For each source what was left out of it, counted by reason."""
    found = {line.source: line.left_out for line in lines if line.left_out}
    return [f"left out of {name}: {counted(reasons)}" for name, reasons in found.items()]


def counted(reasons: Mapping[str, int]) -> str:
    """How many files were left out, and how many of them for which reason."""
    total = sum(reasons.values())
    each = ", ".join(f"{n:,} {_plural(reason, n)}" for reason, n in reasons.items())
    return f"{total:,} {_plural('file', total)} ({each})"


def _plural(word: str, number: int) -> str:
    return f"{word}s" if number > 1 and word in ("file", "pipe", "socket", "device") else word
