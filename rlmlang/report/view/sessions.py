"""What models that write code did: the cells of each session, and the tools that they called."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.report.view.calls import CallTable
from rlmlang.trajectory.calls import RunRecord
from rlmlang.trajectory.events import CellFinished, ToolCalled
from rlmlang.value import Json

LONGEST = 20_000


def cells(table: CallTable, redact: Callable[[str], str], *, texts: bool) -> dict[str, Json]:
    """The cells by the numbers of the calls whose code they ran; without `texts` how they went, and
    not what they said."""
    found = {n: call.cell for n, call in enumerate(table.calls) if call.cell is not None}
    return {str(n): _cell(cell, redact, texts=texts) for n, cell in found.items()}


def _cell(cell: CellFinished, redact: Callable[[str], str], *, texts: bool) -> Json:
    said: dict[str, Json] = {
        "code": redact(cell.code)[:LONGEST],
        "output": redact(cell.output)[:LONGEST],
        "error": redact(cell.error)[:LONGEST],
        "value": cell.value,
    }
    return {
        **(said if texts else {}),
        "failed": bool(cell.error),
        "kind": cell.kind,
        "submitted": cell.submitted,
        "seconds": cell.seconds,
        "tier": cell.tier,
        "fresh": cell.fresh,
        "calls": list(cell.calls),
    }


def tools(run: RunRecord, redact: Callable[[str], str], *, texts: bool) -> list[Json]:
    """The calls of functions outside of the sandbox, in order."""
    called = (tool for step in run.steps.values() for tool in step.tools)
    return [_tool(tool, redact, texts=texts) for tool in called]


def _tool(tool: ToolCalled, redact: Callable[[str], str], *, texts: bool) -> Json:
    said: dict[str, Json] = {
        "arguments": redact(tool.arguments)[:LONGEST],
        "error": redact(tool.error)[:LONGEST],
    }
    size, seconds = tool.size, tool.seconds
    about: dict[str, Json] = {"call": str(tool.call), "tool": tool.tool, "size": size}
    return {**about, "seconds": seconds, "failed": bool(tool.error), **(said if texts else {})}
