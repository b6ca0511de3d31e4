"""How wide a terminal is, and plain lines and tables that fit it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

import click

from rlmlang.diagnostics.render import cells

PRINTED = 120  # columns of tables that break lines, where nobody looks
LEAST = 20  # columns that are written to however narrow a terminal is
NAME = 12  # of a column that is cut, the least that is left


def columns(name: Literal["stdout", "stderr"] = "stdout") -> int | None:
    """The columns of what a stream is shown on, or that COLUMNS says; None where nobody looks: what
    is read by a program or kept in a file is never broken."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit() and int(said):
        return max(LEAST, int(said))
    stream = getattr(sys, name)
    try:
        found = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return None
    return max(LEAST, found) if found else None


def show(lines: Iterable[str]) -> None:
    """Writes lines to stdout, each broken where it is wider than the terminal."""
    wide = columns()
    for line in lines:
        for part in line.splitlines() or [""]:
            click.echo("\n".join(broken(part, wide)))


def broken(line: str, wide: int | None) -> list[str]:
    """A line in parts that are no wider, at blanks where there are some; those behind the first
    stand two columns further in."""
    if wide is None or cells(line) <= wide:
        return [line]
    indent = " " * min(len(line) - len(line.lstrip()) + 2, wide // 2)
    found, now = list[str](), ""
    for word in re.findall(r"\s+|\S+", line):
        while cells(now + word) > wide:
            if now.strip():
                found, now = [*found, now.rstrip()], indent
                word = word.lstrip()
                continue
            fits = _fitting(word, wide - cells(now))
            found, now, word = [*found, now + word[:fits]], indent, word[fits:]
        now += word
    return [*found, now.rstrip()] if now.strip() else found


def _fitting(text: str, wide: int) -> int:
    """How many of its first characters fit, at least one."""
    count, taken = 0, 0
    for character in text:
        taken += cells(character)
        if taken > wide:
            break
        count += 1
    return max(1, count)


def shortened(text: str, wide: int) -> str:
    """A text that fits, with … where some of it is left out."""
    return text if cells(text) <= wide else text[: _fitting(text, wide - 1)] + "…"


def table(
    rows: Sequence[Sequence[str]],
    *,
    right: Iterable[int] = (),
    spare: Sequence[int] = (),
    cut: int = 0,
) -> list[str]:
    """Rows in columns, the first row above them. Where they are wider than the terminal, the
    columns `spare` are left out one by one, which a last line says, then the column `cut` is
    shortened."""
    wide, kept = columns(), list(range(len(rows[0])))
    sizes = [max(cells(row[i]) for row in rows) for i in kept]
    for one in spare:
        if wide is not None and sum(sizes[i] + 2 for i in kept) - 2 > wide:
            kept.remove(one)
    over = sum(sizes[i] + 2 for i in kept) - 2 - (wide or sys.maxsize)
    if over > 0:
        sizes[cut] = max(NAME, sizes[cut] - over)
    left = ", ".join(rows[0][i] for i in range(len(rows[0])) if i not in kept)
    lines = ["  ".join(_cell(row[i], sizes[i], i in right) for i in kept) for row in rows]
    return [*map(str.rstrip, lines), *([f"(too narrow for: {left})"] if left else [])]


def _cell(text: str, size: int, right: bool) -> str:
    short = shortened(text, size)
    blank = " " * (size - cells(short))
    return blank + short if right else short + blank
