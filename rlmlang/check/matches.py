"""A match over the labels of an enum, as the choices it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.expressions import Constant, Expr, Items, Op
from rlmlang.ir.types import AnyType, BoolType, EnumType, Type
from rlmlang.syntax import tree as t
from rlmlang.verbs.inference import made_from

Infer = Callable[..., Inferred]
Case = str | bool | None
"""A label, true, false, or none."""


def choice_of(scope: Scope, e: t.Match, infer: Infer) -> t.Expr | None:
    """The same as `if … then … else …`; None where it does not check, which is reported. What is
    for none alone is asked first, so that the subject cannot be none behind it."""
    value, facts = infer(scope, e.subject)
    if isinstance(facts.type, AnyType):
        return None
    none = facts.type.optional or value in scope.certain
    problems = list(_problems(e, facts.type, none=none))
    for problem in problems:
        scope.report(problem)
    if problems:
        return None
    arms = sorted(e.arms, key=lambda arm: [_case(c) for c in arm.cases] != [None])
    *tested, last = [*arms, e.otherwise] if e.otherwise is not None else arms
    made = last.value
    for arm in reversed(tested):
        test = t.OneOf(subject=e.subject, cases=arm.cases, span=arm.span)
        made = t.If(test=test, yes=arm.value, no=made, span=e.span)
    return made


def one_of(scope: Scope, e: t.OneOf, infer: Infer) -> Inferred:
    """Whether the subject of a match is one of the cases of an arm."""
    subject, facts = infer(scope, e.subject)
    if not isinstance(facts.type, EnumType | BoolType):
        return NOTHING
    kind = facts.type.required() if isinstance(facts.type, EnumType) else None
    cases = [Constant(_case(c), kind if isinstance(c, t.Name) else None) for c in e.cases]
    parts = [made_from(c, ()) for c in cases]
    if len(cases) == 1:
        made: Expr = Op("==", subject, cases[0])
        return made, made_from(made, (facts, parts[0]))
    listed = Items(tuple(cases))
    made = Op("in", subject, listed)
    return made, made_from(made, (facts, made_from(listed, parts)))


def _case(written: t.Name | t.Constant) -> Case:
    return written.text if isinstance(written, t.Name) else written.value


def _shown(case: Case) -> str:
    return f"`{'none' if case is None else str(case).lower() if case in (True, False) else case}`"


def _problems(e: t.Match, type_: Type, *, none: bool) -> Iterator[Diagnostic]:
    """What a match over a type has too much, twice, or not at all; with `none` that case may be
    there, also where it was tested before."""
    if not isinstance(type_, EnumType | BoolType):
        yield _no_labels(e, type_)
        return
    known: list[Case] = [*(type_.names if isinstance(type_, EnumType) else (True, False))]
    known += [None] if none else []
    seen: dict[Case, t.Name | t.Constant] = {}
    for written in (c for arm in e.arms for c in arm.cases):
        case = _case(written)
        if not any(case is k or (isinstance(case, str) and case == k) for k in known):
            yield _unknown(written, type_, [k for k in known if isinstance(k, str)])
        elif case in seen:
            yield _twice(written, seen[case])
        seen.setdefault(case, written)
    missing = [k for k in known if k not in seen and (k is not None or type_.optional)]
    if missing and e.otherwise is None:
        yield _missing(e, type_, missing)


def _no_labels(e: t.Match, type_: Type) -> Diagnostic:
    return error(
        "wrong-type",
        f"`match` goes over an enum or Bool, not {type_}",
        Label(e.subject.span, str(type_)),
        hint="write `if … then … else if … then … else …`",
    )


def _unknown(written: t.Name | t.Constant, type_: Type, known: list[str]) -> Diagnostic:
    case = _case(written)
    near = did_you_mean(case, known) if isinstance(case, str) else ""
    return error(
        "unknown-name",
        f"{type_} is never {_shown(case)}",
        written.span,
        hint=near or "remove it",
    )


def _twice(written: t.Node, first: t.Node) -> Diagnostic:
    return error(
        "duplicate-name",
        f"`{written.span.text}` has two arms",
        Label(written.span, "again here"),
        Label(first.span, "first here"),
        reason="The second would never be reached.",
        hint="remove one of them",
    )


def _missing(e: t.Match, type_: Type, missing: list[Case]) -> Diagnostic:
    names = ", ".join(_shown(m).strip("`") for m in missing)
    return error(
        "not-exhaustive",
        f"this match over {type_} has no arm for {' and '.join(map(_shown, missing))}",
        Label(e.span, str(type_)),
        reason="A match has a value whatever its subject is.",
        hint=f"add `{names} -> …`, or `else -> …`",
    )
