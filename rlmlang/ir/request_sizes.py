"""How large a request may be besides its inputs, in tok: what DSPy writes around a prompt."""

from __future__ import annotations

from rlmlang.ir import recipe as r
from rlmlang.ir.models import Model
from rlmlang.ir.sizes import GROWTH, declared_size
from rlmlang.ir.template_sizes import UNSIZED, filled_size
from rlmlang.ir.types import EnumType, PairType, RecordType, Type, fields_of, parts_of
from rlmlang.schema.formula import Formula

TEMPLATE = 600
"""What DSPy's adapter writes around any prompt, in tok; a test measures it."""
FRAME, PER_MESSAGE = 100, 10
"""What a server puts around a request and around each message of it, in its own tokens: the marks
of its chat template, and what some say themselves when nobody asked (a date, a default role)."""
PER_DEMO = 60
PER_PARAM = 110
PER_SCHEMA_FIELD = 110
AGAIN, REASON = 400, 200
"""What a repeated request adds besides the earlier answer, and of that why it was refused."""


def template_size(prompt: r.Prompt) -> int:
    """The most that a request holds besides its inputs, in tok (bytes of text, halved)."""
    task = filled_size(prompt.task, _values(prompt)) + (len(prompt.doc.encode()) + 1) // 2
    docs = sum(len(p.doc.encode()) + len(p.name) for p in prompt.params)
    settings = sum(len(str(v).encode()) for _, v in prompt.settings)
    schema = _schema(prompt.result, answer=True)
    inputs = sum(PER_PARAM + _schema(p.type, answer=False) // 2 for p in prompt.params)
    shown = sum(demo_size(d) for d in prompt.demos)
    return TEMPLATE + task + docs + settings + inputs + schema + shown


def _values(prompt: r.Prompt) -> dict[str, int]:
    """The most tok of what the task's template may name: parameters, their fields, settings."""
    found = {n: len(str(v).encode()) // 2 + 1 for n, v in prompt.settings}
    for p in prompt.params:
        found[p.name] = _tok(p.type, p.max)
        found |= {f"{p.name}.{f.name}": _tok(f.type, f.max) for f in fields_of(p.type)}
    return found


def _tok(type_: Type, most: int | None) -> int:
    size = declared_size(type_, most, GROWTH)
    found = size.value() if size is not None else None
    return UNSIZED if found is None else found


def frame_size(messages: int) -> int:
    """The most tokens that a server adds to a request of so many messages."""
    return FRAME + PER_MESSAGE * messages


def room_of(model: Model) -> int:
    """The tok that a request of a model may hold beside its answer."""
    return model.context - model.output


def messages_of(prompt: r.Prompt) -> int:
    """How many messages a request has: instructions, question, and two for a demonstration."""
    return 2 + 2 * len(prompt.demos)


def demo_size(demo: r.Demo) -> int:
    """The most tok that a demonstration takes: its fields and values as text."""
    return sum(len(str(v).encode()) + len(k) + 16 for k, v in demo) + PER_DEMO


def _schema(type_: Type, *, answer: bool) -> int:
    """A result's type is spelt out as JSON schema: twice its names, once its documentation. The
    sides of a pair are named in that of an answer alone."""
    own = 0
    if isinstance(type_, EnumType):
        own = sum(len(n) * 2 + len(d.encode()) + 8 for n, d in type_.labels)
    if isinstance(type_, RecordType) or (answer and isinstance(type_, PairType)):
        own = sum(PER_SCHEMA_FIELD + len(f.name) * 2 + len(f.doc.encode()) for f in type_.fields)
    if isinstance(type_, EnumType | RecordType):
        own += len(type_.doc.encode())
    return own + sum(_schema(part, answer=answer) for part in parts_of(type_))


def request_size(prompt: r.Prompt, inputs: Formula) -> Formula:
    """The most tok one request of a prompt may hold, a repeated one included."""
    again = prompt.written * GROWTH + AGAIN if prompt.retry else 0
    return inputs + template_size(prompt) + again
