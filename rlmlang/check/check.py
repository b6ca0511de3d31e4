"""A whole file checked: every declaration, every recipe; what is found comes back in order."""

from __future__ import annotations

from rlmlang.check.asking_code import hold
from rlmlang.check.bodies import body, steps_named_like_sources
from rlmlang.check.earlier import packages
from rlmlang.check.environment import Asked, asked, constant, default, no_fallback
from rlmlang.check.exports import exports_of
from rlmlang.check.imports import module_of
from rlmlang.check.infer import expect, infer
from rlmlang.check.module import Library, Module
from rlmlang.check.patterns import as_tool
from rlmlang.check.prompts import prompt_of
from rlmlang.check.resolve import (
    budget_in,
    budget_of,
    code_of,
    model_of,
    partition_of,
    source_of,
)
from rlmlang.check.say.declarations import two_mains
from rlmlang.check.scope import Scope
from rlmlang.check.steps import step
from rlmlang.check.told import told
from rlmlang.check.trials.scoring import dataset_of
from rlmlang.check.trials.trials import check_trials
from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error, warning
from rlmlang.diagnostics.source import Place, SourceFile, Span
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.declared import of_param
from rlmlang.ir.expressions import Constant, Default, Expr, Param, Ref
from rlmlang.ir.suite import Checked
from rlmlang.ir.types import ANY, BOOL, Type, fits
from rlmlang.syntax import tree as t
from rlmlang.syntax.texts import as_written
from rlmlang.verbs.compute import Compute


def check_file(library: Library, source: SourceFile, file: t.File) -> Checked:
    """Every recipe of the file, and every problem, in the order of the text."""
    library.condition = _condition
    library.tool = lambda module, decl: as_tool(Scope(module, step=step), decl)
    module = module_of(library, source, file)
    _declarations(module)
    recipes = {
        name: library.known(module, decl, _recipe)
        for name, decl in module.decls.items()
        if isinstance(decl, t.Recipe) and decl.word == "recipe"
    }
    suite = _suite(module, recipes)
    main = _main(module, file) or (next(iter(recipes)) if len(recipes) == 1 else "")
    return Checked(
        recipes,
        told(library.diagnostics, source),
        suite=suite,
        filled=tuple(library.filled),
        main=main,
        places=_places(module),
        exports=tuple(exports_of(module, file)),
        facts=library.facts,
    )


def _places(module: Module) -> dict[str, dict[str, Place]]:
    """Where the parameters of each recipe of the file stand."""
    found = {n: d for n, d in module.decls.items() if isinstance(d, t.Recipe)}
    return {n: {p.name.text: p.span.place for p in d.params} for n, d in found.items()}


def _main(module: Module, file: t.File) -> str:
    """The recipe that is declared as the main one; a second one is reported."""
    found = [i for i in file.items if isinstance(i, t.Recipe) and i.main]
    for second in found[1:]:
        module.report(two_mains(second.name, found[0].name))
    return found[0].name.text if found else ""


def _suite(module: Module, recipes: dict[str, r.Recipe]) -> s.Suite:
    """What is declared about recipes of this file and about those it imports."""

    imported: dict[str, r.Recipe] = {}

    def find(name: str) -> r.Recipe | None:
        found = module.imports.get(name)
        if name not in imported and found is not None and isinstance(found[1], t.Recipe):
            if found[1].word == "recipe":
                imported[name] = module.library.known(found[0], found[1], _recipe)
        return recipes.get(name) or imported.get(name)

    return check_trials(module, find, [*recipes, *module.known(t.Recipe)])


def _condition(module: Module, written: t.Expr, type_: Type) -> Expr:
    """What a field's `where` demands of `it`."""
    scope = Scope(module)
    scope.bind("it", Ref("it"), r.Facts(type_.required()))
    return expect(scope, written, BOOL, "the condition")[0]


def _declarations(module: Module) -> None:
    """Checks what no recipe may use yet."""
    for name, decl in module.decls.items():
        match decl:
            case t.Record() | t.Enum():
                module.declared_type(decl)
            case t.Prompt():
                prompt_of(module, name)
            case t.Settings(word="model"):
                model_of(module, decl.name)
            case t.Settings(word="budget"):
                budget_in(module, decl.block)
            case t.Settings(word="dataset"):
                dataset_of(module, name)
            case t.SourceDecl():
                source_of(module, name)
            case t.Partition():
                partition_of(module, decl.value)
            case t.Code():
                hold(module, decl)
                if prompt_of(module, name) is None:
                    code_of(module, decl)
            case t.Const(typed=None):
                infer(Scope(module), as_written(constant(module, decl)))
            case t.Const(typed=typed) if typed is not None:
                type_ = module.type(typed.type)
                module.max_of(typed, type_)
                expect(Scope(module), as_written(constant(module, decl)), type_, f"`{name}`")
            case t.Recipe(word="pattern"):
                _pattern(module, decl)


def _pattern(module: Module, decl: t.Recipe) -> None:
    """A pattern's own names; its body is checked where it is called, with the types it is given."""
    variables = {g.text: ANY for g in decl.generics}
    module.params(decl.params, variables)
    module.type(decl.result.type, variables)
    if not module.holes.in_(decl) and not any(isinstance(i, t.Return) for i in decl.body.items):
        module.report(_no_return(decl))


def _recipe(module: Module, decl: t.Recipe) -> r.Recipe:
    params = module.params(decl.params)
    result = module.type(decl.result.type)
    scope = Scope(module, step=step)
    sources, defaults = _bind_params(scope, decl, params)
    value = body(scope, decl.body.items, result)[0]
    steps_named_like_sources(module, decl.body.items)
    places = tuple(i.value.span.place for i in decl.body.items if isinstance(i, t.Return))
    if not module.holes.in_(decl):
        if not places:
            module.report(_no_return(decl))
        _unused(scope, decl)
    budget = budget_of(module, [i for i in decl.body.items if isinstance(i, t.BudgetUse)])
    steps = list(scope.steps)
    if not any(s.name == "result" for s in steps):
        needs, facts = (_name(value),), r.Facts(result)
        steps.append(r.Step("result", Compute(value), facts, needs, places=places))
    named = {n for s in steps for n in s.needs}
    extra = [s for n in sorted(named) if (s := source_of(module, n)) and s not in sources]
    return r.Recipe(
        decl.name.text,
        params,
        result,
        module.max_of(decl.result, result),
        budget,
        (*sources, *extra),
        defaults,
        module.source.path,
        decl.docs,
        packages(module.library),
        tuple(steps),
    )


def _name(value: Expr) -> str:
    return value.name if isinstance(value, Ref) else ""


def _bind_params(
    scope: Scope, decl: t.Recipe, params: tuple[Param, ...]
) -> tuple[tuple[r.Source, ...], tuple[tuple[str, Default], ...]]:
    sources: list[r.Source] = []
    defaults: list[tuple[str, Default]] = []
    for written, p in zip(decl.params, params, strict=True):
        variable = asked(scope.module, written.default)
        given = written.default if isinstance(written.default, t.Name) else None
        source = source_of(scope.module, given.text) if given is not None else None
        if given is not None and source is not None:
            if not fits(source.type, p.type):
                scope.report(_source_mismatch(written, given, source, p))
            sources.append(source)
            defaults.append((p.name, Ref(source.name)))
        elif variable is not None:
            defaults.append((p.name, _from_env(scope, variable, p.type)))
        elif written.default is not None:
            default = as_written(written.default)
            defaults.append((p.name, expect(scope, default, p.type, "the default")[0]))
        scope.bind(
            p.name,
            Ref(p.name),
            of_param(p, source, scope.module.library.sizes),
            written.name.span,
        )
    return tuple(sources), tuple(defaults)


def _from_env(scope: Scope, found: Asked, type_: Type) -> Default:
    """The default of a parameter that a variable fills, its fallback checked."""
    written, fallback = found.fallback, None
    if written is not None:
        value = expect(scope, written, type_, "the fallback")[0]
        fallback = value if isinstance(value, Constant) else None
        if fallback is None:
            scope.report(no_fallback(written))
    return default(scope.module, found, type_, fallback)


def _unused(scope: Scope, decl: t.Recipe) -> None:
    if any(d.code in UNKNOWN and _in(d, decl) for d in scope.module.library.diagnostics):
        return  # what is not known may have been meant
    for p in decl.params:
        binding = scope.names.get(p.name.text)
        if binding is not None and not binding.used:
            scope.report(_unused_input(p))
    for item in decl.body.items:
        if isinstance(item, t.Let) and item.name.text in scope.names:
            if not scope.names[item.name.text].used:
                scope.report(_unused_step(item))


UNKNOWN = ("unknown-name", "unknown-function")


def _in(problem: Diagnostic, decl: t.Recipe) -> bool:
    """Whether a problem is in the text of a declaration."""
    at = problem.labels[0].at
    return isinstance(at, Span) and decl.span.start <= at.start < decl.span.end


def _unused_input(p: t.Param) -> Diagnostic:
    return error(
        "unused-input",
        f"`{p.name.text}` is never used",
        p.name.span,
        reason="Whoever gives it would believe that it was read.",
        hint="use it in a step, or remove it",
    )


def _unused_step(item: t.Let) -> Diagnostic:
    return warning(
        "unused-step",
        f"nothing reads `{item.name.text}`",
        item.name.span,
        reason="The plan leaves it out, so that nothing is paid for it.",
        hint="use it, or remove the line",
    )


def _no_return(decl: t.Recipe) -> Diagnostic:
    return error(
        "missing-return",
        f"{decl.word} `{decl.name.text}` returns nothing",
        decl.name.span,
        hint="end its body with `return …`",
    )


def _source_mismatch(written: t.Param, given: t.Name, source: r.Source, p: Param) -> Diagnostic:
    return error(
        "wrong-type",
        f"source `{source.name}` gives {source.type}, where `{p.name}` is {p.type}",
        Label(given.span, str(source.type)),
        Label(written.typed.span, str(p.type)),
        hint="give both one type",
    )
