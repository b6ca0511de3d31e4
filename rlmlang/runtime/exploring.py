"""How a question is explored, as a program says it, and as settings of the library's recipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import read_source
from rlmlang.runtime.given_tools import Given
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.python_settings import Running, written
from rlmlang.schema.settings import BLOCKS
from rlmlang.trajectory.events import Event

if TYPE_CHECKING:
    from rlmlang.models.lm import Lm

Model: TypeAlias = "str | Lm"
RECIPE = "std/rlm"
ROOT, READER = "root", "reader"
"""The models of that recipe: the one that writes code, and the one that code asks."""
ESCAPED = {c: f"\\{c}" for c in '\\"{}'} | {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
NAME = r"[A-Za-z]\w{0,39}"


class Exploring(Running, total=False):
    """How a question is explored.

    `max_depth` is how many levels of sessions code may begin, `max_iterations` how many turns the
    model has, `max_calls` how many calls code may make in all, `max_errors` how many turns in a
    row may fail. `system` is said to the model before its task. `temperature`, `top_p`, `seed` and
    `max_tokens` (of an answer) are settings of `model`. `sub_models` are more models that code may
    ask, by the names that it knows them by. `on_event` is called with each event of the run, in
    order: a turn begins, a call is sent or has ended, code has run and what it printed, what was
    used; what it raises ends the run, and is raised. `session` is a name: the call goes on with the
    variables and the conversation of the calls before that had it, from whatever process; one at a
    time (`session-in-use`). `tools` are what the code may call besides: Python functions,
    `dspy.Tool`s, functions with a limit (`Tool(look_up, calls=20)`), and names of tools of MCP
    servers in `rlm.toml` (`"files.read"`). `sets` are other settings of the recipe, by their paths:
    `{"reader.temperature": 0.7}`.
    """

    max_depth: int
    max_iterations: int
    max_calls: int
    max_errors: int
    system: str
    temperature: float
    top_p: float
    seed: int
    max_tokens: int
    sub_models: Mapping[str, Model]
    on_event: Callable[[Event], None]
    session: str
    tools: Sequence[Given]
    sets: Mapping[str, object]


OWN = frozenset(Exploring.__annotations__) - {*Running.__annotations__, "sets"}
"""What is said of exploring, and not of runs."""
OF_SESSION = {
    "max_depth": "depth",
    "max_iterations": "iters",
    "max_calls": "calls",
    "max_errors": "errors",
}
OF_MODEL = {"temperature": "temperature", "top_p": "top_p", "seed": "seed", "max_tokens": "output"}
SAMPLING = ("temperature", "top_p")


def models_of(model: Model, sub_model: Model, sub_models: Mapping[str, Model]) -> dict[str, Model]:
    """The models of the recipe by its names for them."""
    both = {ROOT: model, READER: sub_model or model}
    return {**{k: v for k, v in both.items() if v}, **sub_models}


def recipe_with(sub_models: Mapping[str, Model]) -> SourceFile:
    """The library's recipe, with a model more for each that code may ask by name. Raises CodedError
    (wrong-input) for what cannot be the name of one."""
    source = read_source(RECIPE)
    for name in sub_models:
        if not re.fullmatch(NAME, name) or re.search(rf"^\w+ {name}\b", source.text, re.MULTILINE):
            raise failed(
                "wrong-input",
                f"sub_models: {name!r} cannot be the name of a model here",
                hint="name it with letters and digits, and not as a part of std/rlm is named: "
                '{"fast": "openai/gpt-5-nano"}',
            )
    more = "".join(f"\nmodel {name} {{\n  output <= 2ktok\n}}\n" for name in sub_models)
    return replace(source, text=source.text + more)


def sets_of(how: Exploring, of: str) -> dict[str, str]:
    """Settings of the recipe by their paths, as text. Raises CodedError (wrong-input) for what a
    setting does not take."""
    found = {f"explore{of}.{OF_SESSION[k]}": v for k, v in _checked(how, "repl", OF_SESSION)}
    found |= {f"{ROOT}.{OF_MODEL[k]}": v for k, v in _checked(how, "model", OF_MODEL)}
    said: Mapping[str, object] = how
    if system := said.get("system"):
        if not isinstance(system, str):
            raise failed("wrong-input", f"system is a text, not a {type(system).__name__}")
        found["system"] = quoted(system)
    if sub_models := how.get("sub_models"):
        found[f"explore{of}.sub"] = f"[{', '.join((READER, *sub_models))}]"
    return {k: written(v) for k, v in found.items()}


def quoted(text: str) -> str:
    """A text as a literal of the language, of which nothing is filled in."""
    return '"' + "".join(ESCAPED.get(c, c) for c in text) + '"'


def _checked(
    how: Mapping[str, object], block: str, names: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    """What is said of the settings of a block, held against the table."""
    for name, key in names.items():
        value = how.get(name)
        if value is not None:
            if refused := BLOCKS[block].setting(key).refuses(value):
                raise failed("wrong-input", f"{name}={value!r}: {name} {refused}")
            yield name, value


def refuse_sampling(ready: Prepared, how: Mapping[str, object]) -> None:
    """Raises CodedError (not-applicable) for a temperature of a model that takes none: it would be
    left out, and nobody would know."""
    bound = ready.binding.models.get(ROOT)
    asked = [name for name in SAMPLING if how.get(name) is not None]
    if asked and bound is not None and not bound.takes.temperature:
        raise failed(
            "not-applicable",
            f"{bound.name} takes no {asked[0]}",
            reason="By the table of models it samples as its provider says: rlm models.",
            hint=f"leave {asked[0]} out, or name another model",
        )


def room_for(
    ready: Prepared, how: Mapping[str, object], budget: Mapping[str, object]
) -> dict[str, str]:
    """The limits of the recipe's own budget that what is asked for would pass, raised to what the
    plan counts; what the caller limits stays."""
    own, totals = ready.recipe.budget, ready.plan.totals
    if not any(how.get(name) is not None for name in OF_SESSION):
        return {}
    counted = {"calls": totals.worst.calls.value(), "depth": totals.depth}
    return {
        f"budget.{name}": str(most)
        for name, most in counted.items()
        if most is not None and name not in budget and most > (getattr(own, name) or 0)
    }
