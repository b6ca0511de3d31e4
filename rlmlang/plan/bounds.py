"""How many calls, tok, dollars and rounds a step may take: best, expected and worst.

Formulas: the design, section 2.4. Worst counts everything that may call a model: retries, checks,
extraction at the end of a REPL. Expected leaves retries out and takes answers at half their most.

Sizes are in tok. Worst is in the tokens of a provider: the most that it may count for a tok, and
what its chat template puts around messages. The other cases take a tok for a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import (
    Apply,
    Choose,
    CodeCall,
    Constant,
    Expr,
    Get,
    Items,
    Make,
    Not,
    Op,
    Ref,
)
from rlmlang.ir.repl_prompts import described, free_prompts, last_of, turn_of
from rlmlang.ir.request_sizes import AGAIN, frame_size, messages_of, template_size
from rlmlang.ir.sizes import GROWTH, MARK, shown_size
from rlmlang.ir.walk import all_steps, asks
from rlmlang.plan.bind import Binding, Price
from rlmlang.schema.formula import (
    ONE,
    ZERO,
    Formula,
    ceil_div,
    ceil_log,
    less_one,
    maximum,
    number,
    power,
)
from rlmlang.schema.partitions import STRATEGIES, around

TURN = 400  # what stands around the code and the output of a turn, and its errors


@dataclass(frozen=True)
class Cost:
    """One case. `usd` is None where a model has no known price."""

    calls: Formula = ZERO
    tokens_in: Formula = ZERO
    tokens_out: Formula = ZERO
    usd: Formula | None = ZERO

    def __add__(self, other: Cost) -> Cost:
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Cost(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            usd,
        )

    def bind(self, sizes: dict[str, int]) -> Cost:
        """With known sizes put in."""
        usd = self.usd.bind(sizes) if self.usd is not None else None
        return Cost(
            self.calls.bind(sizes), self.tokens_in.bind(sizes), self.tokens_out.bind(sizes), usd
        )


@dataclass(frozen=True)
class Bound:
    """A step's cost in three cases, its rounds one after another, and its depth."""

    best: Cost = field(default_factory=Cost)
    expected: Cost = field(default_factory=Cost)
    worst: Cost = field(default_factory=Cost)
    rounds: Formula = ZERO
    depth: int = 0

    def __add__(self, other: Bound) -> Bound:
        return Bound(
            self.best + other.best,
            self.expected + other.expected,
            self.worst + other.worst,
            self.rounds + other.rounds,
            max(self.depth, other.depth),
        )


Totals = Bound


@dataclass(frozen=True)
class Values:
    """What is known of the values a recipe's names stand for, before and after binding."""

    facts: dict[str, r.Facts]
    binding: Binding

    def of(self, e: Expr) -> r.Facts:
        """The facts of an expression that names a value; its own facts are looked up."""
        if isinstance(e, Ref) and e.name in self.facts:
            return self.facts[e.name]
        if isinstance(e, Items):
            count = number(len(e.items))
            return r.Facts(count=count, size=count)
        return r.Facts(size=ZERO, count=ZERO)


def bound_of(step: r.Step, values: Values) -> Bound:
    """The bound of one step."""
    made = _work(step.work, step, values)
    if step.when is not None:
        made = Bound(Cost(), made.expected, made.worst, made.rounds, made.depth)
    return made


def _work(work: r.Work, step: r.Step, values: Values) -> Bound:
    match work:
        case r.Call(ask):
            return _calls(ask, ONE, ONE, _inputs(ask, values), values, ONE)
        case r.Map(subject, ask):
            return _over(subject, ask, values, stops=work.stop is not None)
        case r.Filter(subject, r.Ask() as ask):
            return _over(subject, ask, values, stops=False)
        case r.Reduce():
            return _reduce(work, values)
        case r.Recurse():
            return _recurse(work, values)
        case r.Ladder():
            return _ladder(work, values)
    return Bound()


def _over(subject: Expr, ask: r.Ask, values: Values, *, stops: bool) -> Bound:
    """count × call."""
    facts = values.of(subject)
    least = ZERO if stops else least_count(subject, values)
    inputs = _inputs(ask, values) * facts.count + shown_size(facts)
    return _calls(ask, facts.count, least, inputs, values, ONE)


def _calls(
    ask: r.Ask, count: Formula, least: Formula, inputs: Formula, values: Values, rounds: Formula
) -> Bound:
    """`count` calls of a prompt whose inputs come to `inputs` tok in all."""
    prompt = ask.prompt
    if prompt.repl is not None:
        return _repl(prompt, prompt.repl, count, inputs, values)
    price, tries = values.binding.model(prompt.model).price, 1 + prompt.retry
    template = number(template_size(prompt))
    once = inputs + count * template
    again = number(prompt.model.output * GROWTH + AGAIN)
    worst_in = _sent(once * tries + again * count * prompt.retry, count * tries, [prompt], values)
    output = number(values.binding.output(prompt.model))
    return Bound(
        best=_cost(least, least * 100, least, price),
        expected=_cost(count, once, ceil_div(count * output, 2), price),
        worst=_cost(count * tries, worst_in, count * tries * output, price),
        rounds=rounds * tries,
        depth=1,
    )


def _sent(size: Formula, calls: Formula, prompts: Sequence[r.Prompt], values: Values) -> Formula:
    """The most tokens that a provider counts for calls of some prompts, of such a size in all."""
    messages = max(map(messages_of, prompts))
    return size * values.binding.most + calls * frame_size(messages)


def _reduce(work: r.Reduce, values: Values) -> Bound:
    """⌈(m−1)/(f−1)⌉ calls in ⌈log_f m⌉ rounds."""
    facts, fanin = values.of(work.subject), work.fanin
    calls = ceil_div(less_one(facts.count), fanin - 1)
    least = ceil_div(less_one(least_count(work.subject, values)), fanin - 1)
    item = maximum(facts.item, number(work.ask.prompt.model.output * GROWTH))
    inputs = calls * ((item + MARK * facts.inner) * fanin + _inputs(work.ask, values))
    if _skips_none(work, facts):
        least = ZERO
    return _calls(work.ask, calls, least, inputs, values, ceil_log(fanin, facts.count))


def _skips_none(work: r.Reduce, facts: r.Facts) -> bool:
    return facts.type.item.optional


def _recurse(work: r.Recurse, values: Values) -> Bound:
    """leaves·(1+r) + k·I·(1+r) + I·⌈(q−1)/(f−1)⌉·(1+r), I = (q^d−1)/(q−1)."""
    facts = values.of(work.subject)
    into = int(str(work.branch.options["into"]))
    slack = Fraction(str(work.branch.options.get("slack", 0.1)))
    keep = work.keep[1] if work.prune is not None and work.keep else into
    levels = ceil_log(
        number(Fraction(into) / (1 + 2 * slack)), facts.size * Fraction(1, work.leaf_size)
    )
    depth = levels.value(values.binding.sizes)
    deep = number(min(depth, work.depth) if depth is not None else work.depth)
    leaves = power(keep, deep)
    inner = _geometric(keep, deep)
    leaf_size = work.leaf_size + around(work.branch.before, work.branch.after)
    shown = leaves * (_inputs(work.leaf, values) + leaf_size)
    leaf = _calls(work.leaf, leaves, ONE, shown, values, ONE)
    joins = inner * ceil_div(keep - 1, work.fanin - 1)
    said = max(work.leaf.prompt.model.output, work.join.prompt.model.output)
    size = number(said * GROWTH * work.fanin)
    shown = joins * (_inputs(work.join, values) + size + MARK * work.fanin)
    join = _calls(work.join, joins, ZERO, shown, values, deep)
    total = leaf + join
    if work.prune is not None:
        seen = inner * into
        shown = seen * (_inputs(work.prune, values) + work.see)
        total = total + _calls(work.prune, seen, ZERO, shown, values, deep)
    known = deep.value()
    return Bound(total.best, total.expected, total.worst, total.rounds, total.depth + (known or 0))


def _geometric(keep: int, deep: Formula) -> Formula:
    if keep == 1:
        return deep
    return ceil_div(less_one(power(keep, deep)), keep - 1)


def _repl(prompt: r.Prompt, caps: r.Repl, count: Formula, inputs: Formula, values: Values) -> Bound:
    """iters + 1 root calls and `calls` sub-calls; the root's input grows with its turns."""
    price = values.binding.model(prompt.model).price
    turns = caps.iters
    base = template_size(turn_of(prompt)) + template_size(last_of(prompt)) + described(prompt)
    turn = caps.shown + prompt.model.output * GROWTH + TURN
    root_in = number((turns + 1) * base + turn * turns * (turns + 1) // 2)
    prompts = list(free_prompts(prompt).values())
    worst_in = _sent(count * root_in, count * (turns + 1), prompts, values)
    output = values.binding.output(prompt.model)
    root = _cost(count * (turns + 1), worst_in, count * (turns + 1) * output, price)
    half = _cost(count * max(1, turns // 2), count * root_in * Fraction(1, 3),
                 count * turns * output * Fraction(1, 2), price)  # fmt: skip
    return Bound(
        _cost(count, count * base, count, price), half,
        root + _subs(prompt, caps, count * caps.calls, values),
        number((turns + 1) * (1 + caps.calls)), 1 + caps.depth + _sub_depth(caps),
    )  # fmt: skip


def _sub_depth(caps: r.Repl) -> int:
    """The levels of a sub-call: one, or those of a recursion in a pattern."""
    works = [s.work for tool in caps.patterns for s in all_steps(tool.steps)]
    deepest = max((1 + w.depth for w in works if isinstance(w, r.Recurse)), default=1)
    return deepest if caps.calls else 0


def _subs(prompt: r.Prompt, caps: r.Repl, subs: Formula, values: Values) -> Cost:
    """Sub-calls at the dearest that code may ask: the sub model, a tool's, a child's own turns."""
    tools = [*caps.prompts, *(a.prompt for tool in caps.patterns for a in asks(tool.steps))]
    models = [caps.sub or prompt.model, *(p.model for p in tools)]
    models += [prompt.model] if caps.depth else []
    prompts = [*free_prompts(prompt).values(), *tools]
    rooms = [m.context - m.output for m in models]
    rooms[0] = caps.sub_input or rooms[0]
    costs = [
        _cost(
            subs,
            _sent(subs * room, subs, prompts, values),
            subs * values.binding.output(m),
            values.binding.model(m).price,
        )
        for m, room in zip(models, rooms, strict=True)
    ]
    usd = [c.usd for c in costs]
    return Cost(
        subs, maximum(*(c.tokens_in for c in costs)), maximum(*(c.tokens_out for c in costs)),
        None if None in usd else maximum(*(u for u in usd if u is not None)),
    )  # fmt: skip


def _ladder(work: r.Ladder, values: Values) -> Bound:
    """The sum of the rungs at worst, the first rung at best."""
    total, first = Bound(), None
    for rung in work.rungs:
        inner = Values({**values.facts, **{s.name: s.facts for s in rung.steps}}, values.binding)
        whole = sum((bound_of(s, inner) for s in rung.steps), Bound())
        first = first or whole
        total = total + whole
    assert first is not None
    return Bound(first.best, first.expected, total.worst, total.rounds, total.depth)


def _inputs(ask: r.Ask, values: Values) -> Formula:
    """The tok of a prompt's arguments, without the item of a map."""
    return sum((size_of(e, values) for _, e in ask.args), ZERO)


def size_of(e: Expr, values: Values) -> Formula:
    """The most tok an expression may come to when it is shown."""
    match e:
        case Constant(v):
            return number(len(str(v).encode()) // 2 + 2)
        case Ref():
            return shown_size(values.of(e))
        case Get(base, _):
            return size_of(base, values)
        case Choose(_, yes, no):
            return maximum(size_of(yes, values), size_of(no, values))
        case Items(items):
            return sum((size_of(x, values) for x in items), number(8))
        case Make(_, parts):
            return sum((size_of(x, values) + 16 for _, x in parts), ZERO)
        case Apply(_, args) | CodeCall(_, args):
            return sum((size_of(x, values) for x in args), number(16)) * 2
        case Op(_, left, right):
            return size_of(left, values) + size_of(right, values)
        case Not():
            return number(3)


def least_count(e: Expr, values: Values) -> Formula:
    """A lower bound of the items in a list: sound only where the real size is bound."""
    if isinstance(e, Items):
        return number(len(e.items))
    if not isinstance(e, Ref):
        return ZERO
    step = values.facts.get("@" + e.name)
    if step is None:
        facts = values.facts.get(e.name)
        return facts.count if facts is not None and e.name in values.binding.exact else ZERO
    return step.count


def least_facts(step: r.Step, values: Values) -> r.Facts:
    """The lower bound of a step's items, kept under `@name`."""
    work = step.work
    if step.when is not None:
        return r.Facts(count=ZERO)
    if isinstance(work, r.Split) and isinstance(work.subject, Ref):
        return r.Facts(count=_least_pieces(work, work.subject.name, values))
    if isinstance(work, r.Map) and work.stop is None and not work.on_error.skip:
        return r.Facts(count=least_count(work.subject, values))
    return r.Facts(count=ZERO)


def _least_pieces(work: r.Split, name: str, values: Values) -> Formula:
    """⌈n/cap⌉ pieces at least, when n is the real size."""
    if name not in values.binding.exact or name not in values.facts:
        return ZERO
    options = work.partition.options
    most, per = options.get("max"), options.get("per")
    facts = values.facts[name]
    if isinstance(per, int) and STRATEGIES[work.partition.strategy].of == ("rows",):
        return ceil_div(facts.count, per)
    if isinstance(most, int) and facts.type.textual:
        return ceil_div(facts.size, most)
    return ZERO


def _cost(calls: Formula, tokens_in: Formula, tokens_out: Formula, price: Price | None) -> Cost:
    if price is None:
        return Cost(calls, tokens_in, tokens_out, None if calls != ZERO else ZERO)
    usd = tokens_in * Fraction(str(price.input)) + tokens_out * Fraction(str(price.output))
    return Cost(calls, tokens_in, tokens_out, usd * Fraction(1, 1_000_000))
