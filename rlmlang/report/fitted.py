"""Lines that fit the terminal they are drawn on."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

LONGEST = 80


def shortened(words: str, most: int) -> str:
    """Words in so many characters; a mark says that there are more."""
    return words if len(words) <= most else words[: most - 1] + "…"


class Heading:
    """A title with a line behind it, up to the edge."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.words.ljust(min(LONGEST, options.max_width), "─"), style="bold")


class Hanging:
    """A line that is indented by two; what of it does not fit goes on two columns further in."""

    def __init__(self, line: Text) -> None:
        self.line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.no_wrap or self.line.cell_len <= options.max_width:
            yield self.line
            return
        first, *rest = self.line.wrap(console, max(8, options.max_width - 4))
        yield first
        for more in rest:
            yield Text("    ").append_text(more)


class Cut:
    """A line of which the middle is cut where it does not fit, so that its end is seen; `least`
    characters of that are left however narrow it is."""

    def __init__(self, first: Text, middle: Text, last: Text, least: int = 24) -> None:
        self.first, self.middle, self.last, self.least = first, middle, last, least

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - self.first.cell_len - self.last.cell_len
        middle = self.middle.copy()
        middle.truncate(max(self.least, room), overflow="ellipsis")
        yield self.first + middle + self.last
