"""What a plan says, part by part and field by field, and what two plans say differently.

Parts are told apart by their kind and name: a text that is laid out in another way, or whose
declarations stand in another order, says the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rlmlang.ir.expressions import Code, Default, FromEnv, Param
from rlmlang.ir.recipe import Interface, Model, Prompt, Repl
from rlmlang.ir.types import Type
from rlmlang.ir.walk import changed, predictors, show
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan
from rlmlang.plan.serialize import plain
from rlmlang.schema.dimensions import DIMENSIONS

Codes = Mapping[str, str]
"""The sha256 of the Python files that a recipe names, by how it writes them."""
Fields = dict[str, str]
WORK = "definition"
"""The field of a step that is told only where nothing shorter says what changed."""


@dataclass(frozen=True)
class Field:
    """One field of a part; empty on the side that does not have it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """A part that only one of two plans has, or that they say differently: its `kind` (prompt,
    step, model, …), its name, and the fields that differ."""

    kind: str
    name: str
    how: str
    fields: tuple[Field, ...]


def changes(before: Plan, after: Plan, old: Codes, new: Codes) -> tuple[Change, ...]:
    """What two plans say differently, in the order of the second."""
    was, now = said(before, old), said(after, new)
    found = (_change(*key, was.get(key), now.get(key)) for key in dict.fromkeys((*now, *was)))
    return tuple(c for c in found if c is not None)


def said(plan: Plan, codes: Codes) -> dict[tuple[str, str], Fields]:
    """What a plan says: the fields of each part, by its kind and name."""
    found = _interface(plan.recipe), _models(plan), _prompts(plan), _codes(codes), _steps(plan)
    return dict(part for parts in found for part in parts)


def _change(kind: str, name: str, was: Fields | None, now: Fields | None) -> Change | None:
    old, new = was or {}, now or {}
    names = [n for n in dict.fromkeys((*new, *old)) if old.get(n, "") != new.get(n, "")]
    if was is not None and now is not None and not names:
        return None
    if names != [WORK]:
        names = [n for n in names if n != WORK]
    how = "added" if was is None else "removed" if now is None else "changed"
    return Change(kind, name, how, tuple(Field(n, old.get(n, ""), new.get(n, "")) for n in names))


# ── parts ────────────────────────────────────────────────────────────────────

Part = tuple[tuple[str, str], Fields]


def _interface(recipe: Interface) -> Iterator[Part]:
    gives = _typed(recipe.result, recipe.result_max)
    yield ("recipe", recipe.name), {"gives": gives}
    defaults = dict(recipe.defaults)
    for p in recipe.params:
        default = _default(defaults[p.name]) if p.name in defaults else ""
        yield ("parameter", p.name), {"type": _typed(p.type, p.max), "default": default}
    for s in recipe.sources:
        options = {k: _json(v) for k, v in s.options}
        most = "" if s.max is None else str(s.max)
        yield (
            ("source", s.name),
            {"kind": s.kind, "type": str(s.type), "location": s.location, "max": most, **options},
        )
    limits = {d.name: getattr(recipe.budget, d.name, None) for d in DIMENSIONS}
    of_models = {f"{limit} of {model}": most for limit, model, most in recipe.budget.of_models}
    stated = {k: f"{v:,.12g}" for k, v in {**limits, **of_models}.items() if v is not None}
    yield ("budget", ""), stated
    for name, digest in recipe.packages:
        package, _, version = name.rpartition("@")
        yield ("package", package), {"version": version, "hash": digest}


def _models(plan: Plan) -> Iterator[Part]:
    models = {a.prompt.model.name: a.prompt.model for _, a in predictors(plan.steps)}
    for name, model in models.items():
        yield ("model", name), {"asks": plan.binding.model(model).name, **_fields_of(model)}


def _fields_of(model: Model) -> Fields:
    """What is declared of a model, but for its name and the one that it stands for."""
    return dict(_leaves(plain(replace(model, name="", default="", declared=False)), ""))


def _prompts(plan: Plan) -> Iterator[Part]:
    known: dict[str, Prompt] = {}
    for step, ask in predictors(plan.steps):
        inner = ask.prompt.repl.prompts if ask.prompt.repl is not None else ()
        for prompt in (ask.prompt, *inner):
            first = known.setdefault(prompt.name, prompt)
            name = prompt.name if first == prompt else f"{prompt.name} of {step}"
            yield ("prompt", name), _of_prompt(prompt)


def _of_prompt(prompt: Prompt) -> Fields:
    repl = prompt.repl and replace(
        prompt.repl, prompts=(), patterns=(), sub=None, others=(), functions=()
    )
    named = {} if prompt.repl is None else _named(prompt.repl)
    return {
        "task": prompt.task,
        "documentation": prompt.doc,
        "takes": ", ".join(map(_param, prompt.params)),
        "gives": _typed(prompt.result, prompt.result_max),
        "model": prompt.model.name,
        "check": "\n".join(map(show, prompt.checks)),
        "retry": str(prompt.retry or ""),
        "think": str(prompt.think or ""),
        "answer": prompt.answer,
        "examples": _json(prompt.demos),
        "tuned": _json(prompt.tuned),
        "module": _json(prompt.module),
        **{k: _json(v) for k, v in prompt.settings},
        **dict(_leaves(plain(repl), "repl")),
        **named,
    }


def _named(repl: Repl) -> Fields:
    """What code of a free-form prompt may call, and the models of its calls, by name."""
    models = (repl.sub, *repl.others) if repl.sub is not None else repl.others
    return {
        "repl.prompts": ", ".join(p.name for p in repl.prompts),
        "repl.patterns": ", ".join(t.name for t in repl.patterns),
        "repl.functions": ", ".join(f.name for f in repl.functions),
        "repl.models": ", ".join(m.name for m in models),
    }


def _codes(codes: Codes) -> Iterator[Part]:
    return ((("Python file", path), {"sha256": digest}) for path, digest in codes.items())


def _steps(plan: Plan) -> Iterator[Part]:
    for node in plan.nodes:
        if node.step.work.kind != "given":
            yield ("step", node.id), _of_step(node)


def _of_step(node: Node) -> Fields:
    when = node.step.when
    return {
        "does": f"{node.verb}: {node.words}" if node.words else node.verb,
        "type": node.type,
        "coverage": node.coverage,
        "when": "" if when is None else ("" if when[1] else "not ") + show(when[0]),
        "assumed": node.step.assumed,
        WORK: _json(changed(node.step.work, _by_name)),
    }


def _by_name(part: object) -> object | None:
    """Prompts and functions that stand in a step by their names: they are parts of their own."""
    return part.name if isinstance(part, Prompt | Code) else None


# ── texts ────────────────────────────────────────────────────────────────────


def _typed(type_: Type, most: int | None) -> str:
    return str(type_) if most is None else f"{type_} max {most:,}"


def _param(p: Param) -> str:
    return f"{p.name}: {_typed(p.type, p.max)}" + (f" /// {p.doc}" if p.doc else "")


def _default(value: Default) -> str:
    return f"env {value.variable}" if isinstance(value, FromEnv) else show(value)


def _json(value: object) -> str:
    """A value as JSON; empty for nothing."""
    made = plain(value)
    if made in (None, "", [], {}, ()):
        return ""
    return made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, sort_keys=True)


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """The values in an object by the names that lead to them."""
    if not isinstance(value, dict):
        text = _json(value)
        if text:
            yield path, text
        return
    for name, inner in value.items():
        if name != "is":
            yield from _leaves(inner, f"{path}.{name}" if path else name)
