"""A batch carried out at a terminal: its price, its progress, its answers, what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from rich.text import Text

from rlmlang.batch.history import History
from rlmlang.batch.items import folder_of, items_of, survey
from rlmlang.batch.price import Price, price_of
from rlmlang.batch.result import Ended, Totals
from rlmlang.batch.round import known_as
from rlmlang.batch.run import run_batch
from rlmlang.batch.way import Way, Wish
from rlmlang.cli.batch_answers import Answers, AnswerTable, rows_of
from rlmlang.cli.batch_bar import BatchBar
from rlmlang.cli.console import console
from rlmlang.cli.edge import exit_code_of, say
from rlmlang.cli.places import seen_with
from rlmlang.cli.width import PRINTED, broken, columns
from rlmlang.diagnostics.render import as_json
from rlmlang.report.batch import charged, counted, extremes, price_line, price_view, title_line
from rlmlang.runtime.prepare import prepare
from rlmlang.schema.exits import BUDGET, FAILED
from rlmlang.stores.address import Server
from rlmlang.stores.queue.tables import Listing

if TYPE_CHECKING:
    from rlmlang.budget import Usage
    from rlmlang.cli.batch_asked import Asked
    from rlmlang.ir.bounds import Cost
    from rlmlang.ir.suite import Batch
    from rlmlang.runtime.prepared import Options
    from rlmlang.value import Json

PRICED = 1_000
"""Items whose price is told before a batch begins; `--plan` takes them all."""
STDOUT = "-"
SLOW = 1.0  # seconds of an item that are worth a word


class Task:
    """One batch, its items surveyed. Raises CodedError for items that cannot be gone over."""

    def __init__(
        self,
        batch: Batch,
        options: Options,
        wish: Wish,
        asked: Asked,
        *,
        lease: float,
        as_values: bool,
        quiet: bool,
    ) -> None:
        found = self.found = survey(batch)
        way = Way.of(batch, options, found.count, wish)
        batched = options.engine == "batch"  # calls wait for this process
        shared = isinstance(options.store, Server) and not (wish.dry or batched)
        listing = Listing(found.count, found.listing, asked.told()) if shared else None
        self.batch, self.way = batch, replace(way, shared=listing, lease=lease)
        self.as_values, self.quiet, self.priced = as_values, quiet, True
        if not quiet:
            for path, reason in found.left_out[:PRICED]:
                click.echo(f"{path} is left out: {reason}", err=True)

    # ── the price ────────────────────────────────────────────────────────────

    def plan(self) -> None:
        """Shows what all items may take. Exits 75 where even the best case does not fit, 1 where an
        item cannot be run."""
        with BatchBar("pricing", self.found.count, self.batch.budget, quiet=self.quiet) as bar:
            price = price_of(self.batch, self.way, self.found.count, step=bar.step)
        if self.as_values:
            click.echo(json.dumps(_values(self.batch, price), indent=2, ensure_ascii=False))
        else:
            dearest = [(name, calls, usd) for usd, calls, name in price.dearest if usd]
            view = price_view(self._title(price), price.totals, price.verdict, dearest)
            console("stdout", width=PRINTED).print(view)
        self._unfit(price)
        if price.verdict.word == "cannot fit":
            raise click.exceptions.Exit(BUDGET)
        if price.unfit:
            raise click.exceptions.Exit(FAILED)

    def _title(self, price: Price) -> Text:
        return title_line(self.batch.name, self.batch.recipe, price.items, price.of, price.distinct)

    def _unfit(self, price: Price) -> None:
        for name, problem in price.unfit:
            click.echo(f"item {name}:", err=True)
            say((problem,))
        if more := price.unfit_count - len(price.unfit):
            click.echo(f"and {more:,} items more that cannot be run", err=True)

    # ── the run ──────────────────────────────────────────────────────────────

    def carry_out(self) -> None:
        """Runs it; its exit code is that of what ended it."""
        if not self.quiet:
            price = price_of(self.batch, self.way, self.found.count, PRICED)
            console("stderr", soft_wrap=True).print(
                price_line(self._title(price), price.totals, price.verdict)
            )
        options = replace(self.way.options, recipe=self.batch.recipe)
        ready = prepare(self.batch.path, options, need_all=False)
        recipe = ready.recipe
        self.priced = all(b.price is not None for b in ready.binding.models.values())
        answers = Answers(
            next(items_of(self.batch)), recipe.result, recipe.name, folder_of(self.batch)
        )
        out = self._out()
        table = AnswerTable(out, recipe.result, recipe.name) if out else None
        told: list[Ended] = []
        with BatchBar(
            self.batch.name, self.found.count, self.batch.budget, quiet=self.quiet
        ) as bar:

            def take(ended: Ended) -> None:
                bar.take(ended)
                answers.take(ended)
                if self._is_told(ended):
                    bare = replace(ended.item, values={}, sources={})
                    told.append(replace(ended, item=bare, result=None))

            totals = run_batch(
                self.batch,
                self.way,
                take,
                bar.heard,
                notice=bar.notice,
                begun=bar.begun,
                signals=True,
            )
        self._tell(totals, told, table)
        if totals.problem is not None and not self.way.dry:
            raise click.exceptions.Exit(exit_code_of(totals.problem))

    def _is_told(self, ended: Ended) -> bool:
        """Whether an item is told of at the end; nothing else of it is held until then."""
        if self.way.dry:
            return ended.state == "not started"
        return self.as_values and ended.state in ("failed", "stopped")

    def _out(self) -> str:
        """Where the table goes; standard output where answers would go nowhere."""
        if self.way.dry:
            return ""
        return self.batch.table or ("" if self.batch.output or self.as_values else STDOUT)

    def _tell(self, totals: Totals, told: list[Ended], table: AnswerTable | None) -> None:
        if self.way.dry:
            self._dry(told)
            return
        if table is not None:
            with History(self.way.options, known_as(self.batch, self.way.options)) as history:
                table.write(rows_of(items_of(self.batch), history))
        if self.as_values:
            shown = _summary(totals, told, priced=self.priced)
            click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        if not self.quiet:
            wide = columns("stderr")
            for line in self._lines(totals):
                click.echo("\n".join(broken(line, wide)), err=True)

    def _lines(self, totals: Totals) -> Iterator[str]:
        """What came of it, in a few lines."""
        used, limits = totals.usage, self.batch.budget
        yield f"batch {totals.name}: {counted(totals.counts())}"
        reused = f", {totals.reused:,} answers used again" if totals.reused else ""
        usd = f"${float(used.usd):,.4f}" if self.priced else "price unknown"
        yield (
            f"  {used.calls:,} calls, {used.tokens_in:,} tok in, {used.tokens_out:,} out, "
            f"{usd}, {totals.seconds:,.1f} s{reused}"
        )
        if totals.before.calls:
            both = charged(totals.before + used, limits, priced=self.priced)
            yield f"  with earlier times: {both}"
        slow = extremes("slowest", [x for x in totals.slowest if x[0] >= SLOW], "{:,.1f} s")
        dear = extremes("dearest", totals.dearest, "${:,.4f}")
        if told := "; ".join(x for x in (slow, dear) if x):
            yield f"  {told}"
        if totals.codes:
            yield "  " + ", ".join(f"{n:,} {code}" for code, n in totals.codes.most_common())
        if seen := seen_with(self.way.options.store):
            yield f"  run {totals.round}: {seen}"

    def _dry(self, told: list[Ended]) -> None:
        """Says which items would be run, and why."""
        told.sort(key=lambda e: e.item.number)
        rows = [(e.item.name, _why(e)) for e in told]
        if self.as_values:
            values = [{"item": name, "why": why} for name, why in rows]
            click.echo(json.dumps(values, indent=2, ensure_ascii=False))
            return
        for name, why in rows:
            click.echo(f"{name}  {why}")
        click.echo(f"{len(rows):,} of {self.found.count:,} items would be run", err=True)


def _why(ended: Ended) -> str:
    """Why an item is run."""
    return f"changed: {', '.join(ended.why)}" if ended.why else "no answer yet"


def _summary(totals: Totals, told: list[Ended], *, priced: bool) -> dict[str, object]:
    """The same as JSON values, with the items that failed."""
    return {
        "batch": totals.name,
        "round": totals.round,
        "items": dict(totals.counts()),
        "codes": dict(totals.codes),
        "usage": _usage(totals.usage, priced),
        "before": _usage(totals.before, priced),
        "reused": totals.reused,
        "seconds": round(totals.seconds, 3),
        "slowest": [[name, seconds] for seconds, name in totals.slowest],
        "dearest": [[name, usd] for usd, name in totals.dearest],
        "failed": [
            {"item": e.item.name, "state": e.state, "run": e.run, "problem": as_json(e.problem)}
            for e in told
            if e.problem is not None
        ],
        "problem": as_json(totals.problem.diagnostic) if totals.problem else None,
    }


def _usage(usage: Usage, priced: bool) -> dict[str, Json]:
    return {**vars(usage), "usd": float(usage.usd) if priced else None}


def _values(batch: Batch, price: Price) -> dict[str, Json]:
    """A price as JSON values."""
    cases = {c: _case(getattr(price.totals, c)) for c in ("best", "expected", "worst")}
    return {
        "batch": batch.name,
        "recipe": batch.recipe,
        "items": price.items,
        "distinct": price.distinct,
        **cases,
        "verdict": price.verdict.word,
        "limits": [
            {"limit": x.limit, "most": x.most, "worst": x.worst, "verdict": x.word}
            for x in price.verdict.lines
        ],
        "dearest": [
            {"item": name, "calls": calls, "usd": usd} for usd, calls, name in price.dearest
        ],
        "unfit": price.unfit_count,
    }


def _case(cost: Cost) -> dict[str, Json]:
    usd = cost.usd.exact() if cost.usd is not None else None
    return {
        "calls": cost.calls.value(),
        "tokens_in": cost.tokens_in.value(),
        "tokens_out": cost.tokens_out.value(),
        "usd": float(usd) if usd is not None else None,
    }
