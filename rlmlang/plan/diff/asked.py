"""Which steps of a plan ask what another plan has not asked, as far as the plans alone say it.

A request is known by its content: a step that has another name, or stands elsewhere, asks the same.
So each node has a digest of all that its requests follow from, itself and what it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from rlmlang.ir.expressions import Code, Param
from rlmlang.ir.recipe import Model, Prompt, Step
from rlmlang.ir.walk import changed, renamed, show
from rlmlang.plan.diff.said import Codes
from rlmlang.plan.encoding import encode
from rlmlang.plan.graph import inside_out
from rlmlang.plan.plan import Plan
from rlmlang.plan.serialize import hash_of, plain

NO_MODEL = Model("", "", 0, 0, 0.0)


@dataclass(frozen=True)
class Digest:
    """What the requests of a node follow from: `own`, empty where it asks nothing, is the prompt
    with its model and settings, `whole` all of it with what comes in."""

    own: str
    whole: str


@dataclass(frozen=True)
class Asked:
    """A step whose requests are not all those of before. Where it is `sure`, none is: the prompt,
    the model or its settings are others. Else those are whose items come out differently."""

    step: str
    sure: bool
    because: str


def asked_again(before: Plan, after: Plan, old: Codes, new: Codes) -> tuple[Asked, ...]:
    """The steps of the second plan that ask something anew, in its order."""
    known, now = digests(before, old).values(), digests(after, new)
    wholes, owns = {d.whole for d in known}, {d.own for d in known}
    names = {n.id for n in before.nodes}
    found = []
    for node in after.nodes:
        made = now[node.id]
        if not made.own or made.whole in wholes:
            continue
        sure = made.own not in owns
        why = "its request" if sure and node.id in names else "new" if sure else "what comes in"
        found.append(Asked(node.id, sure, why))
    return tuple(found)


def digests(plan: Plan, codes: Codes) -> Mapping[str, Digest]:
    """The digest of each node by its id."""
    found: dict[str, Digest] = {}
    for id in inside_out(plan.graph):
        node = plan.by_id[id]
        reads = {port: found[source].whole for port, source in node.inputs.items()}
        ask = node.step.work.asked
        own = "" if ask is None else _request(ask.prompt, plan, codes)
        work = renamed(_content(node.step, own, codes), reads)
        when = renamed(node.step.when, reads)
        parts = [found[part].whole for part in node.parts]
        cut_by = plan.binding.measure if node.step.work.kind == "cuts" else ""
        default = reads.get("default", "")
        found[id] = Digest(own, hash_of((work, when, parts, default, cut_by)))
    return found


def _content(step: Step, own: str, codes: Codes) -> object:
    """What a step does, without what changes no request: names, and how many go at a time."""

    def reduced(part: object) -> object | None:
        if isinstance(part, Prompt):
            return (own, *map(show, part.checks))
        if isinstance(part, Param):
            return replace(part, doc="")
        return replace(part, pin=_pin(part, codes)) if isinstance(part, Code) else None

    work = step.work
    if any(f.name == "parallel" for f in fields(work)):
        work = replace(work, parallel=None)
    return changed(work, reduced)


def _request(prompt: Prompt, plan: Plan, codes: Codes) -> str:
    """The digest of what a prompt sends besides the values of its parameters."""
    bare = replace(
        prompt, name="", checks=(), retry=0, model=NO_MODEL, repl=None, module=None, settings=()
    )
    settings = dict(prompt.settings)
    settings.pop("parallel", None)
    parts: list[object] = [encode(bare), plain(settings), _model(prompt.model, plan)]
    if prompt.module is not None:
        module = prompt.module
        pins = [_pin(c, codes) for c in (module.code, *module.tools) if c is not None]
        parts += [plain(module), pins]
    if prompt.repl is not None:
        repl = prompt.repl
        stripped = replace(repl, sub=None, others=(), prompts=())
        models = [_model(m, plan) for m in (repl.sub, *repl.others) if m is not None]
        told = [(f.doc, _pin(f.code, codes) if f.code else "") for f in repl.functions]
        inner = [(p.name, _request(p, plan, codes)) for p in repl.prompts]
        parts += [plain(stripped), models, told, inner, [t.doc for t in repl.patterns]]
    return hash_of(parts)


def _model(model: Model, plan: Plan) -> tuple[object, ...]:
    """What is sent of a model."""
    sent = (model.output, model.temperature, model.top_p, model.seed, model.answer)
    return (plan.binding.endpoint, plan.binding.model(model).name, *sent, plain(model.takes))


def _pin(code: Code, codes: Codes) -> str:
    return codes.get(code.path, code.pin)
