"""The task of a prompt: a strict subset of Jinja, its paths checked against types.

Only scalars and settings may be interpolated: contexts travel as fields, so that data cannot pose
as instructions. Jinja is imported only when a task holds a template at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rlmlang.check.module import Module
from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.source import Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir.template_sizes import templated
from rlmlang.ir.types import AnyType, EnumType, Plain, RecordType, TextType, Type, fields_of

if TYPE_CHECKING:
    from jinja2 import nodes

FILTERS = ("upper", "lower", "trim", "join", "length", "default", "tojson")
NODES = frozenset(
    "Template Output TemplateData Name Getattr Const Filter If CondExpr Compare Operand And Or Not "
    "For List Test Keyword".split()
)
SHORT_TEXT = ("Date", "Time", "Id", "Text", "Path")


def used_names(task: str) -> frozenset[str]:
    """The names that a task reads; none where it is no template, or one that cannot be read."""
    if not templated(task):
        return frozenset()
    from jinja2 import Environment, TemplateSyntaxError, meta

    try:
        parsed = Environment(autoescape=False).parse(task)  # noqa: S701
    except TemplateSyntaxError:
        return frozenset()
    return frozenset(meta.find_undeclared_variables(parsed))


def check_template(
    module: Module, task: str, span: Span, names: dict[str, tuple[Type, bool]]
) -> bool:
    """Whether the task is a template; reports what in it is wrong.

    `names` gives the type of each parameter and setting, and whether it is short enough to be
    interpolated.
    """
    if not templated(task):
        return False
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        parsed = Environment(autoescape=False).parse(task)  # noqa: S701
    except TemplateSyntaxError as mistake:
        module.report(_syntax(span, mistake))
        return True
    loops = {n.name for f in parsed.find_all(nodes.For) for n in f.target.find_all(nodes.Name)}
    loops |= {f.target.name for f in parsed.find_all(nodes.For) if isinstance(f.target, nodes.Name)}
    for node in parsed.find_all(nodes.Node):
        if type(node).__name__ not in NODES:
            module.report(_not_in_subset(span, type(node).__name__))
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            module.report(_unknown_filter(span, node.name))
        elif isinstance(node, nodes.Name) and node.name not in loops | {"loop"}:
            _name(module, span, node.name, names)
        elif isinstance(node, nodes.Getattr):
            _path(module, span, node, names)
    return True


def _name(module: Module, span: Span, name: str, names: dict[str, tuple[Type, bool]]) -> None:
    if name not in names:
        module.report(_unknown_path(span, name, list(names)))
        return
    type_, short = names[name]
    scalar = isinstance(type_, Plain | EnumType)
    scalar |= isinstance(type_, TextType) and type_.word in SHORT_TEXT
    root_of_path = isinstance(type_, RecordType)
    if not root_of_path and not (scalar and short):
        module.report(_not_scalar(span, name, type_))


def _path(
    module: Module, span: Span, node: nodes.Getattr, names: dict[str, tuple[Type, bool]]
) -> None:
    from jinja2 import nodes

    if not isinstance(node.node, nodes.Name) or node.node.name not in names:
        return
    type_ = names[node.node.name][0]
    if type_.field(node.attr) is None and not isinstance(type_, AnyType):
        known = [f.name for f in fields_of(type_)]
        module.report(_unknown_path(span, f"{node.node.name}.{node.attr}", known, node.attr))


def _syntax(span: Span, mistake: Exception) -> Diagnostic:
    return error(
        "template-syntax",
        f"the task is not a valid template: {mistake}",
        span,
        hint="write {{ name }} for a value, {% if … %}…{% endif %} for a choice",
    )


def _not_in_subset(span: Span, what: str) -> Diagnostic:
    return error(
        "template-subset",
        f"a task may not use `{what.lower()}`",
        span,
        reason="Tasks know values, if, for and the filters " + ", ".join(FILTERS) + ".",
        hint="compute it in a step and pass it as a parameter",
    )


def _unknown_filter(span: Span, name: str) -> Diagnostic:
    at = _inside(span, name)
    return error("template-subset", f"`{name}` is not a filter", at, hint=instead(at, FILTERS))


def _unknown_path(span: Span, path: str, known: list[str], last: str = "") -> Diagnostic:
    at = _inside(span, path)
    if last and at.text == path:
        at = Span(at.source, at.end - len(last), at.end)
    return error(
        "template-path",
        f"the task names `{path}`, which is neither a parameter nor a setting",
        at,
        hint=instead(at, known, name=last or path),
    )


def _inside(span: Span, word: str) -> Span:
    """Where a word stands between the braces of a task; the whole task where it is not found."""
    found = re.search(rf"\{{[{{%][^}}]*?(?<![\w.]){re.escape(word)}\b", span.text)
    if found is None:
        return span
    end = span.start + found.end()
    return Span(span.source, end - len(word), end)


def _not_scalar(span: Span, name: str, type_: Type) -> Diagnostic:
    return error(
        "template-data",
        f"`{name}` is {type_} and may not be put into the task",
        span,
        reason="Every parameter is shown to the model as a field of its own; interpolated data "
        "could pose as instructions. Only numbers, labels and text with a `max` may be put in.",
        hint=f"remove {{{{ {name} }}}}: the model sees it anyway; or declare `{name}: Text max …`",
    )
