"""Prompts that a DSPy module answers: which module, within what bounds, with what tools."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.check.module import Module
from rlmlang.check.resolve import code_of, models_taken
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.fix import write
from rlmlang.diagnostics.suggest import did_you_mean, nearest
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Code, Param
from rlmlang.ir.types import Type
from rlmlang.schema.modules import DSPY, LEFT_OUT, MODULES, KnownModule
from rlmlang.syntax import tree as t

OF_MODULES = ("calls", "context", "output", "tools")
REPEATS = {
    "retry": "A module asks again by itself, as often as `calls` allows.",
    "think": "A module asks for reasons by itself: dspy:ChainOfThought does.",
    "answer": "A module reads its answers by itself, in the form of DSPy's adapter.",
}


def module_of(s: Settings, decl: t.Prompt, params: tuple[Param, ...]) -> r.DspyModule | None:
    """The module that answers a prompt, if one does."""
    written = s.find("module", str)
    if written is None:
        for name in OF_MODULES:
            if name in s.entries and "module" not in s.entries:
                s.module.report(_without_module(s.entries[name]))
        return None
    for name, why in REPEATS.items():
        if name in s.entries:
            s.module.report(_with_module(s.entries[name], name, why))
    if s.repl is not None:
        why = "A session of a model with code is one way to answer, a module another."
        s.module.report(_with_module(s.repl, "repl", why))
    known = MODULES.get(written.removeprefix(DSPY)) if written.startswith(DSPY) else None
    calls = _calls(s, decl, written, known)
    code = None if written.startswith(DSPY) else _code(s.module, decl, params, written)
    if code is None and known is None:
        s.module.report(_unknown(s.entries["module"], written.removeprefix(DSPY)))
        return None
    name = known.name if known is not None else written.rpartition(":")[2]
    tools = _tools(s, known)
    return r.DspyModule(
        name, calls, code, s.find("context", int), s.find("output", int), tuple(tools)
    )


def _calls(s: Settings, decl: t.Prompt, written: str, known: KnownModule | None) -> int:
    calls, needs = s.find("calls", int), known.needs if known is not None else 1
    if calls is None:
        if not s.misread:
            s.module.report(_unbounded(decl, written, needs))
        return needs
    if calls < needs:
        s.module.report(_too_few(s.entries["calls"], written, needs))
    return calls


def _code(module: Module, decl: t.Prompt, params: tuple[Param, ...], written: str) -> Code:
    path, _, name = written.rpartition(":")
    result: Type = module.type(decl.result.type)
    return Code(decl.name.text, params, result, None, path, name, module.source.path)


def _tools(s: Settings, known: KnownModule | None) -> Iterator[Code]:
    """The functions that a module may call."""
    written = s.expr("tools")
    if written is None:
        return
    if known is None or not known.tools:
        s.module.report(_no_tools(s.entries["tools"]))
    for name in written.items if isinstance(written, t.ListOf) else (written,):
        found = s.module.find(name.text) if isinstance(name, t.Name) else None
        decl = found[1] if found is not None else None
        if found is None or not isinstance(decl, t.Code) or not _plain(found[0], decl):
            s.module.report(_no_function(name))
        else:
            yield code_of(found[0], decl)


def _plain(owner: Module, decl: t.Code) -> bool:
    return decl.word == "code" and not models_taken(owner, decl)


def _without_module(entry: t.Setting | t.Limit) -> Diagnostic:
    return error(
        "wrong-setting",
        f"`{entry.key.text}` is about the calls of a module, and the prompt names none",
        entry.span,
        reason="A prompt without a module is one call.",
        hint='name one, such as `module: "dspy:ChainOfThought"`, or leave it out',
    )


def _with_module(entry: t.Node, name: str, why: str) -> Diagnostic:
    return error(
        "wrong-setting",
        f"a prompt that a module answers takes no `{name}`",
        entry.span,
        reason=why,
        hint=f"leave `{name}` out",
    )


def _unknown(entry: t.Setting | t.Limit, name: str) -> Diagnostic:
    written = entry.amount if isinstance(entry, t.Limit) else entry.value
    near, hint = nearest(name, MODULES), did_you_mean(name, MODULES)
    if name in LEFT_OUT:
        near, hint = "", LEFT_OUT[name]
    return error(
        "unknown-module",
        f"DSPy's modules that may answer a prompt hold no `{name}`",
        written.span,
        hint=write(written.span, f'"{DSPY}{near}"', hint) if near else hint,
    )


def _unbounded(decl: t.Prompt, written: str, needs: int) -> Diagnostic:
    return error(
        "module-unbounded",
        f"prompt `{decl.name.text}` does not say how many calls its module may make",
        decl.name.span,
        reason="The plan counts with it, and the call after the last one is not sent.",
        hint=f'module: "{written}"  calls <= {max(needs, 2)}',
    )


def _too_few(entry: t.Setting | t.Limit, written: str, needs: int) -> Diagnostic:
    return error(
        "wrong-setting",
        f"{written} needs {needs} calls to answer at all",
        entry.span,
        hint=f"write calls <= {needs}, or more",
    )


def _no_tools(entry: t.Setting | t.Limit) -> Diagnostic:
    having = ", ".join(f"dspy:{m.name}" for m in MODULES.values() if m.tools)
    return error(
        "wrong-setting",
        f"only {having} is given tools",
        entry.span,
        reason="A module of your own imports what it calls, from beside its file.",
        hint="leave `tools` out",
    )


def _no_function(name: t.Expr) -> Diagnostic:
    return error(
        "unknown-tool",
        "this is no `code` function that a module could call",
        name.span,
        reason="A module calls Python functions; prompts are asked by steps.",
        hint='declare one: code look_up(word: Text) -> Text from "tools.py:look_up"',
    )
