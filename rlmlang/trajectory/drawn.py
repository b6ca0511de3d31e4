"""A trajectory as lines of text, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlmlang.budget import Usage
from rlmlang.trajectory.parts import Call, Part

LONGEST = 60
COLUMNS = (
    "id", "kind", "parent", "at", "seconds", "calls", "tokens_in", "tokens_out", "usd",
    "model", "attempts", "problem", "prompt", "answer",
)  # fmt: skip


def lines_of(title: str, children: Sequence[Part]) -> Iterator[str]:
    """A line for each part, below that of what it belongs to."""
    yield title
    yield from _below(children, "")


def _below(parts: Sequence[Part], indent: str) -> Iterator[str]:
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        yield f"{indent}{'└─' if last else '├─'} {_line(part)}"
        yield from _below(part.children, indent + ("   " if last else "│  "))


def _line(part: Part) -> str:
    used = amounts(part.usage, part.cost, part.seconds)
    words = _short(part.problem) or (_short(part.answer) if part.kind == "cell" else used)
    return f"{part.kind} {part.id}  {words}".rstrip()


def amounts(usage: Usage, cost: float | None, seconds: float) -> str:
    """What was used, in a few words."""
    usd = "price unknown" if cost is None else f"${cost:,.4f}"
    calls = f"{usage.calls:,} {'call' if usage.calls == 1 else 'calls'}"
    tok = f"{usage.tokens_in:,} tok in, {usage.tokens_out:,} out"
    return f"{calls}, {tok}, {usd}, {seconds:.1f} s"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def row_of(part: Part, *, texts: bool) -> tuple[object, ...]:
    """A part as the values of COLUMNS."""
    used = part.usage
    attempts = part.attempts if isinstance(part, Call) else ()
    amounts = (used.calls, used.tokens_in, used.tokens_out, part.cost)
    model = attempts[-1].model if attempts else ""
    said = (part.prompt, part.answer) if texts else ("", "")
    about = (part.id, part.kind, part.parent, part.at, part.seconds)
    return (*about, *amounts, model, len(attempts), part.problem, *said)
