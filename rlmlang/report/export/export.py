"""What a format is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rlmlang.trajectory.events import Event
from rlmlang.value import Frozen, value


@value
class Export(Frozen):
    """A format by its name. `write` gives lines, each with its line break, as events are read; a
    `binary` format gives bytes, in pieces of any size. `opens` says what reads it, `lacks` what of
    a run it cannot hold. What was asked and answered is in it if `texts` is true, or if it is
    wanted; a format with None has no place for it. `messages` are the bodies of requests to a
    collector, where such take the format. `installs` is the extra that has the module it
    `needs`."""

    name: str
    doc: str
    write: Callable[[Iterable[Event]], Iterator[str] | Iterator[bytes]]
    opens: str = ""
    lacks: str = ""
    texts: bool | None = True
    messages: Callable[[Iterable[Event]], Iterator[bytes]] | None = None
    installs: str = ""
    needs: str = ""
    binary: bool = False
