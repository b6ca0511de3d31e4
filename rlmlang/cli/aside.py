"""Options that are no argument of their command: what needs one asks for it here."""

from __future__ import annotations

import click


def keep_aside(ctx: click.Context, option: click.Parameter, found: str) -> str:
    """Keeps what a command was given for an option, for as long as the command goes on."""
    ctx.meta[f"{__name__}.{option.name}"] = found
    return found


def kept(name: str) -> str:
    """What the command that goes on was given for such an option; empty for nothing, and outside of
    commands."""
    ctx = click.get_current_context(silent=True)
    return str(ctx.meta.get(f"{__name__}.{name}", "")) if ctx is not None else ""
