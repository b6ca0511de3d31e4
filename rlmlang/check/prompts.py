"""Prompts: parameters, task, checks, retries and, for free-form nodes, the caps of their REPL."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.check.asking_code import asking
from rlmlang.check.dspy_modules import module_of
from rlmlang.check.infer import infer
from rlmlang.check.module import Module
from rlmlang.check.resolve import model_of, models_taken, no_images
from rlmlang.check.say import values as say
from rlmlang.check.scope import Scope
from rlmlang.check.sessions import TOK, going_on, models_asked
from rlmlang.check.settings import Settings
from rlmlang.check.template import check_template, used_names
from rlmlang.check.tools import most_of, named
from rlmlang.check.type_problems import json_misplaced
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, error
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Apply, Expr, Op, Param, Ref
from rlmlang.ir.quotes import holds_source, quotes_in
from rlmlang.ir.sizes import item_size
from rlmlang.ir.types import (
    BOOL,
    JSON,
    TEXT,
    PromptType,
    TreeType,
    Type,
    fits,
    parts_of,
)
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.registry import Find
from rlmlang.schema.sandboxes import choices, chosen
from rlmlang.syntax import tree as t

SHORT = 2_000


def prompt_of(module: Module, name: str) -> r.Prompt | None:
    """The prompt of that name, or what a function that takes a model answers; or None."""
    found = module.find(name)
    if found is None or not isinstance(found[1], t.Prompt | t.Code):
        return None
    owner, decl = found[0], found[1]
    key = f"prompt {decl.name.text}"
    if isinstance(decl, t.Code):
        taken = models_taken(owner, decl)
        return owner.once(key, r.Prompt, lambda: asking(owner, decl, taken)) if taken else None
    return owner.once(key, r.Prompt, lambda: _prompt(owner, decl))


def _prompt(module: Module, decl: t.Prompt) -> r.Prompt:
    params = module.params(decl.params)
    result = module.type(decl.result.type)
    most = module.max_of(decl.result, result)
    if not params:
        module.report(_no_input(decl))
    elif quotes_in(result) and not holds_source(params):
        module.report(_nothing_to_quote(decl))
    if (unwritable := _unwritable(result)) is not None:
        module.report(_no_answer(decl, unwritable))
    if isinstance(decl.body, t.Block):
        return _full(module, decl, decl.body, params, result)
    _no_json(module, decl, params)
    _template(module, decl.body, params, {})
    return r.Prompt(
        decl.name.text,
        params,
        result,
        most,
        decl.body.value,
        model_of(module, None),
        decl.docs,
        retry=Settings(module, None, "prompt").get("retry", int),
    )


def _full(
    module: Module, decl: t.Prompt, body: t.Block, params: tuple[Param, ...], result: Type
) -> r.Prompt:
    most = module.max_of(decl.result, result)
    written = [e.value for e in body.entries if isinstance(e, t.Setting) and e.key.text == "task"]
    free = used_names(written[0].value) if written and isinstance(written[0], t.Text) else ()
    s = Settings(module, body, "prompt", f"prompt `{decl.name.text}`", free)
    task = s.expr("task")
    if not isinstance(task, t.Text) and not s.misread:
        module.report(_no_task(decl))
    extra = {k: s.values.get(k) for k in s.free}
    for p in decl.params:
        if p.name.text in extra:
            module.report(_hidden(s.entries[p.name.text].key, p.name))
    if isinstance(task, t.Text):
        _template(module, task, params, extra)
    checks = _checks(module, s.written.get("check", []), params, result, most)
    repl = _repl(module, s.repl, params) if s.repl is not None else None
    answers = module_of(s, decl, params)
    if repl is None:
        _no_json(module, decl, params)
    if answers is not None:
        no_images(module, decl.params, params)
    return r.Prompt(
        decl.name.text,
        params,
        result,
        most,
        task.value if isinstance(task, t.Text) else "",
        model_of(module, s.find("model", t.Name)),
        decl.docs,
        tuple(sorted(extra.items())),
        checks,
        s.get("retry", int) if answers is None else 0,
        s.get("think", bool),
        repl=repl,
        answer=_answer(s),
        module=answers,
    )


def _no_json(module: Module, decl: t.Prompt, params: tuple[Param, ...]) -> None:
    """Reports data of which nothing is known where all of it would be shown."""
    for written, param in zip(decl.params, params, strict=True):
        if param.type.required() == JSON:
            module.report(json_misplaced(written.name))


def _answer(s: Settings) -> str:
    """The form of an answer; one with reasons before it has more than one part."""
    answer = s.get("answer", str)
    if answer == "plain" and s.get("think", bool):
        s.module.report(_no_plain(s.entries["answer"]))
    return answer


def _template(
    module: Module, task: t.Text, params: tuple[Param, ...], extra: dict[str, object]
) -> None:
    names = {p.name: (p.type, p.max is not None and p.max <= SHORT) for p in params}
    names |= {p.name: (p.type, True) for p in params if p.type.required() != TEXT}
    names |= dict.fromkeys(extra, (TEXT, True))
    check_template(module, task.value, task.span, names)


def _checks(
    module: Module,
    written: list[t.Expr],
    params: tuple[Param, ...],
    result: Type,
    most: int | None,
) -> tuple[Expr, ...]:
    scope = Scope(module)
    for p in params:
        size = number(p.max or 0)
        scope.bind(p.name, Ref(p.name), r.Facts(p.type, size, ONE, size))
    scope.bind("result", Ref("result"), r.Facts(result))
    checks = []
    for each in written:
        value, facts = infer(scope, each)
        if not fits(facts.type, BOOL):
            module.report(say.mismatch(each, facts.type, BOOL, "the check"))
        checks.append(value)
    return tuple(checks)


def _repl(module: Module, written: t.Repl, params: tuple[Param, ...]) -> r.Repl:
    s = Settings(module, written.block, "repl")
    tools = named(module, s.expr("tools"), [p.name for p in params], prompt_of)
    subs = models_asked(module, s.expr("sub"))
    return r.Repl(
        iters=s.get("iters", int),
        calls=s.get("calls", int),
        depth=s.get("depth", int),
        shown=s.get("shown", int) * TOK,
        sub=subs[0] if subs else None,
        sub_input=s.find("sub_input", int),
        tools=tools.texts,
        cpu=s.get("cpu", float),
        memory=s.get("memory", int),
        wall=s.find("wall", float),
        tokens=s.find("tokens", int),
        usd=s.find("usd", float),
        prompts=tools.prompts,
        patterns=tools.patterns,
        functions=tools.functions,
        most=most_of(s, [x.name for x in tools.found]),
        sandbox=_tiers(module, s.expr("sandbox")),
        errors=s.find("errors", int),
        others=subs[1:],
        **going_on(module, s, params),
    )


def _tiers(module: Module, written: t.Expr | None) -> tuple[str, ...]:
    """The sandboxes that code may run in, the first one first."""
    if written is None:
        return ()
    items = written.items if isinstance(written, t.ListOf) else (written,)
    names = tuple(n.text for n in items if isinstance(n, t.Name))
    try:
        known = chosen(names, module.library.plugins.find)
    except CodedError as broken:
        module.report(replace(broken.diagnostic, labels=(Label(written.span),)))
        return ()
    if len(names) != len(items) or not known:
        module.report(_no_tier(written))
        return ()
    return names


def needs_output(prompt: r.Prompt, items: int) -> int | None:
    """The tok an answer needs that must hold so many items; an estimate: half of its JSON form,
    since a real tokenizer packs JSON about twice as well as `tok` assumes."""
    item = item_size(prompt.result)
    most = item.value() if item is not None else None
    return None if most is None else items * most // 2


def answers_each(prompt: r.Prompt, find: Find) -> str:
    """The parameter whose items the checks demand one answer for, or an empty string."""
    for check in prompt.checks:
        if isinstance(check, Op) and check.op == "==":
            sides = (check.left, check.right)
            if all(_pairs(x, find) for x in sides):
                inner = [x.args[0] for x in sides if isinstance(x, Apply)]
                names = [x.name for x in inner if isinstance(x, Ref)]
                if "result" in names and len(names) == 2:
                    return next(n for n in names if n != "result")
    return ""


def _pairs(e: Expr, find: Find) -> bool:
    function = FUNCTIONS.find(e.function, find) if isinstance(e, Apply) else None
    return function is not None and function.pairs


def _hidden(key: t.Name, param: t.Name) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{key.text}` is a parameter already",
        Label(key.span, "set here"),
        Label(param.span, "a parameter here"),
        reason="The template would be given the parameter, never the setting.",
        hint="give the setting another name",
    )


def _no_plain(entry: t.Setting | t.Limit) -> Diagnostic:
    return error(
        "wrong-setting",
        "an answer with `think: true` cannot be plain",
        entry.span,
        reason="Reasons and answer are two fields, which have to be told apart.",
        hint="write answer: fields or answer: json, or leave `think` out",
    )


def _no_tier(written: t.Expr) -> Diagnostic:
    return error(
        "unknown-sandbox",
        "this is no choice of sandboxes",
        written.span,
        reason=f"There are {choices()}. A list begins with the first and moves to the second when "
        "a cell needs all of Python.",
        hint="sandbox: monty, sandbox: cpython, or sandbox: [monty, cpython]",
    )


def _no_task(decl: t.Prompt) -> Diagnostic:
    return error(
        "missing-task",
        f"prompt `{decl.name.text}` does not say what to do",
        decl.name.span,
        hint='add `task: """ … """`',
    )


def _unwritable(type_: Type) -> Type | None:
    """What of a type no model can write down."""
    if isinstance(type_, TreeType | PromptType):
        return type_
    return next((t for t in map(_unwritable, parts_of(type_)) if t is not None), None)


def _no_answer(decl: t.Prompt, type_: Type) -> Diagnostic:
    return error(
        "not-an-answer",
        f"prompt `{decl.name.text}` returns {type_}, which no model can write",
        Label(decl.name.span),
        Label(decl.result.span, "is no answer"),
        reason="A model answers in text; the files of a folder and a prompt are no text.",
        hint="let it answer the paths of files, `[Path]`, or judge them: `filter repo with p()`",
    )


def _nothing_to_quote(decl: t.Prompt) -> Diagnostic:
    return error(
        "nothing-to-quote",
        f"prompt `{decl.name.text}` returns a Quote, but takes nothing to quote from",
        Label(decl.name.span),
        Label(decl.result.span, "is held against source text"),
        reason="A quote must occur in a Slice, a Doc, a Tree, rows, or lists of those: a Text may "
        "be the question.",
        hint="let the parameter that holds the text be a Slice: `(page: Slice, question: Text)`",
    )


def _no_input(decl: t.Prompt) -> Diagnostic:
    return error(
        "prompt-without-input",
        f"prompt `{decl.name.text}` takes nothing to read",
        decl.name.span,
        reason="Its answer could not depend on anything but its own task.",
        hint="give it a parameter, such as `(page: Slice)`",
    )
