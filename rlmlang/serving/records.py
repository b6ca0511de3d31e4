"""Kept runs of the recipes that are served, as agents may look at them, and the texts of links."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TypeVar
from urllib.parse import unquote

from rich.console import Console, RenderableType

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.report.calls import known_nodes, node_view, run_view
from rlmlang.report.text import as_text
from rlmlang.report.wanted_calls import WantedCalls, wanted_view
from rlmlang.runtime.answers import kept_answer
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.stored import own_only_of, reader_for
from rlmlang.serving.offers import Offer, Reply
from rlmlang.serving.recipes import ServedRecipe
from rlmlang.serving.results import ANSWER, SCHEME
from rlmlang.serving.schemas import Schema
from rlmlang.stores.databases import database_of
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RunRow
from rlmlang.trajectory.calls import fold
from rlmlang.value import Json

Shown = TypeVar("Shown")
WIDE, SCREEN, PAGE = 100, 12_000, 200_000  # columns; characters of a reply, and behind a link
LISTED, MOST = 20, 200  # runs
TEXT: Schema = {"type": "string"}
CHOICES = ("failed", "repaired", "nonempty")
OFFERS = (
    Offer(
        "runs",
        "The last runs of these recipes: how they ended and what they cost. A run that is parked, "
        "failed or killed is gone on with by the same call. Costs nothing.",
        {
            "type": "object",
            "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": MOST}},
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"runs": {"type": "array", "items": {"type": "object"}}},
        },
        free=True,
    ),
    Offer(
        "show",
        "What happened in a run: its calls with outcome, cost and time, and its answer; with "
        "`node` (a step, a call such as notes[3], a range such as notes[3..10]) what models were "
        "shown and said. Costs nothing.",
        {
            "type": "object",
            "properties": {
                "run": {**TEXT, "description": "The name of a run; the last one without it."},
                "node": TEXT,
                **{name: {"type": "boolean"} for name in CHOICES},
            },
            "additionalProperties": False,
        },
        {"type": "object", "properties": {"run": TEXT, "state": TEXT}},
        free=True,
    ),
)
TOOLS = tuple(offer.name for offer in OFFERS)
KNOWN = {"runs": ("limit",), "show": ("run", "node", *CHOICES)}


class Records:
    """The runs that the stores of some recipes keep of them; runs of others are not seen."""

    def __init__(self, recipes: Sequence[ServedRecipe]) -> None:
        self._files = {os.path.realpath(one.source.path) for one in recipes}
        self._stores: dict[str, Options] = {str(one.options.store): one.options for one in recipes}

    def call(self, tool: str, arguments: Mapping[str, Json]) -> Reply:
        """What `runs` or `show` gives. Raises CodedError."""
        known = KNOWN[tool]
        for name in arguments:
            if name not in known:
                words = f"`{tool}` takes no `{name}`"[:200]
                raise failed("unknown-input", words, hint=did_you_mean(name, known))
        return self._listed(arguments) if tool == "runs" else self._shown(arguments)

    def read(self, uri: str) -> str:
        """The text behind a link. Raises CodedError (unknown-run, unknown-node, no-answer)."""
        scheme, _, rest = uri.partition("://")
        parts = [unquote(part) for part in rest.split("/")]
        if scheme != SCHEME or len(parts) != 3 or parts[0] != "run":
            words = f"{uri[:200]} is no link of this server"
            raise failed("unknown-run", words, hint=f"{SCHEME}://run/NAME/CALL")
        look = _answer if parts[2] == ANSWER else partial(_whole, node=parts[2])
        return self._at(parts[1], look)

    def _listed(self, arguments: Mapping[str, Json]) -> Reply:
        limit = arguments.get("limit", LISTED)
        if not isinstance(limit, int) or not 1 <= limit <= MOST:
            raise failed("wrong-input", "`limit` is no number of runs", hint=f"1 to {MOST}")
        rows = sorted((x for reader in self._readers() for x in self._rows(reader)), key=_began)
        found: list[Json] = [values for _, values in rows[-limit:]]
        lines = [
            f"{x['run']}  {x['state']}  {x['calls']} calls  ${x['usd']:.4f}"
            for _, x in rows[-limit:]
        ]
        return Reply("\n".join(lines) or "no run is kept", {"runs": found})

    def _rows(self, reader: StoreReader) -> Iterator[tuple[float, dict[str, Json]]]:
        with closing(reader):
            for row in filter(self._ours, reader.runs()):
                calls, answers, usd = reader.totals(row)
                values: dict[str, Json] = {
                    "run": row.name,
                    "recipe": row.recipe,
                    "state": reader.state(row),
                    "calls": calls,
                    "answers": answers,
                    "usd": round(usd, 6),
                }
                yield row.started, values

    def _shown(self, arguments: Mapping[str, Json]) -> Reply:
        run, node = (_text(arguments, name) for name in ("run", "node"))
        failed_, repaired, nonempty = (arguments.get(name) is True for name in CHOICES)
        wanted = WantedCalls(failed=failed_, repaired=repaired, nonempty=nonempty)

        def shown(reader: StoreReader, row: RunRow) -> Reply:
            text = _node(reader, row, node, wanted)
            return Reply(_screen(text), {"run": row.name, "state": reader.state(row)})

        return self._at(run, shown)

    def _at(self, name: str, look: Callable[[StoreReader, RunRow], Shown]) -> Shown:
        """What is seen of a run of these recipes. Raises CodedError (unknown-run)."""
        found: list[tuple[RunRow, StoreReader]] = []
        readers = self._readers()
        try:
            for reader in readers:
                ours = filter(self._ours, reader.runs())
                found += [(row, reader) for row in ours if name in ("", "last", row.name)]
            if not found:
                words = f"no run of these recipes is called {name[:100]}"
                raise failed("unknown-run", words, hint="the tool `runs` lists them")
            row, reader = max(found, key=lambda pair: (pair[0].started, pair[0].id))
            return look(reader, row)
        finally:
            for reader in readers:
                reader.close()

    def _readers(self) -> list[StoreReader]:
        """The stores that there are. Raises CodedError (store-untrusted and others)."""
        return [
            reader_for(options.store, own_only=own_only_of(options))
            for options in self._stores.values()
            if options.store is not None and database_of(options.store).exists()
        ]

    def _ours(self, row: RunRow) -> bool:
        return os.path.realpath(row.path) in self._files


def _began(row: tuple[float, object]) -> float:
    return row[0]


def _text(arguments: Mapping[str, Json], name: str) -> str:
    found = arguments.get(name, "")
    if not isinstance(found, str):
        raise failed("wrong-input", f"`{name}` is no text", hint="notes[3], for example")
    return found


def _node(reader: StoreReader, row: RunRow, node: str, wanted: WantedCalls) -> str:
    """A run, or one of its nodes, as text. Raises CodedError (unknown-node)."""
    record = fold(reader.events(row))
    view: RenderableType | None = node_view(record, node, wanted) if node else None
    if node and view is None:
        hint = did_you_mean(node, known_nodes(record))
        raise failed("unknown-node", f"the run has no calls in `{node[:100]}`", hint=hint)
    if view is None:
        view = run_view(record) if wanted.all else wanted_view(record, wanted)
    text = io.StringIO()
    Console(file=text, width=WIDE, highlight=False).print(view)
    return text.getvalue()


def _answer(reader: StoreReader, row: RunRow) -> str:
    return as_text(kept_answer(reader, row.name).result)


def _whole(reader: StoreReader, row: RunRow, node: str) -> str:
    return _node(reader, row, node, WantedCalls())[:PAGE]


def _screen(text: str) -> str:
    """As much as a reply may have; says how the rest is seen."""
    if len(text) <= SCREEN:
        return text
    return f"{text[:SCREEN]}\n… {len(text) - SCREEN:,} more characters: name a call with `node`"
