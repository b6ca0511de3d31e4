"""Which eval or tuning of a file is meant, and its examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.runtime.checking import checked
from rlmlang.runtime.prepared import sound
from rlmlang.testing.datasets import Examples, read_examples

T = TypeVar("T", s.Eval, s.Tune)


def choose_eval(path: str, name: str) -> s.Eval:
    """The eval of that name; the only one where no name is given. Raises CodedError (no-eval)."""
    return _choose(_suite(path).evals, name, path, "eval")


def choose_tune(path: str, name: str) -> s.Tune:
    """The tuning of that name; the only one where no name is given. Raises CodedError (no-eval)."""
    return _choose(_suite(path).tunes, name, path, "tune")


def _suite(path: str) -> s.Suite:
    return sound(checked(path)).suite


def _choose(made: Sequence[T], name: str, path: str, word: str) -> T:
    found = [x for x in made if name in ("", x.name)]
    if len(found) == 1:
        return found[0]
    known = [x.name for x in made]
    words = f"{path} has no {word} `{name}`" if name else f"{path} has {len(made)} {word}s"
    words = words if made else f"{path} declares no {word}"
    hint = did_you_mean(name, known) if name else "name one: " + ", ".join(known)
    hint = hint if known else f"declare `{word} NAME for RECIPE {{ … }}`"
    raise failed("no-eval", words, hint=hint)


def examples_of(made: s.Eval) -> Examples:
    """The examples of an eval. Raises CodedError for a dataset that cannot be read."""
    return read_examples(made.over, recipe_of(made.path, made.recipe, made.base))


def recipe_of(path: str, name: str, user: str = "") -> r.Recipe:
    """A recipe of a file, or of a package that the file of its `user` takes it from, as it is
    written. Raises BadRecipe and CodedError."""
    return sound(checked(path, home=user)).recipes[name]
