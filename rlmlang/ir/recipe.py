"""The checked recipe: what `check` gives and everything later reads. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Literal, Protocol

from rlmlang.diagnostics.source import Place
from rlmlang.ir.binding import Binding
from rlmlang.ir.bounds import Bound
from rlmlang.ir.declarations import Budget as Budget
from rlmlang.ir.declarations import Demo as Demo
from rlmlang.ir.declarations import OfModel as OfModel
from rlmlang.ir.declarations import OnError as OnError
from rlmlang.ir.declarations import Partition as Partition
from rlmlang.ir.declarations import Source as Source
from rlmlang.ir.declarations import Tuned as Tuned
from rlmlang.ir.dspy_modules import DspyModule as DspyModule
from rlmlang.ir.expressions import Default, Expr, Items, Param, Ref
from rlmlang.ir.facts import Facts as Facts
from rlmlang.ir.facts import Given
from rlmlang.ir.host_functions import HostFunction as HostFunction
from rlmlang.ir.models import Model as Model
from rlmlang.ir.sizes import answer_size, shown_size
from rlmlang.ir.types import Type
from rlmlang.schema.formula import ONE, ZERO, Formula, minimum, number
from rlmlang.schema.partitions import Coverage
from rlmlang.schema.registry import ALONE, Find
from rlmlang.value import LATER, Frozen, value

# ── declarations ─────────────────────────────────────────────────────────────


@value
class Repl(Frozen):
    """The caps of a free-form node: `shown` in bytes, `cpu` and `wall` in seconds, `memory` in
    bytes; `prompts`, `patterns` and `functions` are those that code may call, `most` how often each
    of some tools may be called in a session; `sandbox` has the tiers, empty where left open.
    `errors` turns in a row may fail, any number where it is None. `others` are models that calls
    from code may name besides `sub`. `session` is the parameter that holds what an earlier session
    left, of which `conversation` bytes are shown; empty where there is none."""

    iters: int
    calls: int
    depth: int
    shown: int
    cpu: float
    memory: int
    sub: Model | None = None
    sub_input: int | None = None
    tools: tuple[str, ...] = ()
    wall: float | None = None
    tokens: int | None = None
    usd: float | None = None
    prompts: tuple[Prompt, ...] = ()
    sandbox: tuple[str, ...] = ()
    patterns: tuple[Tool, ...] = ()
    functions: tuple[HostFunction, ...] = field(default=(), metadata=LATER)
    most: tuple[tuple[str, int], ...] = field(default=(), metadata=LATER)
    errors: int | None = field(default=None, metadata=LATER)
    others: tuple[Model, ...] = field(default=(), metadata=LATER)
    session: str = field(default="", metadata=LATER)
    conversation: int = field(default=0, metadata=LATER)


@value
class Tool(Frozen):
    """A pattern that code may call: its steps, each named `pattern.step`, and what it returns."""

    name: str
    params: tuple[Param, ...]
    result: Type
    steps: tuple[Step, ...]
    value: Expr
    doc: str = field(default="", compare=False)


@value
class Prompt(Frozen):
    """A typed call to a model; `tuned` is what was found for the parts of a free-form one, and for
    the predictors of one that a `module` answers."""

    name: str
    params: tuple[Param, ...]
    result: Type
    result_max: int | None
    task: str
    model: Model
    doc: str = ""
    settings: tuple[tuple[str, object], ...] = ()
    checks: tuple[Expr, ...] = ()
    retry: int = 0
    think: bool = False
    repl: Repl | None = None
    demos: tuple[Demo, ...] = ()
    tuned: tuple[tuple[str, Tuned], ...] = ()
    answer: str = "auto"
    module: DspyModule | None = field(default=None, metadata=LATER)

    @property
    def one_call(self) -> bool:
        """Whether each attempt at an answer is one call: of no session, and of no module."""
        return self.repl is None and self.module is None

    @property
    def selects(self) -> bool:
        """Whether code decides what of its inputs a model is shown: that of a session, or that of a
        module of the user's."""
        return self.repl is not None or (self.module is not None and self.module.code is not None)

    @cached_property
    def written(self) -> int:
        """The most tokens of one answer, without what its model thinks of itself: what its type
        needs. Reasons that are asked for, and code, are as long as `output` allows."""
        free = self.think or self.repl is not None or self.module is not None
        output = self.model.output
        return output if free else answer_size(self.result, self.result_max, output)


# ── steps ────────────────────────────────────────────────────────────────────


@value
class Ask(Frozen):
    """A prompt with its arguments; `element` is the parameter that takes the item, if any.
    `told` are the parameters that are given what a model has said before."""

    prompt: Prompt
    args: tuple[tuple[str, Expr], ...]
    element: str = ""
    told: frozenset[str] = field(default=frozenset(), compare=False)


Kind = Literal["given", "computes", "cuts", "asks", "joins", "chooses"]


class Operation(Frozen):
    """What a step does. Each verb is a class of its own in `verbs/`; whatever goes through a recipe
    or a plan asks here, and so names none of them."""

    verb: ClassVar[str] = ""
    kind: ClassVar[Kind] = "computes"
    recorded: ClassVar[bool] = True
    """Whether a run records that it began and ended."""

    @property
    def makes_items(self) -> bool:
        """Whether it gives items one by one, which a reader may take while more are made."""
        return False

    @property
    def halves(self) -> bool:
        """Whether it gives what it took in two parts."""
        return False

    @property
    def has_body(self) -> bool:
        """Whether its parts are the steps of a body, of which only those run that it reads."""
        return False

    @property
    def repeats(self) -> bool:
        """Whether its parts are carried out once for each item."""
        return False

    @property
    def levels(self) -> int:
        """How deep its calls may lie, one below another."""
        return 1

    @property
    def asked(self) -> Ask | None:
        """The prompt that the step itself puts to a model."""
        return None

    @property
    def streamed(self) -> Expr | None:
        """What it can take item by item."""
        return None

    @property
    def items(self) -> Expr | None:
        """What it shows to a model piece by piece."""
        return None

    @property
    def shown_by(self) -> str:
        """The part that shows them; empty where the step itself does."""
        return ""

    @property
    def cut_from(self) -> object:
        """The expressions whose sources its value is still cut from, no model being between."""
        return None if self.asked is not None else self

    @property
    def decides(self) -> bool:
        """Whether it may leave parts of an item to code, which then decides of them."""
        return False

    @property
    def condition(self) -> str:
        """What the items that it lets pass have passed, as it is written; empty where it turns
        none away."""
        return ""

    def facts(self, given: Given) -> Facts:
        """What is known of the value that it gives. Raises CodedError (plan-unsound) where what
        it is given does not fit."""
        raise NotImplementedError

    def bound(self, known: Known) -> Bound:
        """What it may take, in calls, tok, dollars and rounds."""
        raise NotImplementedError

    def shares(self, known: Known) -> Mapping[str, Bound]:
        """What of its bound falls to its parts, where they are asked many times."""
        return {}

    def times(self, known: Known) -> tuple[Formula, Formula]:
        """How often its parts are carried out at most, and at least."""
        return ONE, ONE

    def least(self, known: Known) -> Formula:
        """A lower bound of the items it gives; sound only where real sizes are bound."""
        return ZERO

    def words(self) -> str:
        """The step in a few words, as the plan's table shows it."""
        raise NotImplementedError

    def shows_whole(self, port: str) -> Coverage | None:
        """How it shows what comes in by a port, where that is not one of its items."""
        return None


@dataclass(frozen=True)
class Part:
    """A step that another is made of, with what is known of its inputs and what it may take."""

    step: Step
    known: Known
    bound: Bound


class FactsOf(Protocol):
    """What knows the facts of expressions."""

    def of(self, e: Expr) -> Facts:
        """The facts of an expression. Raises CodedError (plan-unsound)."""

    def about(self, it: Facts) -> FactsOf:
        """The same where `it` names an item."""


@dataclass(frozen=True)
class Known:
    """What is known of a step's inputs by the names it reads them by: `facts`, and in `least` a
    lower bound of their items, for those that have one; of the steps it is made of, and of what is
    bound. `names` gives the facts of expressions over those names, `distinct` a lower bound of the
    items that differ, for those that were looked through."""

    facts: Mapping[str, Facts]
    least: Mapping[str, Formula]
    binding: Binding
    parts: Mapping[str, Part] = field(default_factory=dict)
    find: Find = ALONE.find
    names: FactsOf | None = None
    distinct: Mapping[str, Formula] = field(default_factory=dict)

    def of(self, e: Expr | None) -> Facts:
        """The facts of an expression; of none, no items. Raises CodedError (plan-unsound)."""
        if isinstance(e, Ref) and e.name in self.facts:
            return self.facts[e.name]
        if e is None or self.names is None:
            return Facts(size=ZERO, count=ZERO)
        return self.names.of(e)

    def about(self, it: Facts) -> Known:
        """The same where `it` names an item."""
        return self if self.names is None else replace(self, names=self.names.about(it))

    def least_of(self, e: Expr | None) -> Formula:
        """A lower bound of the items in a list: sound only where the real size is bound."""
        if isinstance(e, Items):
            return number(len(e.items))
        return self.least.get(e.name, ZERO) if isinstance(e, Ref) else ZERO

    def distinct_of(self, e: Expr | None) -> Formula:
        """A lower bound of the items in a list that differ: those that are equal are asked about
        once, so where nobody has looked, it is one."""
        least = self.least_of(e)
        if self.binding.all_differ:
            return least
        known = self.distinct.get(e.name) if isinstance(e, Ref) else None
        return known if known is not None else minimum(least, 1)

    def size_of(self, e: Expr) -> Formula:
        """The most tok an expression may come to when it is shown."""
        return shown_size(self.of(e))


@value
class Step(Frozen):
    """A named step. `needs` are the names it reads; `when` says if it runs at all; `within` is the
    step that it is a part of. `facts` follow from what is bound, `places` are where it stands, and
    where the patterns that it came from were called, the nearest first: neither is part of what it
    is."""

    name: str
    work: Operation
    facts: Facts = field(compare=False)
    needs: tuple[str, ...] = ()
    when: tuple[Expr, bool] | None = None
    assumed: str = ""
    within: str = ""
    places: tuple[Place, ...] = field(default=(), compare=False)

    @property
    def verb(self) -> str:
        """The word of the language for what it does."""
        return self.work.verb


@value
class Interface(Frozen):
    """What a recipe takes and gives, and the limits it sets itself: all but its steps. `packages`
    are those that its file uses, as `NAME@VERSION` and their hash."""

    name: str
    params: tuple[Param, ...]
    result: Type
    result_max: int | None
    budget: Budget
    sources: tuple[Source, ...] = ()
    defaults: tuple[tuple[str, Default], ...] = ()
    path: str = field(default="", compare=False)
    doc: str = field(default="", compare=False)
    packages: tuple[tuple[str, str], ...] = field(default=(), metadata=LATER)


@value
class Recipe(Interface):
    """A checked recipe: every name bound, every step typed and sized. Steps that are parts of one
    follow it."""

    steps: tuple[Step, ...] = ()
