"""A pattern, or another recipe, called as a step: its body is inlined under the step's name.

What runs is therefore always one flat recipe, and the bound of a call is the bound of its steps.
"""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.apply import check_args
from rlmlang.check.asks import prompt_named
from rlmlang.check.bodies import body
from rlmlang.check.infer import infer
from rlmlang.check.module import Module
from rlmlang.check.say.calls import unknown_prompt
from rlmlang.check.scope import NOTHING, Binding, Inferred, Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir.declared import of_param
from rlmlang.ir.expressions import Constant, Param, Ref
from rlmlang.ir.types import ANY, PromptType, Type, fits
from rlmlang.ir.walk import predictors
from rlmlang.syntax import tree as t
from rlmlang.syntax.texts import as_written

Found = tuple[Module, t.Recipe]


def recipe_named(scope: Scope, name: str) -> Found | None:
    """The pattern or recipe of a name, and the module it stands in."""
    found = scope.module.find(name)
    if found is None or not isinstance(found[1], t.Recipe):
        return None
    return found[0], found[1]


def inline(scope: Scope, name: str, call: t.Call, callee: Found) -> Inferred:
    """The steps of the callee, each named `name.step`, and what it returns."""
    module, decl = callee
    mark = f"{module.source.path}:{decl.name.text}"
    if mark in scope.calling:
        scope.report(_circle(call, [*scope.calling, mark]))
        return NOTHING
    inner = Scope(
        module,
        steps=scope.steps,
        prefix=f"{scope.prefix}{name}.",
        within=scope.within,
        losses=scope.losses,
        calling=(*scope.calling, mark),
        called_at=(call.span, *scope.called_at),
        step=scope.step,
    )
    variables = {g.text: ANY for g in decl.generics}
    params = module.params(decl.params, variables)
    prompts = [p for p in params if isinstance(p.type, PromptType)]
    rest = _bind_prompts(scope, inner, call, params, prompts)
    if rest is None:
        return NOTHING
    values = [p for p in params if p not in prompts]
    written = {p.name.text: p for p in decl.params}
    wanted = [(p.name, p.type, written[p.name].default is not None) for p in values]
    given = dict(check_args(scope, rest, wanted, f"{decl.word} `{decl.name.text}`", infer))
    for p in values:
        _bind(inner, p, written[p.name], given.get(p.name))
    return body(inner, decl.body.items, module.type(decl.result.type, variables))


def as_tool(scope: Scope, decl: t.Recipe) -> r.Tool | None:
    """A pattern that model-written code may call; None for one that takes prompts or types, or that
    has a prompt that makes calls of its own."""
    params = scope.module.params(decl.params, {g.text: ANY for g in decl.generics})
    if decl.generics or any(isinstance(p.type, PromptType) for p in params):
        return None
    mark = f"{scope.module.source.path}:{decl.name.text}"
    inner = replace(scope, prefix=f"{decl.name.text}.", calling=(mark,))
    for p in params:
        inner.bind(p.name, Ref(p.name), of_param(p, None, {}))
    result = scope.module.type(decl.result.type)
    value, _ = body(inner, decl.body.items, result)
    steps = tuple(inner.steps)
    if any(not ask.prompt.one_call for _, ask in predictors(steps)):
        return None
    return r.Tool(decl.name.text, params, result, steps, value, decl.docs)


def _bind(inner: Scope, p: Param, written: t.Param, given: Inferred | None) -> None:
    if given is not None:
        inner.bind(p.name, given[0], given[1])
    elif written.default is not None:
        value, facts = infer(inner, as_written(written.default), p.type)
        inner.bind(p.name, value, facts)


def _bind_prompts(
    scope: Scope, inner: Scope, call: t.Call, params: tuple[Param, ...], prompts: list[Param]
) -> t.Call | None:
    """Takes the prompts out of the arguments; gives the call with what is left, None where one is
    no prompt of that form: nothing can be said of the body then."""
    left: list[t.Arg] = []
    whole = True
    free = [p.name for p in params]
    for arg in call.args:
        name = arg.label or (free[0] if free else "")
        if name in free:
            free.remove(name)
        param = next((p for p in prompts if p.name == name), None)
        if param is None:
            left.append(arg)
            continue
        prompt = prompt_named(scope, arg.value.span.text)
        if prompt is None or not _prompt_fits(prompt, param.type):
            scope.report(_not_that_prompt(scope, arg, param))
            whole = False
            continue
        inner.names[name] = Binding(Constant(None), r.Facts(), prompt=prompt, used=True)
    return replace(call, args=tuple(left)) if whole else None


def _prompt_fits(prompt: r.Prompt, want: Type) -> bool:
    if not isinstance(want, PromptType):
        return False
    first = prompt.params[: len(want.takes)]
    return (
        len(first) == len(want.takes)
        and all(fits(a, p.type) for a, p in zip(want.takes, first, strict=True))
        and fits(prompt.result, want.gives)
    )


def _not_that_prompt(scope: Scope, arg: t.Arg, param: Param) -> Diagnostic:
    name = arg.value.span.text
    if isinstance(arg.value, t.Name) and scope.module.find(name) is None:
        return unknown_prompt(arg.value, name, scope)
    return error(
        "unknown-prompt",
        f"`{param.name}` takes a prompt of the form {param.type}",
        arg.span,
        hint=instead(arg.value.span, scope.module.known(t.Prompt)),
    )


def _circle(call: t.Call, path: list[str]) -> Diagnostic:
    shown = " → ".join(p.rsplit(":", 1)[-1] for p in path)
    return error(
        "pattern-circle",
        f"this call goes round in a circle: {shown}",
        call.span,
        reason="A pattern may not call itself: no bound could be computed.",
        hint="recursion over a context is what `recurse` is for",
    )
