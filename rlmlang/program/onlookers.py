"""What those who look on at DSPy are told: what a call is called, and what it cost.

MLflow, OpenInference and their like name a call by its module's class; so each step and each recipe
has a class of its name. They know no dollars, and tokens only where DSPy tracks them: these are
written into the span that they have opened for the call. None of them is ever imported here.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Protocol, TypeVar

import dspy

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import Exchange

M = TypeVar("M", bound=dspy.Module)
Attributes = Mapping[str, object]


class Span(Protocol):
    """A call as an onlooker keeps it."""

    name: str

    def set_attribute(self, key: str, value: object) -> object:
        """Writes something to it."""


class RecipePredictor(dspy.Predict):  # type: ignore[misc]
    """A predictor of a recipe's step. OpenInference wraps each class that derives from
    `dspy.Predict`, looks for it by its name in `dspy`, and breaks off where it is not there."""


dspy.RecipePredictor = RecipePredictor


def named(kind: type[M], name: str) -> type[M]:
    """The class under another name: that of a step, or of a recipe. Whoever looks for its source
    finds that of the class."""
    said = {"own": True, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return types.new_class(name, (kind,), exec_body=lambda body: body.update(said))


def is_own(module: dspy.Module) -> bool:
    """Whether it is of a class that `named` has made, and of none that was derived from one."""
    return "own" in vars(type(module))


def tell(module: dspy.Module, attributes: Attributes, mlflow: Attributes | None = None) -> None:
    """Writes into the spans of the call that a module is in; MLflow has names of its own."""
    _write(_open_span("opentelemetry.trace", "get_current_span"), module, attributes)
    _write(
        _open_span("mlflow", "get_current_active_span"), module, {**attributes, **(mlflow or {})}
    )


def tell_use(module: dspy.Module, call: CallId, found: Exchange) -> None:
    """Tells what a call used; an answer that was kept has used nothing."""
    tokens = (0, 0) if found.reused else (found.tokens_in, found.tokens_out)
    dollars = 0.0 if found.reused else found.usd
    said: dict[str, object] = {
        "rlm.call": str(call),
        "rlm.reused": found.reused,
        "llm.token_count.prompt": tokens[0],
        "llm.token_count.completion": tokens[1],
        "llm.token_count.total": sum(tokens),
    }
    names = ("input_tokens", "output_tokens", "total_tokens")
    used = dict(zip(names, (*tokens, sum(tokens)), strict=True))
    of_mlflow: dict[str, object] = {"mlflow.chat.tokenUsage": used}
    if dollars is not None:
        said["llm.cost.total"] = dollars
        of_mlflow["mlflow.llm.cost"] = {"total_cost": dollars}
    tell(module, said, of_mlflow)


def _open_span(where: str, getter: str) -> Span | None:
    """The span that is open here, of a package that the program has imported itself."""
    package: types.ModuleType | None = sys.modules.get(where)
    found: Span | None = getattr(package, getter, lambda: None)()
    return found


def _write(span: Span | None, module: dspy.Module, attributes: Attributes) -> None:
    """Writes to a span that is the module's: another may be open, where nobody looks on."""
    if span is None or not getattr(span, "name", "").startswith(type(module).__name__):
        return
    for key, value in attributes.items():
        span.set_attribute(key, value)
