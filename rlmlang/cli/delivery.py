"""A result on its way out: in which form, and whether it is written while the run goes."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang import plugins
from rlmlang.cli.target import STDOUT, Target
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.plain_values import jsonable
from rlmlang.report.formats.format import Format, Shape, encoded
from rlmlang.report.formats.table import chosen, refuse

if TYPE_CHECKING:
    from rlmlang.context import Datum
    from rlmlang.execute.streamed import Sink
    from rlmlang.ir.types import Type
    from rlmlang.plan.plan import Plan

AT_ONCE = 1 << 16  # bytes
SOON = 0.5  # seconds


def form_of(name: str, out: str | None) -> Format:
    """The format that is asked for. Raises CodedError (unknown-format)."""
    return chosen(name, None if out == "-" else out, plugins.find)


class Delivery:
    """A result of a type, in a format, to a place that is tried at once.

    Raises CodedError (format-unfit, extra-missing, file-unwritable)."""

    def __init__(self, form: Format, type_: Type, name: str, out: str | None) -> None:
        self.form, self.shape = form, Shape(type_, name)
        refuse(form, self.shape)
        if form.binary and out in STDOUT and sys.stdout.isatty():
            raise failed(
                "format-unfit",
                f"{form.name} is no text that a terminal shows",
                hint=f"--out {name}{form.endings[0]}",
            )
        self.target = Target(out, binary=form.binary)
        self.sink: Sink | None = None
        self._foot = b""
        self._waiting = bytearray()
        self._written = time.monotonic()

    def streaming(self, plan: Plan) -> Sink | None:
        """Who takes the items while the run goes; None where the result or its format is whole."""
        from rlmlang.execute.streamed import Sink, streamed

        if self.form.begin is None or not self.shape.type.is_list or not streamed(plan):
            return None
        head, line, self._foot = self.form.begin(self.shape)
        self._put(head)

        def take(item: Datum) -> None:
            try:
                self._put(line(jsonable(item)))
            except BrokenPipeError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                words = "nobody reads standard output any more"
                raise failed("file-unwritable", words, hint="the same command goes on") from None

        self.sink = Sink(take)
        return self.sink

    def _put(self, lines: bytes) -> None:
        """Writes soon, whole lines at a time: a run that is killed leaves no half of one."""
        self._waiting += lines
        now = time.monotonic()
        if len(self._waiting) >= AT_ONCE or now - self._written >= SOON:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self.target.write(bytes(self._waiting))
            self._waiting.clear()
        self._written = time.monotonic()

    def finish(self, result: Datum, run: str, *, kept: bool) -> None:
        """Writes what is left of the result. Raises CodedError (file-unwritable) that says how the
        answer can be had all the same."""
        try:
            if self.sink is None:
                for chunk in self.form.chunks(self.shape, self.shape.items(jsonable(result))):
                    self._put(chunk)
            self._put(self._foot)
            self._flush()
            self.target.keep()
        except CodedError as mistake:
            self.target.drop()
            found = mistake.diagnostic
            if found.code == "file-unwritable":
                mistake.diagnostic = replace(found, hint=self._otherwise(run, kept=kept))
            raise

    def _otherwise(self, run: str, *, kept: bool) -> str:
        if not kept:
            return "write it elsewhere; without --no-store nothing is paid again"
        if self.sink is not None and not self.sink.whole:
            return "the same command with another --out writes it, and pays nothing again"
        return f"the answer is kept: rlm show {run} --answer --out ELSEWHERE"

    def tell(self, text: str) -> None:
        """Writes something else in its place. Raises CodedError (file-unwritable)."""
        self.target.write(encoded(text))
        self.target.keep()

    def stop(self) -> str:
        """Ends it without a result; says what there is of one."""
        if self.sink is None or not self.sink.count:
            self.target.drop()
            return ""
        part: Path | None = None
        try:
            self._flush()
        finally:
            part = self.target.leave()
        so_far = f"{self.sink.count:,} items so far"
        return f"{so_far} in {part}; the same command writes all" if part is not None else ""
