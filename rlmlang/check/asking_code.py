"""`code` functions that take a model: each stands where a prompt does, and is counted like one."""

from __future__ import annotations

from rlmlang.check.module import Module
from rlmlang.check.resolve import code_of, model_of, models_taken
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.ir import recipe as r
from rlmlang.syntax import tree as t


def asking(owner: Module, decl: t.Code, taken: list[t.Param]) -> r.Prompt:
    """A function that has `taken` a model, as the prompt that it answers."""
    model, *more = taken
    for param in more:
        owner.report(_second(param))
    code, calls = code_of(owner, decl), _calls(owner, decl, model)
    place = decl.params.index(model)
    return r.Prompt(
        code.name,
        code.params,
        code.result,
        code.max,
        "",
        model_of(owner, t.Name(text=model.typed.type.name, span=model.typed.type.span)),
        decl.docs,
        module=r.DspyModule(code.function, calls, code, place=place),
    )


def hold(owner: Module, decl: t.Code) -> None:
    """Reports a block of a function that takes no model."""
    if decl.block is not None and not models_taken(owner, decl):
        owner.report(_without_model(decl))


def _calls(owner: Module, decl: t.Code, model: t.Param) -> int:
    s = Settings(owner, decl.block, "code", f"code `{decl.name.text}`")
    calls = s.find("calls", int)
    if calls is None and not s.misread:
        owner.report(_unbounded(decl, model))
    return calls or 1


def _unbounded(decl: t.Code, model: t.Param) -> Diagnostic:
    return error(
        "module-unbounded",
        f"code `{decl.name.text}` does not say how often it may ask `{model.typed.type.name}`",
        decl.name.span,
        reason="The plan counts with it, and the call after the last one is not sent.",
        hint=f'from "{decl.origin}" {{ calls <= 2 }}',
    )


def _second(param: t.Param) -> Diagnostic:
    return error(
        "wrong-type",
        "a function takes one model, and this is another",
        param.span,
        reason="The plan counts its calls with the price and the limits of one.",
        hint="let a step of its own ask the other one, and give its answer to this function",
    )


def _without_model(decl: t.Code) -> Diagnostic:
    name = decl.name.text
    return error(
        "wrong-setting",
        f"code `{name}` has a block, and takes no model",
        decl.name.span,
        reason="Its settings are about the calls of the model that a function takes.",
        hint=f"leave the block out, or let it take a `model` of the recipe: code {name}(…, "
        "ask: MODEL)",
    )
