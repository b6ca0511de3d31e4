"""Where the answers of a batch go: a file for each item, and one table for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.cli.delivery import Delivery, form_of
from rlmlang.cli.target import Target
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.types import TEXT, Field, RecordType, list_of
from rlmlang.report.formats.format import Format, Shape
from rlmlang.report.formats.table import refuse

if TYPE_CHECKING:
    from rlmlang.batch.history import History
    from rlmlang.batch.items import Item
    from rlmlang.batch.result import Ended
    from rlmlang.ir.types import Type
    from rlmlang.value import Json

ITEM, PROBLEM = "item", "problem"


class Answers:
    """The file of each item, written whole or not at all; one that is there and was not answered
    anew stays as it is. Paths begin at `folder`.

    Raises CodedError (unknown-format, format-unfit) at once."""

    def __init__(self, first: Item, result: Type, recipe: str, folder: str) -> None:
        self.result, self.recipe, self.folder = result, recipe, Path(folder)
        if first.output:
            refuse(form_of("", first.output), Shape(result, recipe))

    def take(self, ended: Ended) -> None:
        """An item that has ended. Raises CodedError (file-unwritable)."""
        path = self.folder / ended.item.output
        answered = ended.state == "done" or (ended.state == "kept" and not path.exists())
        if not (ended.item.output and answered):
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as mistake:
            words = f"{path.parent} cannot be made: {mistake.strerror}"
            raise failed("file-unwritable", words, hint="name another place") from None
        delivery = Delivery(form_of("", str(path)), self.result, self.recipe, str(path))
        delivery.finish(ended.result, ended.run, kept=True)


class AnswerTable:
    """All answers in one file, or on standard output: of each item a row, of a result that is a
    list a row for each of its items; `problem` has the code of an item without an answer.

    Raises CodedError (unknown-format, format-unfit, file-unwritable) at once."""

    def __init__(self, out: str, result: Type, recipe: str) -> None:
        self.shape = Shape(result, recipe)
        self.form: Format = form_of("jsonl" if out == "-" else "", out)
        named = (ITEM, PROBLEM)
        self.names = tuple(f"batch_{n}" if n in self.shape.columns else n for n in named)
        fields = [Field(self.names[0], TEXT)]
        fields += [Field(n, replace(t, optional=True)) for n, t in self.shape.columns.items()]
        fields.append(Field(self.names[1], TEXT.maybe()))
        self.rows = Shape(list_of(RecordType(tuple(fields), "Answer")), recipe)
        refuse(self.form, self.rows)
        self.target = Target(out, binary=self.form.binary)

    def write(self, found: Iterator[tuple[str, Json, str]]) -> None:
        """Items by name, result and code, all of them. Raises CodedError (file-unwritable)."""
        rows = (row for name, result, code in found for row in self._rows(name, result, code))
        try:
            if self.form.begin is not None:
                head, line, foot = self.form.begin(self.rows)
                for part in (head, *map(line, rows), foot):
                    self.target.write(part)
            elif self.form.write is not None:
                self.target.write(self.form.write(self.rows, list(rows)))
            self.target.keep()
        finally:
            self.target.drop()

    def _rows(self, name: str, result: Json, code: str) -> Iterator[Json]:
        if code:
            yield {self.names[0]: name, self.names[1]: code}
            return
        for found in self.shape.items(result):
            yield {self.names[0]: name, **self.shape.row(found), self.names[1]: None}


def rows_of(items: Iterator[Item], history: History) -> Iterator[tuple[str, Json, str]]:
    """What the store has of each item: its answer, or the code of why there is none."""
    for item in items:
        earlier = history.of(item.name)
        if earlier is None:
            yield item.name, None, "not-started"
        elif earlier.finished:
            yield item.name, history.answer(earlier), ""
        else:
            yield item.name, None, history.problem(earlier)[0] or earlier.state
