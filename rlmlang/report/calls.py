"""A run as a call tree with the cost of every node; one node with its prompts and answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from rlmlang.report.code_calls import code_lines, heading_of, in_full
from rlmlang.report.evidence import answer_of
from rlmlang.report.fitted import Heading, shortened
from rlmlang.report.receipt import counted
from rlmlang.trajectory.calls import CallRecord, RunRecord, StepRecord
from rlmlang.trajectory.events import CallFailed, CallRead, CellFinished, ToolCalled

SHOWN, LONGEST = 12, 90


def run_view(run: RunRecord, *, everything: bool = False) -> Tree:
    """The call tree; long lists of calls are shortened unless everything is asked for."""
    started, finished = run.started, run.finished
    name = started.recipe if started else "run"
    title = Text(f"{name}  {started.run if started else ''}", style="bold")
    plan = f"  plan {started.plan[:12]}" if started is not None and started.plan else ""
    tree = Tree(title.append(plan, style="dim"))
    if started is not None and started.forked_from:
        words = "with an answer given by hand" if started.given else ""
        point = f"from {started.forked_from} at {started.forked_at} {words}".rstrip()
        tree.add(Text(point, style="dim"))
    for source, files in run.left_out.items():
        branch = tree.add(_left_out_line(source, files))
        for path, reason in files if everything else files[:SHOWN]:
            branch.add(Text(f"{path}  {reason}", style="dim"))
        if len(files) > SHOWN and not everything:
            branch.add(Text(f"… {len(files) - SHOWN:,} more files (--all)", style="dim"))
    for step in run.steps.values():
        branch = tree.add(_step_line(step))
        for line in code_lines(step.codes, everything=everything):
            branch.add(line)
        calls = list(step.calls.values())
        for call in calls if everything else calls[:SHOWN]:
            branch.add(_call_line(call))
        if len(calls) > SHOWN and not everything:
            branch.add(Text(f"… {len(calls) - SHOWN:,} more calls (--all)", style="dim"))
        for line in _tool_lines(step.tools, everything=everything):
            branch.add(line)
    if counted := repairs_in(run):
        words = ", ".join(f"{name} {n:,}" for name, n in counted.most_common())
        tree.add(Text(f"repairs: {words}", style="dim"))
    if finished is not None:
        tone = "green" if finished.outcome == "finished" else "red"
        words = finished.outcome + (f" at {finished.place}" if finished.place else "")
        words += f": {finished.message}" if finished.message else ""
        tree.add(Text(words, style=tone))
    else:
        tree.add(Text("this run did not come to its end", style="yellow"))
    return tree


def _left_out_line(source: str, files: list[list[str]]) -> Text:
    counts = Counter(reason for _, reason in files)
    return Text(f"left out of {source}: {counted(dict(counts.most_common()))}", style="yellow")


def repairs_in(run: RunRecord) -> Counter[str]:
    """How often each repair was needed to read an answer."""
    reads = (
        read
        for step in run.steps.values()
        for call in step.calls.values()
        for read in call.reads.values()
    )
    return Counter(name for read in reads for name in read.repairs)


def _step_line(step: StepRecord) -> Text:
    text = Text(step.name, style="cyan")
    text.append(f"  {step.verb}" if step.verb else "", style="dim")
    if step.finished:
        text.append(f"  {step.items:,} items")
    if step.attempts:
        tok_in, tok_out = int(step.total("tokens_in")), int(step.total("tokens_out"))
        text.append(f"  {step.attempts:,} calls  {tok_in:,} tok in  {tok_out:,} out")
        text.append(f"  ${step.total('usd'):,.4f}" if step.priced else "  price unknown")
    text.append(heading_of(step))
    if step.skipped:
        text.append(f"  {step.skipped} skipped", style="yellow")
    return text


def _call_line(call: CallRecord) -> Text:
    last = call.attempts[-1] if call.attempts else None
    text = Text(str(call.id))
    if last is None and call.skipped:
        reason = " ".join(call.skipped.split())
        return text.append(f"  left out: {shortened(reason, LONGEST)}", style="yellow")
    if last is None:
        return text.append("  sent, not answered", style="dim") if call.sent else text
    if isinstance(last, CallFailed):
        text.append(f"  {last.code}: {shortened(last.reason, LONGEST)}", style="red")
    else:
        said = " ".join(answer_of(last.answer).split())
        text.append(f"  {shortened(said, LONGEST) or '(nothing)'}", style="dim")
    if len(call.attempts) > 1:
        text.append(f"  {len(call.attempts)} tries", style="yellow")
    return text


def _tool_lines(tools: Sequence[ToolCalled], *, everything: bool) -> Iterator[Text]:
    yield from map(_tool_line, tools if everything else tools[:SHOWN])
    if len(tools) > SHOWN and not everything:
        yield Text(f"… {len(tools) - SHOWN:,} more calls of tools (--all)", style="dim")


def _tool_line(tool: ToolCalled) -> Text:
    """A call of a function outside of the sandbox."""
    text = Text(f"{tool.call}  {tool.tool} {shortened(tool.arguments, LONGEST)}")
    if tool.error:
        return text.append(f"  {shortened(' '.join(tool.error.split()), LONGEST)}", style="red")
    return text.append(f"  {tool.size:,} characters, {tool.seconds:.1f} s", style="dim")


def _tool_view(tool: ToolCalled) -> list[Text | Heading]:
    """A call of a function with all that is known of it."""
    lines: list[Text | Heading] = [Heading(f"── {tool.call}, {tool.tool} ")]
    lines.append(Text(tool.arguments))
    shown = shortened(json.dumps(tool.result), LONGEST)
    lines += [Text("── result", style="bold"), Text(shown)]
    if tool.error:
        lines[-2:] = [Text(tool.error, style="red"), *map(Text, tool.frames)]
    return lines


def node_view(run: RunRecord, node: str) -> Group | None:
    """The prompts and answers of a step (`notes`) or of one call (`notes[3]`)."""
    calls = [
        c
        for s in run.steps.values()
        for c in s.calls.values()
        if node in (s.node, s.name, str(c.id))
    ]
    codes = [
        c for s in run.steps.values() for c in s.codes if node in (s.node, s.name, str(c.call))
    ]
    tools = [t for s in run.steps.values() for t in s.tools if node == str(t.call)]
    if not calls and not codes and not tools:
        return None
    parts = [part for tool in tools for part in _tool_view(tool)]
    for code in codes[:SHOWN]:
        parts += [Heading(f"── {code.call}, code "), *in_full(code)]
    if len(codes) > SHOWN:
        parts.append(Text(f"… {len(codes) - SHOWN:,} more; name one: {codes[SHOWN].call}"))
    for call in calls[:SHOWN]:
        for attempt in call.attempts:
            title = f"── {call.id}, try {attempt.call.attempt + 1}, {attempt.prompt} "
            parts += [Heading(title), Text(attempt.request)]
            parts += [Text("── answer", style="bold"), Text(attempt.answer)]
            if isinstance(attempt, CallFailed):
                parts.append(Text(f"not taken: {attempt.reason}", style="red"))
            parts += _read_how(call.reads.get(attempt.call.attempt))
        parts += _ran(call.cell)
    if len(calls) > SHOWN:
        parts.append(Text(f"… {len(calls) - SHOWN:,} more calls; name one: {calls[SHOWN].id}"))
    return Group(*parts)


def _ran(cell: CellFinished | None) -> list[Text]:
    """What came of the code of a turn."""
    if cell is None:
        return []
    where = f" in {cell.tier}" if cell.tier else ""
    parts = [Text(f"── ran{where}, {cell.seconds:.2f} s", style="bold"), Text(cell.output.rstrip())]
    if cell.error:
        parts.append(Text(cell.error, style="red"))
    if cell.submitted:
        parts.append(Text(f"submitted: {json.dumps(cell.value, ensure_ascii=False)}"))
    return [part for part in parts if part.plain]


def _read_how(read: CallRead | None) -> list[Text]:
    """What was unusual about a call that was read."""
    if read is None:
        return []
    lines = [f"read with repairs: {', '.join(read.repairs)}"] if read.repairs else []
    if read.escaped:
        lines.append(
            f"{read.escaped:,} field markers of the data are shown escaped, as [[ __ name __ ]]"
        )
    return [Text(words, style="dim") for words in lines]


def known_nodes(run: RunRecord) -> list[str]:
    """What may be asked for."""
    return [s.name for s in run.steps.values()]
