"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known name closest to `name`, or an empty string when none is near: `cutoff` is how
    much of both must agree."""
    from difflib import get_close_matches

    names = sorted(set(known))
    by_lower = {n.lower(): n for n in reversed(names)}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    close = get_close_matches(name, names, n=1, cutoff=cutoff)
    return close[0] if close else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint: the nearest name, or what there is to choose from."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near:
        return f"`{near}` is near: was that meant?"
    if not names:
        return ""
    shown = ", ".join(f"`{n}`" for n in names[:12])
    return f"known here: {shown}" + (", …" if len(names) > 12 else "")
