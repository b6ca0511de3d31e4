"""What calls of a prompt may take: the price of every verb that asks a model.

Formulas: the design, section 2.4. Worst counts everything that may call a model: retries, checks,
extraction at the end of a session of code. Expected leaves retries out and takes answers at half
their most.

Sizes are in tok. Worst is in the tokens of a provider: the most that it may count for a tok, and
what its chat template puts around messages. The other cases take a tok for a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rlmlang.ir.answer_forms import schema_size
from rlmlang.ir.binding import Binding, Price
from rlmlang.ir.bounds import Allowed, Bound, Cost
from rlmlang.ir.expressions import Expr
from rlmlang.ir.images import image_most
from rlmlang.ir.kinds import images_of
from rlmlang.ir.module_prompts import PART, call_of
from rlmlang.ir.recipe import Ask, DspyModule, Known, Part, Prompt, Repl
from rlmlang.ir.repl_prompts import described, free_prompts, last_of, query_part, turn_of
from rlmlang.ir.request_sizes import AGAIN, frame_size, messages_of, room_of, template_size
from rlmlang.ir.sizes import GROWTH, MARK, shown_size
from rlmlang.ir.types import AnyType
from rlmlang.schema.formula import ONE, ZERO, Formula, ceil_div, maximum, number
from rlmlang.schema.modules import MODULES
from rlmlang.verbs.given import as_documents, item_facts

LEAST = 100  # tok of any request
TURN = 400  # what stands around the code and the output of a turn, and its errors


def arguments_size(ask: Ask, known: Known) -> Formula:
    """The tok of a prompt's arguments, without the item that it is put to."""
    return sum((known.size_of(e) for _, e in ask.args), ZERO)


def arguments_images(ask: Ask, known: Known) -> Formula:
    """How many images a prompt's arguments show, without the item that it is put to."""
    return sum((images_of(known.of(e)) for _, e in ask.args), ZERO)


def over_items(subject: Expr, ask: Ask, least: Formula, known: Known) -> Bound:
    """count × call."""
    facts = as_documents(known.of(subject))
    item = facts if isinstance(facts.type, AnyType) else item_facts(facts)
    inside, each, inputs = known.about(item), ZERO, ZERO
    about, images = arguments_size(ask, inside), arguments_images(ask, inside)
    if ask.element:
        each, inputs, images = shown_size(item) + MARK, shown_size(facts), images + images_of(item)
    each, inputs = about + each, about * facts.count + inputs
    return calls(
        ask, facts.count, least=least, inputs=inputs, each=each, known=known, images=images
    )


def calls(
    ask: Ask,
    count: Formula,
    *,
    least: Formula,
    inputs: Formula,
    each: Formula,
    known: Known,
    rounds: Formula = ONE,
    images: Formula | None = None,
) -> Bound:
    """`count` calls of a prompt, at least `least`, whose inputs come to `each` tok at most, and to
    `inputs` tok in all. Each call shows so many `images`, those of its arguments unless others are
    said."""
    prompt, binding = ask.prompt, known.binding
    shown = arguments_images(ask, known) if images is None else images
    seen = shown * image_most(binding.model(prompt.model))
    if prompt.repl is not None:
        return _sessions(prompt, prompt.repl, count, least, known, seen)
    if prompt.module is not None:
        return _of_module(prompt, prompt.module, count, least, known, rounds)
    bound, tries = binding.model(prompt.model).in_batches, 1 + prompt.retry
    template = _template(prompt, binding)
    once = inputs + count * template
    again = number(prompt.written * GROWTH + AGAIN)
    first = _sent(each + template, ONE, [prompt], binding) + seen
    worst_in = _sent(once * tries + again * count * prompt.retry, count * tries, [prompt], binding)
    worst_in = worst_in + count * tries * seen
    output = number(binding.output(prompt.model, prompt.written))
    return Bound(
        best=_cost(least, least * LEAST, least, bound.least_price),
        expected=_cost(count, once + count * seen, ceil_div(count * output, 2), bound.usual_price),
        worst=_cost(count * tries, worst_in, count * tries * output, bound.most_price),
        rounds=rounds * tries,
        depth=1,
        requests=(Allowed("", first, again * binding.most),),
    )


def _template(prompt: Prompt, binding: Binding) -> int:
    """What a request holds besides its inputs, with the schema of its answer where it has one."""
    return template_size(prompt) + schema_size(prompt, binding.model(prompt.model))


def _sent(size: Formula, count: Formula, prompts: Sequence[Prompt], binding: Binding) -> Formula:
    """The most tokens that a provider counts for calls of some prompts, of such a size in all."""
    messages = max(map(messages_of, prompts))
    return size * binding.most + count * frame_size(messages)


def _of_module(
    prompt: Prompt,
    module: DspyModule,
    count: Formula,
    least: Formula,
    known: Known,
    rounds: Formula,
) -> Bound:
    """As many calls for each answer as the module may make, each as large as it may be."""
    binding, asked = known.binding, call_of(prompt, module)
    bound, room = binding.model(prompt.model), number(room_of(asked.model))
    first = _sent(room, ONE, [asked], binding)
    output = binding.output(asked.model, asked.written)
    most, usual = count * module.calls, ceil_div(count * module.calls, 2)
    sure = least * (0 if module.code is not None else MODULES[module.name].least)
    return Bound(
        best=_cost(sure, sure * LEAST, sure, bound.least_price),
        expected=_cost(
            usual,
            usual * room * Fraction(1, 3),
            ceil_div(usual * output, 2),
            bound.usual_price,
        ),
        worst=_cost(most, most * first, most * output, bound.most_price),
        rounds=rounds * module.calls,
        depth=1,
        requests=(Allowed(PART, first),),
    )


def _sessions(
    prompt: Prompt, caps: Repl, count: Formula, least: Formula, known: Known, seen: Formula
) -> Bound:
    """iters + 1 root calls and `calls` sub-calls; the root's input grows with its turns, each of
    which is shown the images, `seen` tokens."""
    binding, turns = known.binding, caps.iters
    bound = binding.model(prompt.model)
    asked = (turn_of(prompt), last_of(prompt))
    base = sum(_template(p, binding) for p in asked) + described(prompt) + caps.conversation
    turn = caps.shown + prompt.model.output * GROWTH + TURN
    root_in = number((turns + 1) * base + turn * turns * (turns + 1) // 2)
    prompts = list(free_prompts(prompt).values())
    worst_in = _sent(count * root_in, count * (turns + 1), prompts, binding)
    worst_in = worst_in + count * (turns + 1) * seen
    output = binding.output(prompt.model, prompt.model.output)
    most = count * (turns + 1) * output
    root = _cost(count * (turns + 1), worst_in, most, bound.most_price)
    half = _cost(
        count * max(1, turns // 2),
        count * root_in * Fraction(1, 3) + count * max(1, turns // 2) * seen,
        count * turns * output * Fraction(1, 2),
        bound.usual_price,
    )
    return Bound(
        best=_cost(least, least * LEAST, least, bound.least_price),
        expected=half,
        worst=root + _sub_calls(prompt, caps, count * caps.calls, known),
        rounds=number((turns + 1) * (1 + caps.calls)),
        depth=1 + caps.depth + _sub_depth(caps, known),
        requests=_allowed(prompt, caps, base + turns * turn, binding, seen),
    )


def _allowed(
    prompt: Prompt, caps: Repl, own: int, binding: Binding, seen: Formula
) -> tuple[Allowed, ...]:
    """What each request of a session is allowed: its own turns, which grow, `own` tok and the
    images, `seen` tokens; what code asks, the room of its model."""
    free, sub = free_prompts(prompt), caps.sub or prompt.model
    sizes = {
        "turn": own,
        "last": own,
        **{
            query_part(other): caps.sub_input or room_of(other or sub)
            for other in (None, *caps.others)
        },
        "child.turn": room_of(prompt.model),
        "child.last": room_of(prompt.model),
        **{p.name: room_of(p.model) for p in caps.prompts},
    }
    prompts = {**free, **{p.name: p for p in caps.prompts}}
    images = {"turn": seen, "last": seen}
    return tuple(
        Allowed(
            part,
            _sent(number(size), ONE, [prompts[part]], binding) + images.get(part, ZERO),
        )
        for part, size in sizes.items()
    )


def _sub_depth(caps: Repl, known: Known) -> int:
    """The levels of a sub-call: one, or those of a recursion in a pattern."""
    deepest = max((part.step.work.levels for part in _all(known)), default=1)
    return deepest if caps.calls else 0


def _all(known: Known) -> Iterator[Part]:
    """All that a step is made of, however deep."""
    for part in known.parts.values():
        yield part
        yield from _all(part.known)


def _sub_calls(prompt: Prompt, caps: Repl, count: Formula, known: Known) -> Cost:
    """Sub-calls at the dearest that code may ask: a sub-model, a tool's, a child's own turns."""
    binding = known.binding
    inside = [part.step.work.asked for part in _all(known)]
    tools = [*caps.prompts, *(ask.prompt for ask in inside if ask is not None)]
    subs = (caps.sub or prompt.model, *caps.others)
    asked = [*((m, m.output) for m in subs), *((p.model, p.written) for p in tools)]
    asked += [(prompt.model, prompt.model.output)] if caps.depth else []
    prompts = [*free_prompts(prompt).values(), *tools]
    rooms = [room_of(m) for m, _ in asked]
    rooms[: len(subs)] = [caps.sub_input or room for room in rooms[: len(subs)]]
    costs = [
        _cost(
            count,
            _sent(count * room, count, prompts, binding),
            count * binding.output(m, written),
            binding.model(m).most_price,
        )
        for (m, written), room in zip(asked, rooms, strict=True)
    ]
    usd = [c.usd for c in costs if c.usd is not None]
    return Cost(
        count,
        maximum(*(c.tokens_in for c in costs)),
        maximum(*(c.tokens_out for c in costs)),
        maximum(*usd) if len(usd) == len(costs) else None,
    )


def _cost(calls: Formula, tokens_in: Formula, tokens_out: Formula, price: Price | None) -> Cost:
    if price is None:
        return Cost(calls, tokens_in, tokens_out, None if calls != ZERO else ZERO)
    usd = tokens_in * Fraction(str(price.input)) + tokens_out * Fraction(str(price.output))
    return Cost(calls, tokens_in, tokens_out, usd * Fraction(1, 1_000_000))
