"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rlmlang.diagnostics.fix import Fix, write
from rlmlang.diagnostics.source import Span

NOWHERE: Mapping[str, str] = MappingProxyType({})


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known name closest to `name`, or an empty string when none is near: `cutoff` is how
    much of both must agree."""
    from difflib import get_close_matches

    names = sorted(set(known))
    by_lower = {n.lower(): n for n in reversed(names)}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    close = get_close_matches(name[:LONGEST], names, n=1, cutoff=cutoff)
    return close[0] if close else ""


LONGEST = 200  # characters of a name that are compared


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint: the nearest name, or all that there is to choose from."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near:
        return f"`{near}` is near: was that meant?"
    if not names:
        return ""
    return "known here: " + ", ".join(f"`{n}`" for n in names)


def instead(
    at: Span, known: Iterable[str], elsewhere: Mapping[str, str] = NOWHERE, name: str = ""
) -> Fix:
    """What to write in the place of an unknown name: what `elsewhere`, the words of other
    languages, says, else the nearest one that is known, else all of those."""
    names = sorted(set(known))
    name = name or at.text
    ours = elsewhere.get(name, "")
    if ours in names:
        return write(at, ours, f"write `{ours}`")
    near = nearest(name, names)
    hint = did_you_mean(name, names)
    return write(at, near, hint) if near else Fix(hint)
