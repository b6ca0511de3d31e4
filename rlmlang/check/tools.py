"""The tools of a `repl`: what code may call, and how often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from rlmlang.check.module import Module
from rlmlang.check.resolve import code_of, models_taken
from rlmlang.check.settings import Settings
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir import recipe as r
from rlmlang.ir.kinds import has_images
from rlmlang.ir.repl_prompts import AnyTool
from rlmlang.schema.tools import BUILT_IN, OWN_NAMES
from rlmlang.syntax import tree as t

Found = Callable[[Module, str], r.Prompt | None]


@dataclass(frozen=True)
class Named:
    """What a list of tools names, in its order; `texts` are their names in a session."""

    found: tuple[AnyTool, ...]
    texts: tuple[str, ...]

    @property
    def prompts(self) -> tuple[r.Prompt, ...]:
        """Those that ask a model once."""
        return tuple(x for x in self.found if isinstance(x, r.Prompt))

    @property
    def patterns(self) -> tuple[r.Tool, ...]:
        """Those that are made of steps."""
        return tuple(x for x in self.found if isinstance(x, r.Tool))

    @property
    def functions(self) -> tuple[r.HostFunction, ...]:
        """Those that run outside of the sandbox."""
        return tuple(x for x in self.found if isinstance(x, r.HostFunction))


def named(module: Module, written: t.Expr | None, params: Iterable[str], prompt_of: Found) -> Named:
    """The tools of a `repl` whose prompt has such parameters; `prompt_of` gives the prompt of a
    name."""
    if written is not None and not isinstance(written, t.ListOf):
        module.report(_unusable(written))
    items = written.items if isinstance(written, t.ListOf) else ()
    found: list[AnyTool] = []
    texts: list[str] = []
    for item in items:
        tool = _tool(module, item, prompt_of)
        name = item.text if tool is None and isinstance(item, t.Name) else tool.name if tool else ""
        if (tool is None and name not in BUILT_IN) or (tool is not None and _sees(tool)):
            module.report(_unusable(item))
        elif name in texts or name in params or name in OWN_NAMES:
            module.report(_taken(item, name))
        else:
            texts.append(name)
            found += [tool] if tool is not None else []
    return Named(tuple(found), tuple(texts))


def _tool(module: Module, item: t.Expr, prompt_of: Found) -> AnyTool | None:
    if isinstance(item, t.Member) and isinstance(item.base, t.Name):
        server, tool = item.base.text, item.name.text
        known = module.find(item.span.text) is not None
        return None if known else r.HostFunction(f"{server}_{tool}", server=server, remote=tool)
    if not isinstance(item, t.Name):
        return None
    owner, decl = module.find(item.text) or (module, None)
    if isinstance(decl, t.Recipe) and decl.word == "pattern":
        made = owner.library.tool(owner, decl)
        return made if isinstance(made, r.Tool) else None
    if isinstance(decl, t.Code) and decl.word == "code" and not models_taken(owner, decl):
        code = code_of(owner, decl)
        doc = " ".join(decl.docs.split())
        return r.HostFunction(code.name, code.params, code.result, code, doc=doc)
    prompt = prompt_of(module, item.text)
    return prompt if prompt is not None and prompt.one_call else None


def _sees(tool: AnyTool) -> bool:
    """Whether a tool takes images, which code has none of."""
    return any(has_images(p.type) for p in tool.params)


def most_of(settings: Settings, known: Collection[str]) -> tuple[tuple[str, int], ...]:
    """How often each of some tools may be called in a session."""
    for _, tool, _ in settings.of_names:
        if tool.text not in known:
            settings.module.report(_not_counted(tool, known))
    return tuple((tool.text, int(most)) for _, tool, most in settings.of_names)


def _unusable(name: t.Expr) -> Diagnostic:
    """The problem `unknown-tool`."""
    return error(
        "unknown-tool",
        "this is nothing that code could call",
        name.span,
        reason=f"Besides {', '.join(BUILT_IN)}, tools are `code` functions that take no model, "
        "prompts without `repl`, `module` or images, patterns of such that take neither "
        "prompts nor types, and tools of an MCP server of rlm.toml (`files.read`).",
        hint="tools: [grep, tag_rows]",
    )


def _taken(name: t.Expr, tool: str) -> Diagnostic:
    """A tool whose name is another's in a session."""
    return error(
        "duplicate-name",
        f"`{tool}` has another meaning in a session",
        name.span,
        reason=f"Variables have the names of the prompt's parameters, and {', '.join(OWN_NAMES)} "
        "are there always.",
        hint="give the function another name",
    )


def _not_counted(tool: t.Name, known: Collection[str]) -> Diagnostic:
    return error(
        "unknown-tool",
        f"`{tool.text}` is no tool of this repl whose calls are counted",
        tool.span,
        reason="Built-in tools look into contexts, and are bounded by `cpu`.",
        hint=instead(tool.span, known) if known else "tools: [NAME] first",
    )
