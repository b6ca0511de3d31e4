"""The units of amounts: one table, which the parser, the checker and the reference read."""

from __future__ import annotations

from rlmlang.value import Frozen, value


@value
class Unit(Frozen):
    """A unit that is glued to its number. `times` is how many of what is counted with it stands
    for: tok, characters, bytes, seconds, or a whole."""

    name: str
    doc: str
    example: str
    times: float = 1


MULTIPLIERS = {"k": 1e3, "M": 1e6}
"""What may stand before a unit, or alone."""
UNITS = {
    u.name: u
    for u in (
        Unit("tok", "tokens of a text: two bytes each where no tokenizer is at hand", "4ktok"),
        Unit("ch", "characters of a text", "8kch"),
        Unit("B", "bytes", "500B"),
        Unit("KB", "thousands of bytes", "64KB", 1e3),
        Unit("MB", "millions of bytes", "256MB", 1e6),
        Unit("GB", "thousands of millions of bytes", "2GB", 1e9),
        Unit("ms", "thousandths of a second", "500ms", 0.001),
        Unit("s", "seconds", "90s"),
        Unit("min", "minutes", "30min", 60.0),
        Unit("h", "hours", "2h", 3600.0),
        Unit("%", "hundredths", "10%", 0.01),
    )
}  # fmt: skip
