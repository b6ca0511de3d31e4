"""The contracts: what `rlm check` and `rlm plan` must know. Nothing here reads a file."""

from __future__ import annotations

from rlmlang.schema.partitions import Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, packed, small_piece
from rlmlang.schema.sandboxes import Tier
from rlmlang.schema.searches import TOP, Search, window
from rlmlang.schema.sources import SourceKind

SENTENCES = Strategy(
    name="sentences",
    doc="Whole sentences, packed up to the cap.",
    of=("text",),
    arguments=(MAX, SLACK),
    runner="rlmlang_sample.sentences:Sentences",
    cap=by_max,
    pieces=packed,
    refuse=small_piece,
)

TORN = Strategy(
    name="torn",
    doc="Breaks its promise: the whole text is one piece, whatever the cap.",
    of=("text",),
    arguments=(MAX,),
    runner="rlmlang_sample.sentences:Torn",
    cap=by_max,
    pieces=packed,
)

INI = SourceKind(
    name="ini",
    gives="rows",
    doc="the values of a configuration file: section, key, value",
    runner="rlmlang_sample.ini:opened",
)

LITERAL = Search(
    name="literal",
    doc="The windows that hold the query as it is written, in order.",
    arguments=(TOP, window(100)),
    runner="rlmlang_sample.literal:Literal",
)

GUARDED = Tier(
    name="guarded",
    what="the interpreter of a Python subset, with less memory",
    where="any",
    isolation="that of `monty`",
    missing="Not in this Python: files, network, processes.",
    pool="rlmlang_sample.guarded:GuardedWorkers",
    whole=False,
)
