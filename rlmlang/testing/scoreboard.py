"""An eval and a comparison as text."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.testing.compare import Compared
from rlmlang.testing.evals import Evaluated, Scored

WIDE = 90
SHOWN = 8


def lines_of(found: Evaluated, run: str, worst: int) -> list[str]:
    """Means with intervals, conditions, cost, and the worst examples with their runs."""
    made, used, means = found.eval, found.usage, found.means()
    pin = "" if made.over.sha256 else f', not pinned: sha256: "{found.examples.sha256[:16]}"'
    out = [
        f"{made.recipe} over {made.over.name}: {len(found.rows):,} of "
        f"{len(found.examples.rows):,} examples{pin}",
        "",
    ]
    weights = {x.metric.name: f"weight {x.weight:g}" for x in made.scores}
    for name, mean in means.items():
        if name != "failed" or mean.mean:
            out.append(f"  {name:<16} {mean}   {weights.get(name, '')}".rstrip())
    out += [
        f"  require {e.words}: {'holds' if ok else 'DOES NOT HOLD'}" for e, ok in found.required()
    ]
    reused = sum(x.reused for x in found.rows)
    out += [
        "",
        f"  {used.calls:,} calls, {used.tokens:,} tok, ${float(used.usd):,.4f}; "
        f"{reused:,} answers were kept from earlier   {run}",
    ]
    return [*out, *_worst(found, worst)]


def _worst(found: Evaluated, most: int) -> Iterator[str]:
    rows = [x for x in sorted(found.rows, key=lambda x: (x.score, x.number)) if x.score < 1]
    if rows[:most]:
        yield ""
        yield "  the worst examples"
    for row in rows[:most]:
        yield f"  {row.number + 1:>5}  {row.score:.2f}  {_told(row)}"
        yield f"               rlm show {row.run}"


def _told(row: Scored) -> str:
    text = " ".join((row.reason or f"got {row.got!r}, wanted {row.want!r}").split())
    return text if len(text) <= WIDE else f"{text[:WIDE]}…"


def compared_lines(found: Compared) -> list[str]:
    """The difference and the examples that changed."""
    out = [
        "",
        f"  compared with {found.before}: {found.words}",
        f"  difference {found.difference.mean:+.3f} "
        f"[{found.difference.low:+.3f}, {found.difference.high:+.3f}] "
        f"over {found.difference.count:,} pairs",
    ]
    for number, before, after in found.changed[:SHOWN]:
        out.append(f"  {number + 1:>5}  {before:.2f} → {after:.2f}")
    more = len(found.changed) - SHOWN
    return [*out, f"  and {more:,} more changed"] if more > 0 else out
