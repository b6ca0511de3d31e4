"""What draws in a terminal: tables, trees and bars, whose text steers nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rlmlang.cli.width import columns
from rlmlang.unicode import visible


class VisibleConsole(Console):
    """Draws what others wrote as text: only its own segments steer."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of something to be drawn."""
        for segment in super().render(renderable, options):
            steers = segment.control is not None or not self.is_terminal
            yield segment if steers else Segment(visible(segment.text), segment.style)


def console(
    name: Literal["stdout", "stderr"], *, soft_wrap: bool = False, width: int | None = None
) -> Console:
    """A console for one of the two streams: as wide as the terminal, or as COLUMNS says. Where
    nobody looks it is as wide as asked for, and with `soft_wrap` breaks no line."""
    known = columns(name)
    soft_wrap = soft_wrap and known is None
    stream = getattr(sys, name)
    file = getattr(stream, "direct", stream)
    return VisibleConsole(file=file, highlight=False, soft_wrap=soft_wrap, width=known or width)
