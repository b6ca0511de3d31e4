"""The prompts of a free-form node: what its turns, its last word and its sub-calls are asked.

They are ordinary prompts with predictors of their own, so that they are priced, kept and tuned
like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from rlmlang.ir.expressions import Param
from rlmlang.ir.kinds import has_images
from rlmlang.ir.models import Model
from rlmlang.ir.recipe import HostFunction, Prompt, Repl, Tool
from rlmlang.ir.types import TEXT, Field, Listed, RecordType, Type

PREVIEW = 400
TOLD = 1_000  # tok that the description of a tool takes that only its server knows
CONVERSATION = "conversation"
"""The variable that has what was asked and answered before in a session that goes on."""
AnyTool: TypeAlias = Prompt | Tool | HostFunction
"""What code may call by its name."""
RULES = """\
You do not see the inputs; they are variables of a Python session that you drive. Answer with one
block of Python in a ```python fence. It is run, you see what it printed, and you go on. Variables
and functions that you define stay.
- Look at the inputs with code: slice, search, split and count them.
- `llm_query(prompt, context=None)` asks a model that sees only what you give it;
  `llm_query_batched(prompts, contexts=None)` asks many at once. `rlm_query(prompt, context=None)`
  hands a task on to a session like yours.
- Print what you want to see; only the beginning of long output is shown.
- When you have the answer, call SUBMIT with it: `SUBMIT(value)`, or `SUBMIT(field=value, …)` for
  a record. Pass variables rather than typing long values."""
SEEN = "- You see the images themselves; code has none of them, and no model that it asks."
WORDS = {
    "variables": "The variables: name, type, size, how each begins.",
    "tools": "Functions besides those above, and what this Python has not.",
    "history": "What was run so far, and what it printed.",
    "turn": "Which turn this is, and what may still be asked.",
}


def turn_of(prompt: Prompt) -> Prompt:
    """The prompt of a turn: what was seen so far in, code out."""
    images = seen_by(prompt)
    rules = f"{RULES}\n{SEEN}" if images else RULES
    made = _text(prompt, "", f"{prompt.task}\n\n{rules}", tuple(WORDS))
    return _tuned(replace(made, params=(*made.params, *images.values())), prompt, "turn")


def seen_by(prompt: Prompt) -> dict[str, Param]:
    """The parameters that hold images, as its turns and its last word show them, by their names."""
    images = (p for p in prompt.params if has_images(p.type))
    return {p.name: replace(p, name=f"{p.name}_" if p.name in WORDS else p.name) for p in images}


def _tuned(made: Prompt, prompt: Prompt, part: str) -> Prompt:
    """What a tuning found for a part."""
    found = dict(prompt.tuned).get(part)
    return made if found is None else replace(made, task=found.task or made.task, demos=found.demos)


def last_of(prompt: Prompt) -> Prompt:
    """The prompt that must give the answer when the turns are used up."""
    task = f"{prompt.task}\n\nThe turns are used up. Give the answer from what was found so far."
    params = tuple(Param(n, TEXT, doc=WORDS[n]) for n in ("variables", "history"))
    params += tuple(seen_by(prompt).values())
    made = replace(prompt, task=task, params=params, checks=(), retry=0, repl=None, tuned=())
    return _tuned(made, prompt, "last")


def query_of(prompt: Prompt, other: Model | None = None) -> Prompt:
    """The prompt of a sub-call that code makes, of the usual model or of one that it names."""
    assert prompt.repl is not None
    made = _text(prompt, "_query", "Do what the request says, with the context alone.", ())
    params = (Param("request", TEXT), Param("context", TEXT))
    made = replace(made, model=other or prompt.repl.sub or prompt.model, params=params, doc="")
    return _tuned(made, prompt, query_part(other))


def query_part(other: Model | None = None) -> str:
    """The part of a sub-call, by which its predictor and its bound are known."""
    return "query" if other is None else f"query.{other.name}"


def child_of(prompt: Prompt) -> Prompt:
    """The free-form prompt that `rlm_query` hands a task to, one level down."""
    assert prompt.repl is not None
    caps = replace(prompt.repl, depth=prompt.repl.depth - 1, session="", conversation=0)
    made = _text(prompt, "_child", "Do what the variable `request` says.", ())
    params = (Param("request", TEXT), Param("context", TEXT))
    tuned = [(k.removeprefix("child."), t) for k, t in prompt.tuned if k.startswith("child.")]
    tuned += [(k, t) for k, t in prompt.tuned if k.partition(".")[0] == "query"]
    return replace(made, params=params, doc="", repl=caps, tuned=tuple(tuned))


def free_prompts(prompt: Prompt) -> dict[str, Prompt]:
    """All prompts of a free-form node by the part their predictors have."""
    child = child_of(prompt)
    others = prompt.repl.others if prompt.repl is not None else ()
    return {
        "turn": turn_of(prompt),
        "last": last_of(prompt),
        "query": query_of(prompt),
        **{query_part(m): query_of(prompt, m) for m in others},
        "child.turn": turn_of(child),
        "child.last": last_of(child),
    }


def described(prompt: Prompt) -> int:
    """The most tok that descriptions of variables and tools take."""
    caps = prompt.repl
    own = called_by_code(caps) if caps is not None else ()
    tools = max(0, len(caps.tools) - len(own)) if caps is not None else 0
    told = sum(max(TOLD if is_remote(p) else 200, _tok(signature(p))) for p in own)
    told += len(models_told(prompt).encode())
    limits = sum(_tok(n) + 50 for n, _ in caps.most) if caps is not None else 0
    return len(prompt.params) * (PREVIEW * 2 + 100) + tools * 200 + told + limits + 300


def models_told(prompt: Prompt) -> str:
    """What a model is told of those that its code may ask; nothing where there is one."""
    caps = prompt.repl
    if caps is None or not caps.others:
        return ""
    usual = (caps.sub or prompt.model).name
    names = ", ".join(f"{m.name!r}" for m in caps.others)
    called = "llm_query(…, model=NAME), llm_query_batched(…, model=NAME)"
    return f"{called}  # asks {names} in place of {usual!r}"


def _tok(text: str) -> int:
    return len(text.encode()) // 2 + 1


def called_by_code(caps: Repl) -> tuple[AnyTool, ...]:
    """What code may call besides the built-in tools."""
    return (*caps.prompts, *caps.patterns, *caps.functions)


def is_remote(tool: AnyTool) -> bool:
    """Whether a server alone knows what a tool takes."""
    return isinstance(tool, HostFunction) and bool(tool.server)


def signature(tool: AnyTool) -> str:
    """A prompt, pattern or function as a function that code may call."""
    doc = f"  # {tool.doc.splitlines()[0]}" if tool.doc else ""
    if isinstance(tool, HostFunction):
        free = {n: f" = {shown}" for n, shown in tool.free}
        params = [f"{p.name}: {spelled(p.type)}{free.get(p.name, '')}" for p in tool.params]
        return f"{tool.name}({', '.join(params)}) -> {spelled(tool.result)}{doc}"
    params = [f"{p.name}: {p.type}" for p in tool.params]
    return f"{tool.name}({', '.join(params)}) -> {tool.result}{doc}"


def spelled(type_: Type) -> Type:
    """A type as it is told where nothing else says what a record holds: its fields for its name."""
    if isinstance(type_, RecordType):
        fields = tuple(Field(f.name, spelled(f.type)) for f in type_.fields)
        return replace(type_, name="", fields=fields)
    return replace(type_, of=spelled(type_.of)) if isinstance(type_, Listed) else type_


def _text(prompt: Prompt, suffix: str, task: str, params: tuple[str, ...]) -> Prompt:
    made = tuple(Param(n, TEXT, doc=WORDS[n]) for n in params)
    return Prompt(
        prompt.name + suffix, made, TEXT, None, task, prompt.model, prompt.doc, prompt.settings
    )
