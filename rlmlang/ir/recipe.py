"""The checked recipe: what `check` gives and everything later reads. Values only, no places."""

from __future__ import annotations

from dataclasses import field

from rlmlang.ir.expressions import Expr, Param
from rlmlang.ir.types import ANY, Type
from rlmlang.schema.formula import ONE, ZERO, Formula
from rlmlang.schema.partitions import Coverage
from rlmlang.value import Frozen, value

# ── declarations ─────────────────────────────────────────────────────────────


@value
class Model(Frozen):
    """A role. Sizes in tok; `price` in dollars per million tok, in and out, None if not given."""

    name: str = ""
    default: str = ""
    context: int = 128_000
    output: int = 1_000
    temperature: float = 0.0
    price: tuple[float, float] | None = None
    declared: bool = False


@value
class Repl(Frozen):
    """The caps of a free-form node: `shown` in bytes, `cpu` and `wall` in seconds, `memory` in
    bytes; `prompts` and `patterns` are those that code may call, `sandbox` the tiers, empty where
    left open."""

    iters: int = 12
    calls: int = 30
    depth: int = 1
    shown: int = 4_000
    sub: Model | None = None
    sub_input: int | None = None
    tools: tuple[str, ...] = ()
    cpu: float = 20.0
    memory: int = 256_000_000
    wall: float | None = None
    tokens: int | None = None
    usd: float | None = None
    prompts: tuple[Prompt, ...] = ()
    sandbox: tuple[str, ...] = ()
    patterns: tuple[Tool, ...] = ()


@value
class Tool(Frozen):
    """A pattern that code may call: its steps, each named `pattern.step`, and what it returns."""

    name: str
    params: tuple[Param, ...]
    result: Type
    steps: tuple[Step, ...]
    value: Expr
    doc: str = field(default="", compare=False)


Demo = tuple[tuple[str, object], ...]
"""A worked example: the prompt's fields and `result`, by name."""


@value
class Tuned(Frozen):
    """What a tuning found for a predictor: its task, empty where it stays, and demonstrations."""

    task: str = ""
    demos: tuple[Demo, ...] = ()


@value
class Prompt(Frozen):
    """A typed call to a model; `tuned` is what was found for the roles of a free-form one."""

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


@value
class Source(Frozen):
    """Where a context comes from; `base` is the file that declares it."""

    name: str
    kind: str
    type: Type
    location: str = ""
    options: tuple[tuple[str, object], ...] = ()
    max: int | None = None
    base: str = field(default="", compare=False)


@value
class Partition(Frozen):
    """A strategy with its arguments; gather adds neighbours, in tok."""

    strategy: str
    arguments: tuple[tuple[str, object], ...]
    before: int = 0
    after: int = 0

    @property
    def options(self) -> dict[str, object]:
        """The arguments as a dictionary."""
        return dict(self.arguments)


@value
class Budget(Frozen):
    """Declared limits; None means none. `default` when the recipe declared no budget."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    wall: float | None = None
    depth: int | None = None
    parallel: int | None = None
    default: bool = False


# ── steps ────────────────────────────────────────────────────────────────────


@value
class Facts(Frozen):
    """What is known of a value: its type, its size in tok, its items, how much of it there is.

    `inner` is the count of items in each item of a nested list; `origins` are the sources it was
    cut from. `fields` holds the coverage of each field of a record made of lists by its path, as
    `halves.kept`; the record has the weakest. `told` says that a model said some of it."""

    type: Type = ANY
    size: Formula = ZERO
    count: Formula = ONE
    item: Formula = ZERO
    inner: Formula = ONE
    coverage: Coverage = "exact"
    origins: frozenset[str] = frozenset()
    fields: tuple[tuple[str, Coverage], ...] = ()
    told: bool = False


@value
class Ask(Frozen):
    """A prompt with its arguments; `element` is the parameter that takes the item, if any.
    `told` are the parameters that are given what a model has said before."""

    prompt: Prompt
    args: tuple[tuple[str, Expr], ...]
    element: str = ""
    told: frozenset[str] = field(default=frozenset(), compare=False)


@value
class OnError(Frozen):
    """What to do with an item that fails: `fail`, or leave out at most a fraction of them."""

    skip: bool = False
    at_most: float = 0.0


@value
class Compute(Frozen):
    """Pure code."""

    value: Expr


@value
class Split(Frozen):
    """`split x by strategy`."""

    subject: Expr
    partition: Partition


@value
class Search(Frozen):
    """`search x for query by bm25(…)`."""

    subject: Expr
    query: Expr
    method: str
    options: tuple[tuple[str, object], ...]


@value
class Call(Frozen):
    """One prompt call."""

    ask: Ask


@value
class Map(Frozen):
    """`map xs with p(…)`."""

    subject: Expr
    ask: Ask
    parallel: int | None = None
    on_error: OnError = OnError()
    stop: Expr | None = None


@value
class Filter(Frozen):
    """With a prompt that answers true or false, or with a condition; `keep_rest` gives both."""

    subject: Expr
    ask: Ask | None
    where: Expr | None
    keep_rest: bool = False
    parallel: int | None = None
    on_error: OnError = OnError()


@value
class Reduce(Frozen):
    """`reduce xs with p(…) { fanin: 8 }`."""

    subject: Expr
    ask: Ask
    fanin: int = 8
    parallel: int | None = None


@value
class Cross(Frozen):
    """`cross xs, ys by bm25(…)`."""

    left: Expr
    right: Expr
    method: str
    options: tuple[tuple[str, object], ...]


SEEN = 1_000


@value
class Recurse(Frozen):
    """`recurse x { … }`; sizes in tok. A prune sees the first `see` tok of a part."""

    subject: Expr
    leaf_size: int
    leaf: Ask
    branch: Partition
    join: Ask
    depth: int
    prune: Ask | None = None
    keep: tuple[int, int] | None = None
    fanin: int = 8
    see: int = SEEN
    on_error: OnError = OnError()


@value
class Rung(Frozen):
    """One rung of a ladder."""

    name: str
    steps: tuple[Step, ...]
    result: Expr


@value
class Ladder(Frozen):
    """`ladder accept (…) { … }`."""

    accept: Expr
    rungs: tuple[Rung, ...]


@value
class Require(Frozen):
    """A condition that must hold for the run to go on."""

    test: Expr
    words: str


Work = Compute | Split | Search | Call | Map | Filter | Reduce | Cross | Recurse | Ladder | Require


@value
class Step(Frozen):
    """A named step. `needs` are the names it reads; `when` says if it runs at all. `facts` follow
    from what is bound, `line` is where it stands: neither is part of what it is."""

    name: str
    work: Work
    facts: Facts = field(compare=False)
    needs: tuple[str, ...] = ()
    when: tuple[Expr, bool] | None = None
    assumed: str = ""
    doc: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def verb(self) -> str:
        """The word of the language for what it does."""
        return type(self.work).__name__.lower()


@value
class Recipe(Frozen):
    """A checked recipe: every name bound, every step typed and sized."""

    name: str
    params: tuple[Param, ...]
    result: Type
    result_max: int | None
    steps: tuple[Step, ...]
    budget: Budget
    sources: tuple[Source, ...] = ()
    defaults: tuple[tuple[str, Expr], ...] = ()
    path: str = field(default="", compare=False)
    doc: str = field(default="", compare=False)

    def step(self, name: str) -> Step:
        """The step of that name. Raises KeyError."""
        return next(s for s in self.steps if s.name == name)
