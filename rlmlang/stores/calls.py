"""The rows of calls: what is written before a request is sent, and what when it came back."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rlmlang.budget import Usage
from rlmlang.protocols import Kept, Sending, Settled
from rlmlang.stores import rows, schema
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import PICO
from rlmlang.stores.schema import ANSWERED, FAILED

FIND = """SELECT c.*, v.id FROM call c LEFT JOIN verdict v ON v.id = c.id
WHERE c.key = ? AND c.state < 2 AND c.state = 1 AND c.finish IS NOT NULL AND c.id >= ?
ORDER BY c.id DESC LIMIT 4"""
ELSEWHERE = """SELECT id FROM call
WHERE key = ? AND state < 2 AND state = 0 AND id NOT BETWEEN ? AND ?"""
AT = {name: at for at, name in enumerate(schema.TABLES["call"])}


def kept(found: Any) -> Kept | None:
    """An answer from its row; None when it is not what was written."""
    if not rows.intact("call", found[: len(AT) + 1]):
        return None
    usd = Fraction(found[AT["used_usd"]] or 0, PICO)
    usage = Usage(1, found[AT["used_in"]] or 0, found[AT["used_out"]] or 0, usd)
    where = where_of(found[AT["step"]], found[AT["item"]], found[AT["attempt"]])
    return Kept(found[0], rows.unpack(found[AT["answer"]]), usage, where, found[AT["finish"]] or "")


def where_of(step: str, item: str, attempt: int) -> str:
    """Which call of a run it is, whichever request it makes."""
    return f"{step} {item} {attempt}"


def settle(c: Batch, row: list[Any], settled: Settled, redact: Callable[[str], str]) -> Kept | None:
    """Completes a row that was reserved. `row` are its columns as they were written.

    An answer that is kept without its secrets is not the one that was given: it is kept without its
    ending, so that no other run uses it, and given back as it was for this one.
    """
    used, priced = settled.usage, row[AT["worst_usd"]] is not None
    row[AT["state"]] = FAILED if settled.code else ANSWERED
    row[AT["used_in"]], row[AT["used_out"]] = used.tokens_in, used.tokens_out
    row[AT["used_usd"]] = pico(used) if priced else None
    row[AT["seconds"]] = settled.seconds
    answer = redact(settled.answer)
    row[AT["answer"]] = rows.pack(answer)
    row[AT["code"]] = settled.code or None
    row[AT["reason"]] = redact(settled.reason) if settled.reason else None
    row[AT["finish"]] = (settled.finish or None) if answer == settled.answer else None
    c.put("call", row)
    if answer == settled.answer or settled.code:
        return None
    where = where_of(row[AT["step"]], row[AT["item"]], row[AT["attempt"]])
    return Kept(row[0], settled.answer, used, where, settled.finish)


class Phrases:
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
        digest = rows.seal("phrase", [text])
        found = c.execute("SELECT id FROM phrase WHERE hash = ?", (digest,)).fetchone()
        if found:
            return int(found[0])
        number = c.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM phrase").fetchone()[0]
        c.put("phrase", [number, digest, rows.pack(text)])
        c.flush()  # the next number is found by looking
        return int(number)


def row_of(
    c: Batch, number: int, state: int, sent: Sending, started: float,
    phrases: Phrases, origin: int | None = None,
) -> list[Any]:  # fmt: skip
    """The columns of a call that has not come back, in the order of the table."""
    asked = rows.pack(phrases.redact(sent.asked)) if sent.asked else None
    ranges = phrases.redact(sent.ranges) or None
    return [
        number, sent.key, state, sent.step, phrases.redact(sent.item), sent.prompt, sent.attempt,
        phrases.number(c, sent.settings), phrases.number(c, sent.system), asked,
        sent.worst.tokens_in, sent.worst.tokens_out, pico(sent.worst) if sent.priced else None,
        None, None, None, started, None, None, None, None, ranges, origin, None,
    ]  # fmt: skip


def pico(usage: Usage) -> int:
    """Dollars as whole millionths of a millionth, rounded up."""
    return -int(-usage.usd * PICO // 1) if usage.usd else 0
