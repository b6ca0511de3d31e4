"""A prompt put to its arguments: types, context fit and output fit, before any call is made."""

from __future__ import annotations

from rlmlang.check.apply import check_args
from rlmlang.check.elements import gives_first
from rlmlang.check.infer import infer
from rlmlang.check.prompts import answers_each, needs_output, prompt_of
from rlmlang.check.scope import Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error, warning
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Param
from rlmlang.ir.facts import Facts
from rlmlang.ir.kinds import images_of
from rlmlang.ir.quotes import holds_source, is_source, quotes_in
from rlmlang.ir.request_sizes import frame_size, messages_of, request_size
from rlmlang.ir.sizes import shown_size
from rlmlang.ir.types import DOC, fits
from rlmlang.schema.formula import ZERO, Formula
from rlmlang.syntax import tree as t

FILES = (
    "a document is too long for it: cut the tree first, `split docs by files(per: 1, max: 8ktok, "
    "oversize: cut)`, and map the pieces; or bind a model with more `context`"
)
Known = dict[Expr, Facts]
"""What is known of the expressions in a step."""


def prompt_named(scope: Scope, name: str) -> r.Prompt | None:
    """The prompt of a name: one that a pattern was given, or a declared one."""
    bound = scope.names.get(name)
    given = bound.prompt if bound is not None else None
    return given or prompt_of(scope.module, name)


def ask_of(scope: Scope, prompt: r.Prompt, call: t.Call, item: Facts | None) -> tuple[r.Ask, Known]:
    """The prompt with its arguments, and what is known of those.

    `item` is the element that a map, filter or reduce passes as the first argument, unless the
    call gives that itself.
    """
    params = list(prompt.params)
    own = "it" in scope.names and gives_first(call, [(p.name, p.type.optional) for p in params])
    element = params.pop(0) if item is not None and params and not own else None
    if element is not None and item is not None:
        _element(scope, call, element, item)
    wanted = [(p.name, p.type, p.type.optional) for p in params]
    given = check_args(scope, call, wanted, f"prompt `{prompt.name}`", infer)
    by_name = {n: f for n, (_, f) in given}
    shown = [*by_name.values(), *([item] if item is not None and element is not None else [])]
    hint = FILES if item is not None and item.type.required() == DOC else ""
    seen = sum(map(images_of, shown), ZERO)
    _fits_context(scope, prompt, call, sum(map(shown_size, shown), ZERO), hint, seen)
    if item is not None and element is not None:
        by_name[element.name] = item
    if (each := answers_each(prompt, scope.module.library.plugins.find)) in by_name:
        _fits_output(scope, prompt, call, by_name[each])
    told = frozenset(n for n, f in by_name.items() if f.told)
    if quotes_in(prompt.result) and holds_source(prompt.params) and not _quotable(prompt, told):
        scope.report(_nothing_to_quote(prompt, call))
    args = tuple((n, v) for n, (v, _) in given)
    return r.Ask(prompt, args, element.name if element else "", told), dict(v for _, v in given)


def _quotable(prompt: r.Prompt, told: frozenset[str]) -> bool:
    """Whether a quote could come from what a call is given: what a model has said before is no
    source, but the quotes in it are, since they were found in one."""
    return any(is_source(p.type, told=p.name in told) or quotes_in(p.type) for p in prompt.params)


def _element(scope: Scope, call: t.Call, element: Param, item: Facts) -> None:
    if not fits(item.type.required(), element.type.required()):
        scope.report(
            error(
                "wrong-type",
                f"the items are {item.type}, where `{element.name}` is {element.type}",
                Label(call.span, f"takes {element.type}"),
                hint="the first parameter of the prompt takes the item",
            )
        )


def _fits_context(
    scope: Scope, prompt: r.Prompt, call: t.Call, total: Formula, hint: str, images: Formula
) -> None:
    if prompt.selects:
        return
    model, library = prompt.model, scope.module.library
    most, seen = library.most, images * library.images.get(model.name, 0)
    size = request_size(prompt, _least(total))
    answer = _least(seen) + prompt.written
    needed = (size + answer).value()
    dense = (size * most + frame_size(messages_of(prompt)) + answer).value()
    if needed is not None and needed > model.context:
        scope.report(_too_large(prompt, call, needed, hint))
    elif most > 1 and dense is not None and dense > model.context:
        scope.report(_tight(prompt, call, dense))


def _least(size: Formula) -> Formula:
    """A size in which what is unknown may yet be small."""
    return size.bind(dict.fromkeys(size.symbols, 0))


def _fits_output(scope: Scope, prompt: r.Prompt, call: t.Call, facts: Facts) -> None:
    """An answer that must hold one item for each of its input must have room for them."""
    count = facts.count.value()
    needed = needs_output(prompt, count) if count is not None else None
    if needed is not None and count is not None and needed > prompt.model.output:
        scope.report(_no_room(prompt, call, count, needed))


def _nothing_to_quote(prompt: r.Prompt, call: t.Call) -> Diagnostic:
    return error(
        "nothing-to-quote",
        f"`{prompt.name}` returns a Quote, but this call shows it nothing to quote from",
        call.span,
        reason="What it is given was said by a model. A quote is held against source text.",
        hint="pass the slices too, or let the earlier answers hold Quotes and copy those",
    )


def _too_large(prompt: r.Prompt, call: t.Call, needed: int, hint: str) -> Diagnostic:
    return error(
        "context-too-small",
        f"a request of `{prompt.name}` may reach {needed:,} tok; "
        f"{_reader(prompt)} reads {prompt.model.context:,}",
        call.span,
        reason="The sum of its inputs at their largest, its task, and room for the answer. "
        "Nothing is ever cut off to make it fit.",
        hint=hint
        or "cut the input smaller, declare a smaller `max`, or bind a model with more `context`",
    )


def _tight(prompt: r.Prompt, call: t.Call, needed: int) -> Diagnostic:
    return warning(
        "context-tight",
        f"a request of `{prompt.name}` may reach {needed:,} tokens where its text is digits or "
        f"code points that are rare; {_reader(prompt)} reads {prompt.model.context:,}",
        call.span,
        reason="No tokenizer of the model is at hand, so sizes are estimated at two bytes a tok; "
        "some text has a token for each byte. What does not fit is refused by the server.",
        hint="cut the input smaller, or name the model's `tokenizer.json` in [tokenizers] of "
        "rlm.toml",
    )


def _reader(prompt: r.Prompt) -> str:
    """The model of a prompt, in words."""
    return f"model `{prompt.model.name}`" if prompt.model.name else "the default model"


def _no_room(prompt: r.Prompt, call: t.Call, count: int, needed: int) -> Diagnostic:
    return error(
        "output-too-small",
        f"{count:,} answers of `{prompt.name}` need about {needed:,} tok; "
        f"its model may write {prompt.model.output:,}",
        call.span,
        reason="The check demands one answer for each item, so a full batch could never pass.",
        hint="put fewer items into a piece, or raise `output <=` of the model",
    )
