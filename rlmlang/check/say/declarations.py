"""Problems of declarations: sources, partitions, budgets, models."""

from __future__ import annotations

from rlmlang.check.module import Module
from rlmlang.check.say.calls import label_instead
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.source import Package
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir.types import Type
from rlmlang.schema.sources import SOURCES, SourceKind
from rlmlang.syntax import tree as t


def unknown(what: str, name: t.Name, known: list[str]) -> Diagnostic:
    """The problem `unknown-…`."""
    return error(
        f"unknown-{what}",
        f"no {what} is called `{name.text}`",
        name.span,
        hint=instead(name.span, known) if known else f"declare it: `{what} {name.text} {{ … }}`",
    )


def price_form(value: t.Node) -> Diagnostic:
    """The problem `wrong-setting`."""
    return error(
        "wrong-setting",
        "a price is given in dollars per million tok, in and out",
        value.span,
        hint="price: { input: 0.25, output: 2.00 }",
    )


GIVES = {
    "text": "Text", "tree": "Tree", "rows": "a list of records, [Row]", "image": "Image",
    "images": "a list of images, [Image]",
}  # fmt: skip


def source_form(decl: t.SourceDecl) -> Diagnostic:
    """The problem `source-form`."""
    return error(
        "source-form",
        "a source is opened by a call with one place",
        decl.value.span,
        hint='such as `text("book.txt")`, `jsonl("rows.jsonl")` or `tree("src")`',
    )


def source_type(decl: t.SourceDecl, kind: SourceKind, type_: Type) -> Diagnostic:
    """The problem `source-type`."""
    return error(
        "source-type",
        f"`{kind.name}` gives {GIVES[kind.gives]}, not {type_}",
        Label(decl.typed.span, str(type_)),
        Label(decl.value.span, kind.name),
        hint="change the type, or open it another way: " + ", ".join(SOURCES),
    )


def code_origin(decl: t.Code) -> Diagnostic:
    """The problem `code-origin`."""
    return error(
        "code-origin",
        "code names a file and a function",
        decl.span,
        hint='from "review.py:worst_per_rule"',
    )


def code_not_allowed(decl: t.Code, package: Package) -> Diagnostic:
    """The problem `code-not-allowed`."""
    return error(
        "code-not-allowed",
        f"the package {package.id} may not run Python",
        Label(decl.span, "declared here"),
        reason="Recipes of a package ask models; its Python runs only if your project says so, in "
        "an rlm.toml that you trust.",
        hint=f'read it, then in rlm.toml: [code] allow = ["{package.name}"], and `rlm trust .`',
    )


def partition_form(module: Module, written: t.Node) -> Diagnostic:
    """The problem `partition-form`."""
    return error(
        "partition-form",
        "behind `by` stands a strategy with its arguments",
        written.span,
        hint="such as `tokens(max: 4ktok)`, `lines(per: 100)` or the name of a partition",
    )


def too_small(written: t.Expr, why: str) -> Diagnostic:
    """The problem `impossible-partition`."""
    return error("impossible-partition", "no piece can be cut like this", written.span, hint=why)


def unknown_argument(given: t.Arg, what: str, known: list[str]) -> Diagnostic:
    """The problem `unknown-argument`."""
    return error(
        "unknown-argument",
        f"{what} has no argument `{given.label}`" if given.label else f"{what} takes no more",
        given.span,
        hint=label_instead(given, known),
    )


def missing_argument(call: t.Call, what: str, missing: list[str]) -> Diagnostic:
    """The problem `missing-argument`."""
    return error(
        "missing-argument",
        f"{what} also needs `{missing[0]}`",
        call.span,
        hint=f"add `{missing[0]}: …`",
    )


def second_budget(first: t.BudgetUse, second: t.BudgetUse) -> Diagnostic:
    """The problem `duplicate-name`."""
    return error(
        "duplicate-name",
        "a recipe has one budget",
        Label(second.span, "again here"),
        Label(first.span, "first here"),
        hint="put all limits into one block",
    )


def two_mains(second: t.Name, first: t.Name) -> Diagnostic:
    """The problem `two-mains`."""
    return error(
        "two-mains",
        f"`{second.text}` and `{first.text}` are both the main recipe",
        Label(second.span, "a second one"),
        Label(first.span, "the first"),
        reason="The main recipe is the one that runs where none is named.",
        hint=f"take `main` from one of them; `--recipe {second.text}` runs it all the same",
    )
