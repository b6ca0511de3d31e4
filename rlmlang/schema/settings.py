"""What may be written as `name: value` or `name <= value`, block by block.

One table for every block of the language: what is not in it is an error that names the nearest,
and a number outside its range is one too.
"""

from __future__ import annotations

from rlmlang.value import Frozen, value

MOMENT = 0.001
"""The least time that a limit may give, in seconds."""


@value
class Setting(Frozen):
    """One setting. `least` and `most` bound it where it is a number, in the unit it is counted
    in: tok, bytes, seconds, dollars or things."""

    name: str
    least: float | None = None
    most: float | None = None


@value
class Kind(Frozen):
    """A kind of block: what it is called in messages, its settings, and whether a `repl` block or
    an `assume` may stand in it. `without` are names that one would look for in it, with the reason
    why they are not there."""

    title: str
    settings: tuple[Setting, ...] = ()
    repl: bool = False
    assume: bool = False
    without: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its settings."""
        return tuple(s.name for s in self.settings)

    def setting(self, name: str) -> Setting:
        """The setting of that name; one without a range for a name that is free."""
        return next((s for s in self.settings if s.name == name), Setting(name))


def _kind(
    title: str, *settings: Setting | str, repl: bool = False, assume: bool = False, **without: str
) -> Kind:
    made = tuple(Setting(s) if isinstance(s, str) else s for s in settings)
    return Kind(title, made, repl, assume, tuple(without.items()))


OF_RUNS = "Each of its runs keeps to the limit of the recipe's own budget."
PARALLEL, FANIN = Setting("parallel", 1), Setting("fanin", 2)

BLOCKS: dict[str, Kind] = {
    "model": _kind("a model", "default", Setting("context", 1), Setting("output", 1),
                   Setting("temperature", 0, 2), "price"),
    "price": _kind("a price", Setting("input", 0), Setting("output", 0)),
    "budget": _kind("a budget", Setting("calls", 0), Setting("tokens", 0), Setting("usd", 0),
                    Setting("wall", MOMENT), Setting("depth", 0), PARALLEL),
    "spend": _kind("the budget of an eval or a tuning", Setting("calls", 0), Setting("tokens", 0),
                   Setting("usd", 0), wall=OF_RUNS, depth=OF_RUNS, parallel=OF_RUNS),
    "prompt": _kind("a prompt", "model", "task", "check", Setting("retry", 0), "think", repl=True,
                    demos="Demonstrations are found by `rlm tune` and kept beside the recipe."),
    "repl": _kind("a repl", Setting("iters", 1), Setting("calls", 0), Setting("depth", 0),
                  Setting("shown", 1), "sub", Setting("sub_input", 1), "tools",
                  Setting("cpu", MOMENT), Setting("memory", 1), Setting("wall", MOMENT),
                  Setting("tokens", 0), Setting("usd", 0), "sandbox"),
    "step": _kind("this step", assume=True),
    "split": _kind("split", assume=True),
    "search": _kind("search", assume=True),
    "cross": _kind("cross", assume=True),
    "recurse": _kind("recurse", assume=True),
    "ladder": _kind("ladder", assume=True),
    "map": _kind("map", PARALLEL, "on_error", "stop", assume=True),
    "filter": _kind("filter", PARALLEL, "on_error", "keep_rest", assume=True),
    "reduce": _kind("reduce", FANIN, PARALLEL, assume=True, on_error="A join that fails would take "
                    "all that it joins with it; items are lost before, in a map or filter."),
    "leaf": _kind("leaf", "on_error"),
    "prune": _kind("prune", Setting("see", 1), "keep"),
    "join": _kind("join", FANIN, on_error="A join that fails would take all that it joins with it; "
                  "leaves may be lost: `leaf <= n with p() { on_error: … }`."),
    "batch": _kind("a batch", "output", "budget"),
    "dataset": _kind("a dataset", "path", "sha256", "bind", "want"),
    "eval": _kind("an eval", "over", Setting("limit", 1), "budget"),
    "tune": _kind("a tuning", "optimizer", "split", "eval", Setting("trials", 1), "reflection",
                  "budget"),
    "shares": _kind("a split of examples", Setting("train", 0, 1), Setting("dev", 0, 1),
                    Setting("test", 0, 1), "seed"),
}  # fmt: skip
