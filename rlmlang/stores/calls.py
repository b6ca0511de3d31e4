"""The rows of calls: what is written before a request is sent, and what when it came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Any

from rlmlang.budget import PICO, Usage
from rlmlang.ir.calls import CallId
from rlmlang.leases import Amounts
from rlmlang.protocols import Sending, Settled, StoredAnswer
from rlmlang.stores import rows, schema
from rlmlang.stores.connection import Cell, Row
from rlmlang.stores.rows import Batch
from rlmlang.stores.schema import ANSWERED, FAILED, RESERVED
from rlmlang.trajectory.events import NOT_TAKEN

FIND = """SELECT c.*, v.id FROM call c LEFT JOIN verdict v ON v.id = c.id
WHERE c.key = ? AND c.state < 2 AND c.state = 1 AND c.finish IS NOT NULL AND c.id >= ?
ORDER BY c.id DESC LIMIT 4"""
ELSEWHERE = """SELECT id FROM call
WHERE key = ? AND state < 2 AND state = 0 AND id NOT BETWEEN ? AND ?"""


@dataclass(kw_only=True, slots=True)
class CallRow:
    """The columns of a call, in their order. `settings` and `system` are numbers of shared texts,
    dollars are millionths of a millionth, `origin` is the call whose answer was used again."""

    id: int
    key: bytes
    state: int
    step: str
    item: str
    prompt: str
    attempt: int
    settings: int | None
    system: int | None
    asked: bytes | None
    worst_in: int
    worst_out: int
    worst_usd: int | None
    used_in: int | None = None
    used_out: int | None = None
    used_usd: int | None = None
    started: float
    seconds: float | None = None
    answer: bytes | None = None
    code: str | None = None
    reason: str | None = None
    ranges: str | None
    origin: int | None = None
    finish: str | None = None

    @property
    def call(self) -> CallId:
        """Which call of its run it is."""
        return CallId.parse(self.step, self.item, self.attempt)

    @property
    def charged(self) -> Amounts:
        """What it takes of a budget: its worst case until it is known what it used."""
        into = self.worst_in if self.used_in is None else self.used_in
        out = self.worst_out if self.used_out is None else self.used_out
        usd = self.worst_usd if self.used_usd is None else self.used_usd
        return Amounts(int(self.code != NOT_TAKEN), into + out, usd or 0)

    def values(self) -> list[Cell]:
        """What is written."""
        return list(VALUES(self))


COLUMNS = schema.TABLES["call"]
VALUES = attrgetter(*COLUMNS)
WIDE = len(COLUMNS) + 1  # with the seal


def row_from(found: Row) -> CallRow:
    """A call from what was read, and held."""
    columns: dict[str, Any] = dict(zip(COLUMNS, found, strict=False))
    return CallRow(**columns)


def kept(row: CallRow) -> StoredAnswer:
    """The answer in a row."""
    usage = Usage(1, row.used_in or 0, row.used_out or 0, Fraction(row.used_usd or 0, PICO))
    return StoredAnswer(row.id, unpacked(row.answer), usage, row.call, row.finish or "")


def unpacked(data: bytes | None) -> str:
    """A text that may be missing."""
    return rows.unpack(data) if data else ""


def settle(
    c: Batch, row: CallRow, settled: Settled, redact: Callable[[str], str], lease: int = 0
) -> StoredAnswer | None:
    """Completes a row that was reserved, and charges a lease with what it used.

    An answer that is kept without its secrets is not the one that was given: it is kept without its
    ending, so that no other run uses it, and given back as it was for this one.
    """
    used, answer, before = settled.usage, redact(settled.answer), row.charged
    row.state = FAILED if settled.code else ANSWERED
    row.used_in, row.used_out = used.tokens_in, used.tokens_out
    row.used_usd = None if row.worst_usd is None else used.pico
    row.seconds, row.answer = settled.seconds, rows.pack(answer)
    row.code = settled.code or None
    row.reason = redact(settled.reason) if settled.reason else None
    row.finish = (settled.finish or None) if answer == settled.answer else None
    c.put("call", row.values())
    c.charge(lease, *row.charged.minus(before))
    if answer == settled.answer or settled.code:
        return None
    return StoredAnswer(row.id, settled.answer, used, row.call, settled.finish)


class SharedTexts:
    """Texts that many rows share, each kept once."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self.redact = redact
        self._known: dict[str, int] = {}

    def number(self, c: Batch, text: str) -> int | None:
        """The number of a text; none for no text."""
        if not text:
            return None
        known = self._known.get(text)
        if known is None:
            known = self._kept(c, self.redact(text))
            if len(self._known) < 1_000:
                self._known[text] = known
        return known

    def _kept(self, c: Batch, text: str) -> int:
        digest = rows.digest("phrase", [text])
        found = c.execute("SELECT id FROM phrase WHERE hash = ?", (digest,)).fetchone()
        if found:
            return int(found[0])
        number = c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM phrase").fetchone()[0]
        c.put("phrase", [number, digest, rows.pack(text)])
        c.flush()  # the next number is found by looking
        return int(number)


def row_of(
    c: Batch,
    number: int,
    state: int,
    sent: Sending,
    started: float,
    texts: SharedTexts,
    origin: int | None = None,
) -> CallRow:
    """The row of a call that has not come back. One that waits to be put into a batch was not sent:
    nothing of it counts until `stores/batches.py` has it in one."""
    call, worst = sent.call, sent.worst
    nothing: dict[str, Any] = {"code": NOT_TAKEN, "used_in": 0, "used_out": 0, "used_usd": 0}
    return CallRow(
        id=number,
        key=sent.key,
        state=state,
        step=call.step,
        item=texts.redact(str(call)),
        prompt=sent.prompt,
        attempt=call.attempt,
        settings=texts.number(c, sent.settings),
        system=texts.number(c, sent.system),
        started=started,
        origin=origin,
        asked=rows.pack(texts.redact(sent.asked)) if sent.asked else None,
        worst_in=worst.tokens_in,
        worst_out=worst.tokens_out,
        worst_usd=worst.pico if sent.priced else None,
        ranges=texts.redact(sent.ranges) or None,
        **(nothing if sent.batched and state == RESERVED else {}),
    )
