"""How a run ends in a notebook: its answer, the evidence of it, the receipt; and how far it is.

Whatever a model or a source wrote is text: it is escaped. Colours are those of the page, so that it
can be read in light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rlmlang.report.evidence import MOST
from rlmlang.report.text import as_text
from rlmlang.value import Json

ROWS, LONGEST = 50, 2_000
QUIET = "opacity:.75"
STOPPED = "white-space:pre-wrap;border-left:3px solid #c33;padding-left:.7em"
CELL = "text-align:left;white-space:pre-wrap;vertical-align:top"


def page(
    answer: Json, problem: str, evidence: Sequence[tuple[str, str]], receipt: Sequence[str]
) -> str:
    """HTML that stands by itself. A `problem` stands in the place of the answer; `receipt` are its
    lines."""
    shown = _problem(problem) if problem else _answer(answer)
    lines = escape("\n".join(receipt))
    return (
        f"<div>{shown}{_evidence(evidence)}"
        f'<pre style="{QUIET};white-space:pre-wrap;margin:.5em 0">{lines}</pre></div>'
    )


def bar(title: str, share: tuple[int, int] | None, words: str) -> str:
    """How far a run is: what of how many calls, 0 where nobody knows; no bar where it has ended."""
    done, of = share or (0, 0)
    most = f' value="{min(done, of)}" max="{of}"' if of else ""
    drawn = f"<progress{most}></progress> " if share is not None else ""
    return f"<div>{drawn}<b>{escape(title)}</b> {escape(words)}</div>"


def _problem(words: str) -> str:
    return f'<pre style="{STOPPED}">{escape(words)}</pre>'


def _answer(answer: Json) -> str:
    if isinstance(answer, Mapping):
        return _table(("", ""), [(str(name), _text(value)) for name, value in answer.items()])
    if rows := _records(answer):
        columns = tuple(dict.fromkeys(str(name) for row in rows for name in row))
        shown = [tuple(_text(row.get(c)) for c in columns) for row in rows[:ROWS]]
        return _table(columns, shown) + _more(len(rows) - ROWS)
    return f'<div style="white-space:pre-wrap">{escape(_cut(as_text(answer)))}</div>'


def _records(answer: Json) -> list[Mapping[str, Json]]:
    """The rows of an answer that is a list of records, else nothing."""
    if isinstance(answer, str) or not isinstance(answer, Sequence):
        return []
    rows = [row for row in answer if isinstance(row, Mapping)]
    return rows if len(rows) == len(answer) else []


def _evidence(found: Sequence[tuple[str, str]]) -> str:
    if not found:
        return ""
    shown = [(place, _cut(said)) for place, said in found[:MOST]]
    return _table(("evidence", "what was said of it"), shown) + _more(len(found) - MOST)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in columns)
    head = f"<thead><tr>{head}</tr></thead>" if any(columns) else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    return f'<td style="{CELL}">{escape(text)}</td>'


def _more(count: int) -> str:
    return f'<div style="{QUIET}">and {count:,} more</div>' if count > 0 else ""


def _text(value: Json) -> str:
    return "" if value is None else _cut(as_text(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
