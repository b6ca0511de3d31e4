"""A run as a call tree with the cost of every node; one node with its prompts and answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from rlmlang.report.call_lines import call_line, groups_of
from rlmlang.report.code_calls import code_lines, heading_of, in_full
from rlmlang.report.fitted import Cut, Heading, shortened
from rlmlang.report.receipt import counted
from rlmlang.report.text import as_text
from rlmlang.report.wanted_calls import WantedCalls, calls_in, ordered
from rlmlang.trajectory.calls import RunRecord, StepRecord
from rlmlang.trajectory.events import CallFailed, CallRead, CellFinished, RunFinished, ToolCalled

SHOWN, LONGEST, WIDEST = 12, 90, 2_000
ALL = WantedCalls()


def run_view(run: RunRecord, *, everything: bool = False) -> Tree:
    """The call tree; long lists of calls are shortened unless everything is asked for."""
    started = run.started
    name = started.recipe if started else "run"
    title = Text(f"{name}  {started.run if started else ''}", style="bold")
    plan = f"  plan {started.plan[:12]}" if started and started.plan else ""
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
        for shown in _call_lines(step, everything=everything):
            branch.add(shown)
        for line in _tool_lines(step.tools, everything=everything):
            branch.add(line)
    if counted := repairs_in(run):
        words = ", ".join(f"{name} {n:,}" for name, n in counted.most_common())
        tree.add(Text(f"repairs: {words}", style="dim"))
    _add_end(tree, run.finished, everything=everything)
    return tree


def _add_end(tree: Tree, finished: RunFinished | None, *, everything: bool) -> None:
    """How a run ended, and below that its answer."""
    if finished is None:
        tree.add(Text("this run did not come to its end", style="yellow"))
        return
    tone = "green" if finished.outcome == "finished" else "red"
    words = finished.outcome + (f" at {finished.place}" if finished.place else "")
    words += f": {finished.message}" if finished.message else ""
    end = tree.add(Text(words, style=tone))
    if finished.code:
        return
    lines = as_text(finished.result).splitlines()
    shown = lines if everything else [shortened(line, WIDEST) for line in lines[:SHOWN]]
    end.add(Text("\n".join(shown) or "(nothing)"))
    if len(lines) > len(shown):
        end.add(Text(f"… {len(lines) - SHOWN:,} more lines (--answer)", style="dim"))


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


def _call_lines(step: StepRecord, *, everything: bool) -> Iterator[Cut | Text]:
    """The calls of a step: of many the first groups of one outcome each."""
    calls = ordered(list(step.calls.values()))
    groups = groups_of(calls, calls)
    for group in groups if everything else groups[:SHOWN]:
        yield call_line(group)
    if left := 0 if everything else sum(map(len, groups[SHOWN:])):
        yield Text(f"… {left:,} more calls (--all)", style="dim")


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


def node_view(run: RunRecord, node: str, wanted: WantedCalls = ALL) -> Group | None:
    """The prompts and answers of a step (`notes`), of one call (`notes[3]`) or a range of items
    (`notes[3..10]`), as far as they are wanted; None where there is nothing of that name."""
    calls = calls_in(run, node)
    codes = [
        c for s in run.steps.values() for c in s.codes if node in (s.node, s.name, str(c.call))
    ]
    tools = [t for s in run.steps.values() for t in s.tools if node == str(t.call)]
    if not calls and not codes and not tools:
        return None
    calls = wanted.among(calls)
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
