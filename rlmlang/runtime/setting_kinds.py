"""What each setting of a program takes: the table that every call holds its settings against."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeGuard

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import nearest

LONGEST = 10_000_000  # seconds; the command line takes as many
WIDEST = 4_096  # calls at a time
SHOWN = 60  # characters of what was given instead


@dataclass(frozen=True)
class Kind:
    """What a setting takes, in words, and whether a value is that."""

    words: str
    takes: Callable[[object], bool]


def is_model(value: object) -> bool:
    """Whether it names a model, or is an LM of DSPy's, which knows its name."""
    return isinstance(value, str) or isinstance(getattr(value, "model", None), str)


def _models_by_name(value: object) -> bool:
    return _named(value) and all(map(is_model, value.values()))


def _models(value: object) -> bool:
    if isinstance(value, Mapping):
        return _models_by_name(value)
    return isinstance(value, Sequence) and not isinstance(value, str) and _texts(value)


def _texts(values: Collection[object]) -> bool:
    return all(isinstance(v, str) for v in values)


def _named(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping) and _texts(value)


def _path(value: object) -> bool:
    return isinstance(value, str | os.PathLike)


def _sources(value: object) -> bool:
    return _named(value) and all(map(_path, value.values()))


def _shared(value: object) -> bool:
    from rlmlang.runtime.shared_budget import SharedBudget  # it brings the engines along

    return isinstance(value, SharedBudget)


def _seconds(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) <= LONGEST


def _count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and 1 <= int(value) <= WIDEST


MODEL = Kind("the name of a model, or a dspy.LM", is_model)
TEXT = Kind("a text", lambda value: isinstance(value, str))
FLAG = Kind("True or False", lambda value: isinstance(value, bool))
SECONDS = Kind(f"seconds, more than 0 and at most {LONGEST:,}", _seconds)
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("recipe", "api_base", "api_key_env", "sandbox", "profile"), TEXT),
    **dict.fromkeys(("fresh", "retry_failed", "only_kept", "allow_unsafe", "untuned"), FLAG),
    **dict.fromkeys(("rewrite", "trust", "unattended"), FLAG),
    **dict.fromkeys(("timeout", "max_wait"), SECONDS),
    "parallel": Kind(f"a whole number from 1 to {WIDEST:,}", _count),
    "store": Kind("a path, or None", lambda value: value is None or _path(value)),
    "within": Kind("a SharedBudget", _shared),
    "model": MODEL,
    "models": Kind('models by name, as {"judge": "openai/gpt-5"}', _models),
    "sets": Kind('values by name, as {"budget.calls": 50}', _named),
    "values": Kind('values by name, as {"question": "Who?"}', _named),
    "sources": Kind('paths by name, as {"book": Path("book.txt")}', _sources),
}
QUESTION: Mapping[str, Kind] = {
    "prompt": TEXT,
    "model": MODEL,
    "sub_model": MODEL,
    "budget": Kind('limits by name, as {"usd": 1.00}', _named),
    "sub_models": Kind('models by name, as {"fast": "openai/gpt-5-nano"}', _models_by_name),
    "on_event": Kind("a function, or None", lambda value: value is None or callable(value)),
}
"""The same of a question over a context, besides."""
OPTIONAL = ("model", "models", "api_base", "api_key_env", "sandbox", "profile", "within",
            "parallel", "sets", "values", "sources")  # fmt: skip
"""Those for which None says that they are not given."""


def held(given: Mapping[str, object], besides: Collection[str] = ()) -> dict[str, object]:
    """What is given, without what None leaves out; names `besides` are the caller's own. Raises
    TypeError for a name that no setting has, CodedError (wrong-input) for a value that one does not
    take, or an input that is given twice."""
    said = {k: v for k, v in given.items() if v is not None or k not in OPTIONAL}
    for name, value in said.items():
        if name in KINDS:
            hold(name, KINDS[name], value)
        elif name not in besides:
            near = nearest(name, (*KINDS, *besides))
            raise TypeError(f"there is no setting `{name}`{near and f': is `{near}` meant?'}")
    once(said)
    return said


def hold(name: str, kind: Kind, value: object) -> None:
    """Raises CodedError (wrong-input) for a value that a setting does not take."""
    if not kind.takes(value):
        shown = repr(value)
        shown = shown if len(shown) <= SHOWN else f"a {type(value).__name__}"
        raise failed("wrong-input", f"`{name}` takes {kind.words}, not {shown}")


def once(said: Mapping[str, object]) -> None:
    """Raises CodedError for an input that is given in two ways: one of them would not be used."""
    first: dict[str, str] = {}
    for way in ("values", "sources", "sets"):
        names = said.get(way)
        for name in names if _named(names) else ():
            if (before := first.setdefault(name, way)) != way:
                raise failed(
                    "wrong-input",
                    f"`{name}` is given twice, in `{before}` and in `{way}`",
                    hint="give it once",
                )
