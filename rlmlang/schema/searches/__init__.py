"""The searches: ways to look something up without a model, and their arguments, one file each."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.schema.partitions import Argument, Arguments
from rlmlang.schema.partitions.rules import whole
from rlmlang.schema.registry import Registry
from rlmlang.value import Frozen, value

TOP = Argument("top", "count", 20, doc="how many windows", least=1)


def window(usual: int) -> Argument:
    """The size of what is found in a text; of a list, items are found whole."""
    return Argument("window", "size", usual, doc="the size of a window", least=1)


def _top(a: Arguments) -> int:
    return whole(a, "top")


def _window(a: Arguments) -> int:
    return whole(a, "window")


@value
class Search(Frozen):
    """A way to look something up, as data. `runner` names, as `module:class`, what is made of the
    arguments and looks up (`protocols.Search`). A `verbatim` one takes its query as it is written.
    `most` is how many it finds at most, `size` the
    most tok of a find in a text."""

    name: str
    doc: str
    arguments: tuple[Argument, ...]
    runner: str
    verbatim: bool = False
    most: Callable[[Arguments], int] = _top
    size: Callable[[Arguments], int] = _window


SEARCHES = Registry("rlmlang.searches", Search, __name__, "bm25 regex")
