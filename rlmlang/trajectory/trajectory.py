"""A run's trajectory as a program has it: typed parts, folded from events when they are asked for.

What calls said and answered stays in the store until somebody reads it, so a trajectory of a
hundred thousand calls is light.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Protocol

from rlmlang.budget import Usage
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.trajectory.calls import RunRecord, fold
from rlmlang.trajectory.drawn import COLUMNS, amounts, lines_of, row_of
from rlmlang.trajectory.events import CallFailed, CallFinished, Event, RunStarted
from rlmlang.trajectory.folding import parts_of
from rlmlang.trajectory.parts import Call, Cell, Part, Session, Step
from rlmlang.value import Json


class Record(Protocol):
    """Where a run is kept."""

    def events(self, *, texts: bool) -> Iterator[Event]:
        """What happened, in order; requests and answers are empty without `texts`."""

    def texts(self, row: int) -> tuple[str, str]:
        """The request and the answer that a row keeps."""


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """All that happened in a run, read anew from where it is kept. It is iterated in order of time,
    and `trajectory["notes[3]"]` is the part of that id; a step may be named without its recipe.

    Raises CodedError for what can no longer be read."""

    run: str
    record: Record

    def events(self) -> Iterator[Event]:
        """The events themselves, with all texts, one at a time."""
        return self.record.events(texts=True)

    def __iter__(self) -> Iterator[Part]:
        return iter(sorted(self._parts.values(), key=attrgetter("at")))

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, id: str) -> Part:
        found = self._parts.get(id) or self._parts.get(f"{self.recipe}.{id}")
        if found is None:
            raise KeyError(id)
        return found

    @property
    def started(self) -> RunStarted | None:
        """Its first event: plan, models, inputs, and the run that it was forked from."""
        return self._folded.started

    @property
    def recipe(self) -> str:
        """The recipe's name."""
        return self.started.recipe if self.started is not None else ""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were begun."""
        return tuple(p for p in self if isinstance(p, Step))

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions of models that write code."""
        return tuple(p for p in self if isinstance(p, Session))

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls of models."""
        return tuple(p for p in self if isinstance(p, Call))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The code that models wrote, as it was run."""
        return tuple(p for p in self if isinstance(p, Cell))

    @property
    def children(self) -> tuple[Part, ...]:
        """Its outermost steps."""
        return self.children_of(self.run)

    @property
    def usage(self) -> Usage:
        """What all calls used; what was kept from before cost nothing."""
        return sum((call.usage for call in self.calls), Usage())

    @property
    def cost(self) -> float | None:
        """Its dollars; None where a model has no known price."""
        costs = [call.cost for call in self.calls]
        return None if None in costs else sum(c for c in costs if c is not None)

    @property
    def seconds(self) -> float:
        """From its first event to its last."""
        started, finished = self._folded.started, self._folded.finished
        return finished.at - started.at if started and finished else 0.0

    @property
    def answer(self) -> Json:
        """Its result as JSON values; None as long as it has none."""
        return self._folded.finished.result if self._folded.finished is not None else None

    @property
    def problem(self) -> str:
        """What stopped it; empty where nothing did."""
        finished = self._folded.finished
        return "this run did not come to its end" if finished is None else finished.message

    def tree(self) -> str:
        """The parts as lines, each below what it belongs to."""
        title = f"{self.run}  {amounts(self.usage, self.cost, self.seconds)}"
        return "\n".join(lines_of(title, self.children))

    def to_pandas(self, *, texts: bool = True) -> Any:
        """A pandas data frame with a row for each part, in order of time; without `texts` no
        request or answer is read. Raises CodedError (extra-missing)."""
        try:
            frames = importlib.import_module("pandas")
        except ImportError:
            raise failed(
                "extra-missing", "a data frame needs pandas", hint="pip install pandas"
            ) from None
        return frames.DataFrame([row_of(part, texts=texts) for part in self], columns=COLUMNS)

    def children_of(self, id: str) -> tuple[Part, ...]:
        """The parts whose parent has that id, in order of time."""
        return self._below.get(id, ())

    def texts(self, event: CallFinished | CallFailed) -> tuple[str, str]:
        """What a request said, and its answer."""
        if event.row and not (event.request or event.answer):
            return self.record.texts(event.row)
        return event.request, event.answer

    def __repr__(self) -> str:
        return f"<Trajectory of {self.run}>"

    @cached_property
    def _folded(self) -> RunRecord:
        return fold(self.record.events(texts=False))

    @cached_property
    def _below(self) -> Mapping[str, tuple[Part, ...]]:
        found = defaultdict[str, list[Part]](list)
        for part in self:
            found[part.parent].append(part)
        return {id: tuple(parts) for id, parts in found.items()}

    @cached_property
    def _parts(self) -> Mapping[str, Part]:
        return parts_of(self._folded, self.run, self)
