"""The names visible inside a body, and the problems found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rlmlang.check.module import Module
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, Label, error
from rlmlang.diagnostics.source import Span
from rlmlang.ir.expressions import Constant, Expr, Ref
from rlmlang.ir.recipe import Facts, Operation, Prompt, Step
from rlmlang.ir.types import Type
from rlmlang.ir.walk import free_names, names
from rlmlang.schema.formula import Sizes
from rlmlang.schema.registry import Find
from rlmlang.syntax import tree as t

UNKNOWN = Facts()
Inferred = tuple[Expr, Facts]
NOTHING: Inferred = (Constant(None), UNKNOWN)


@dataclass
class Binding:
    """What a name stands for: an expression with its facts, or a prompt given as a parameter."""

    value: Expr
    facts: Facts
    span: Span | None = None
    prompt: Prompt | None = None
    used: bool = False


NAMED = "Every step has a name: it is the cache key, the trace span, the resume point."

StepRule = Callable[["Scope", str, t.Expr, Type], Inferred]


def no_step(scope: Scope, name: str, e: t.Expr, want: Type) -> Inferred:
    """The rule where no step may stand, as in a prompt's check."""
    scope.report(unnamed(e))
    return NOTHING


def unnamed(e: t.Node) -> Diagnostic:
    """A step inside an expression."""
    what, reason = "a step that calls a model", NAMED
    if isinstance(e, t.Verb):
        what = f"a step, `{e.word}`,"
        if e.pure:
            what = "a step that would be carried out for each item"
            reason = "A step is carried out once; what depends on `it` is no step."
    return error(
        "unnamed-step",
        f"{what} stands inside an expression",
        e.span,
        reason=reason,
        hint="give it its own line: `let name = …`, and use the name here",
    )


@dataclass
class Scope:
    """Names in reach. `prefix` is put before the steps of an inlined pattern."""

    module: Module
    names: dict[str, Binding] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    prefix: str = ""
    within: str = ""  # the step that the steps of this body are parts of
    losses: dict[str, Label] = field(default_factory=dict)  # where a step gave up coverage
    calling: tuple[str, ...] = ()
    called_at: tuple[Span, ...] = ()  # the calls of patterns that led here, the nearest first
    certain: frozenset[Expr] = frozenset()  # what was tested not to be none
    hint: str = ""  # what else can be done about every problem
    repeated: bool = False  # in what is computed again and again, where no step may stand
    current: str = ""  # the step that is being checked
    step: StepRule = no_step  # adds the steps of what is written to the body

    @property
    def over_items(self) -> bool:
        """Whether an expression here has a value for each item, which `it` names."""
        it = self.names.get("it")
        return it is not None and it.value == Ref("it")

    def report(self, problem: Diagnostic) -> None:
        """Keeps a problem."""
        if self.hint:
            words = "; ".join(h for h in (self.hint, problem.hint) if h)
            problem = replace(problem, hint=words)
        self.module.report(problem)

    def bind(self, name: str, value: Expr, facts: Facts, span: Span | None = None) -> None:
        """Gives a name a meaning."""
        self.names[name] = Binding(value, facts, span)
        if span is not None:
            self.module.library.facts[span] = facts

    def inner(self, **names: Inferred) -> Scope:
        """A scope with a few more names, such as `it`; steps still go to the same body."""
        more = {k: Binding(v, f, used=True) for k, (v, f) in names.items()}
        return replace(self, names=_Chained(self.names, more))

    def add(
        self,
        name: str,
        work: Operation,
        known: Mapping[Expr, Facts],
        node: t.Node,
        parts: Mapping[str, Facts] | None = None,
    ) -> Inferred:
        """A step of the body, and the reference to it. `known` are the facts of the expressions in
        it, `parts` those of the steps that it is made of."""
        full = self.prefix + name
        facts = self._facts(work, known, node, parts or {})
        needs = free_names(work)
        places = (node.span.place, *(span.place for span in self.called_at))
        step = Step(full, work, facts, needs, within=self.within, places=places)
        self.steps.append(step)
        return Ref(full), facts

    def _facts(
        self, work: Operation, known: Mapping[Expr, Facts], node: t.Node, parts: Mapping[str, Facts]
    ) -> Facts:
        """What follows for the value of a step. What does not go together has been reported, or is
        here."""
        library = self.module.library
        try:
            return work.facts(
                GivenHere(known, parts, library.grain, library.sizes, library.plugins.find)
            )
        except CodedError as problem:
            found = problem.diagnostic
            library.asked = True
            if not any(d.severity == "error" for d in library.diagnostics):
                self.report(error("wrong-type", found.message, node.span, reason=found.reason))
            return UNKNOWN

    def inside(self, name: str) -> Scope:
        """The scope of what a step of the body is made of."""
        full = self.prefix + name
        return replace(self, names=dict(self.names), steps=[], prefix=f"{full}.", within=full)

    def lost_at(self, value: Expr) -> Label | None:
        """Where the items that a value may miss were given up: the nearest step it depends on."""
        needs = {s.name: s.needs for s in self.steps}
        waiting = list(names(value))
        for name in waiting:
            if name in self.losses:
                return self.losses[name]
            parts = (s.name for s in self.steps if s.within == name)
            waiting += [n for n in (*needs.get(name, ()), *parts) if n not in waiting]
        return None

    def lookup(self, name: str) -> Binding | None:
        """What a name means here, marking it as used."""
        found = self.names.get(name)
        if found is not None:
            found.used = True
        return found


@dataclass(frozen=True)
class GivenHere:
    """What a step is given, as far as the checker has found it."""

    known: Mapping[Expr, Facts]
    parts: Mapping[str, Facts]
    grain: int
    sizes: Sizes
    find: Find

    def of(self, e: Expr, it: Facts | None = None) -> Facts:
        """The facts of an expression of the step."""
        return self.known.get(e, UNKNOWN)


class _Chained(dict[str, Binding]):
    """The outer names with some more; bindings are shared, so that use is seen outside."""

    def __init__(self, outer: dict[str, Binding], more: dict[str, Binding]) -> None:
        super().__init__({**outer, **more})
