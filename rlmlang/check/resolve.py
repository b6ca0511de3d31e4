"""Declarations made into values: models, sources, code, partitions and budgets."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from rlmlang.check.module import Module
from rlmlang.check.say import declarations as say
from rlmlang.check.settings import Settings, value_of
from rlmlang.check.type_problems import image_misplaced
from rlmlang.diagnostics.diagnostic import CodedError, Label
from rlmlang.diagnostics.source import Package
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Code, Param
from rlmlang.ir.kinds import has_images, is_images
from rlmlang.ir.types import ANY, IMAGE, TEXT, TREE, Type, fits, is_documents, list_of
from rlmlang.schema.calls import GATHER
from rlmlang.schema.dimensions import DIMENSIONS
from rlmlang.schema.partitions import STRATEGIES, Argument, Strategy
from rlmlang.schema.registry import Registry
from rlmlang.schema.searches import SEARCHES, Search
from rlmlang.schema.sources import SOURCES, SourceKind
from rlmlang.syntax import tree as t

T = TypeVar("T")
DEFAULT_BUDGET = r.Budget(default=True).having({d.name: d.usual for d in DIMENSIONS})

FAMILIES: Mapping[str, Type] = {
    "text": TEXT, "tree": TREE, "rows": list_of(ANY), "image": IMAGE, "images": list_of(IMAGE),
}  # fmt: skip
"""The types that sources of each kind fill."""


def model_of(module: Module, name: t.Name | None) -> r.Model:
    """The model of that name; without a name, the default one."""
    if name is None:
        return _model_in(Settings(module, None, "model"))
    found = module.find(name.text)
    if found is None or not isinstance(found[1], t.Settings) or not _is_model(found[1]):
        known = list(module.known(t.Settings))
        module.report(say.unknown("model", name, known))
        return model_of(module, None)
    return _model(found[0], found[1])


def _model(module: Module, decl: t.Settings) -> r.Model:
    key = f"model {decl.name.text}"
    made = module.made.get(key)
    if not isinstance(made, r.Model):
        made = module.made[key] = _model_in(Settings(module, decl.block, "model"), decl.name.text)
    return made


def _model_in(s: Settings, name: str = "") -> r.Model:
    return r.Model(
        name,
        s.find("default", str) or "",
        s.get("context", int),
        s.get("output", int),
        float(s.get("temperature", float)),
        _price(s),
        bool(name),
        s.get("answer", str),
        _takes(s),
        s.find("top_p", float),
        s.find("seed", int),
        s.find("service_tier", str) or "",
    )


def _takes(s: Settings) -> tuple[tuple[str, object], ...]:
    """What the recipe says that a model takes."""
    takes = s.find("takes", Settings)
    found = takes.values if takes is not None else {}
    return tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in found.items())


def _price(s: Settings) -> tuple[float, float] | None:
    price = s.find("price", Settings)
    if price is None:
        return None
    both = price.find("input", float), price.find("output", float)
    if both[0] is None or both[1] is None:
        s.module.report(say.price_form(s.entries["price"]))
        return None
    return float(both[0]), float(both[1])


def source_of(module: Module, name: str) -> r.Source | None:
    """The source of that name."""
    found = module.find(name)
    if found is None or not isinstance(found[1], t.SourceDecl):
        return None
    owner, decl = found[0], found[1]
    key = f"source {decl.name.text}"
    if key not in owner.made:
        owner.made[key] = _source(owner, decl)
    made = owner.made[key]
    return made if isinstance(made, r.Source) else None


def _source(module: Module, decl: t.SourceDecl) -> r.Source | None:
    call = decl.value
    if not isinstance(call, t.Call) or not isinstance(call.callee, t.Name):
        module.report(say.source_form(decl))
        return None
    kind = contract(module, "source", SOURCES, call.callee)
    if kind is None:
        return None
    type_ = module.type(decl.typed.type, data=True)
    documents = kind.gives == "tree" and is_documents(type_)
    if not documents and not _gives(kind, type_):
        module.report(say.source_type(decl, kind, type_))
    named = tuple(a for a in call.args if a.label)
    given = arguments(module, replace(call, args=named), kind.arguments, f"source `{kind.name}`")
    labels = {a.label for a in named}
    options = {k: v for k, v in (given or {}).items() if k in labels}
    return r.Source(
        decl.name.text,
        kind.name,
        type_,
        _place(module, decl, call, kind),
        tuple(sorted(options.items())),
        module.max_of(decl.typed, type_),
        module.source.path,
    )


def _gives(kind: SourceKind, type_: Type) -> bool:
    """Whether a kind of source fills a type."""
    family = FAMILIES[kind.gives]
    alike = family.is_list == type_.is_list and is_images(family) == is_images(type_)
    return alike and fits(family, type_)


def _place(module: Module, decl: t.SourceDecl, call: t.Call, kind: SourceKind) -> str:
    """The one argument that says where a source is; what is piped in has none."""
    given = [a for a in call.args if not a.label]
    wanted = bool(kind.place)
    for surplus in given[wanted:]:
        module.report(say.unknown_argument(surplus, f"source `{kind.name}`", []))
    place = module.literal(given[0].value) if given else None
    if wanted and not isinstance(place, str):
        module.report(say.source_form(decl))
    return place if wanted and isinstance(place, str) else ""


def models_taken(owner: Module, decl: t.Code) -> list[t.Param]:
    """The parameters of a `code` function that are models: their type is the name of one."""
    if decl.word != "code":
        return []
    found = ((p, owner.find(p.typed.type.name)) for p in decl.params)
    return [p for p, of in found if of is not None and _is_model(of[1])]


def _is_model(decl: t.Declaration) -> bool:
    return isinstance(decl, t.Settings) and decl.word == "model"


def code_of(owner: Module, decl: t.Code) -> Code:
    """What a `code` or `metric` of a file declares; a model that it takes is none of its params."""
    origin, _, pin = decl.origin.partition("@")
    path, _, function = origin.rpartition(":")
    if not path or not function:
        owner.report(say.code_origin(decl))
    elif (package := _forbids(owner, path)) is not None:
        owner.report(say.code_not_allowed(decl, package))
    result = owner.type(decl.result.type)
    asked = models_taken(owner, decl)
    written = tuple(p for p in decl.params if p not in asked)
    params = owner.params(written)
    no_images(owner, written, params)
    return Code(
        decl.name.text,
        params,
        result,
        owner.max_of(decl.result, result),
        path,
        function,
        owner.source.path,
        pin,
    )


def no_images(module: Module, written: Sequence[t.Param], params: Sequence[Param]) -> None:
    """Reports images where code looks into what is given."""
    for at, param in zip(written, params, strict=True):
        if has_images(param.type):
            module.report(image_misplaced(at.name))


def _forbids(owner: Module, path: str) -> Package | None:
    """The package whose Python a file names and may not run; none for what is of no package."""
    package = owner.source.package
    full = posixpath.normpath(posixpath.join(posixpath.dirname(owner.source.path), path))
    return None if package is None or full in package.code else package


def partition_of(module: Module, written: t.Expr) -> r.Partition | None:
    """The strategy an expression names, with its arguments and the neighbours it gathers."""
    if isinstance(written, t.Name):
        found = module.find(written.text)
        if found is not None and isinstance(found[1], t.Partition):
            return _named(found[0], found[1])
    if isinstance(written, t.Call) and isinstance(written.callee, t.Member):
        return _gathered(module, written, written.callee)
    return _strategy(module, written)


def _named(module: Module, decl: t.Partition) -> r.Partition | None:
    """A partition by its name, which may stand for another's."""
    key = f"partition {decl.name.text}"
    if module.made.get(key) is decl:  # it is being made: it names itself
        module.report(say.partition_form(module, decl.value))
        return None
    module.made[key] = decl
    made = module.made[key] = partition_of(module, decl.value)
    return made


def _gathered(module: Module, call: t.Call, member: t.Member) -> r.Partition | None:
    """`….gather(before: a, after: b)` of a strategy or a named partition."""
    if member.name.text != "gather":
        module.report(say.unknown("partition", member.name, ["gather"]))
        return None
    sizes = arguments(module, call, GATHER.arguments, "gather")
    inner = partition_of(module, member.base)
    if inner is None or sizes is None:
        return None
    before, after = (
        gathered if sizes[name] is None else int(str(sizes[name]))
        for name, gathered in (("before", inner.before), ("after", inner.after))
    )
    return replace(inner, before=before, after=after)


def _strategy(module: Module, written: t.Expr) -> r.Partition | None:
    """A strategy with its arguments."""
    if isinstance(written, t.Name):
        known = module.known(t.Partition)
        lost = module.holes.lost(written.text)
        unknown = say.unknown("partition", written, known)
        module.report(unknown if known or lost else say.partition_form(module, written))
        return None
    if not isinstance(written, t.Call) or not isinstance(written.callee, t.Name):
        module.report(say.partition_form(module, written))
        return None
    strategy = contract(module, "partition", STRATEGIES, written.callee, t.Partition)
    if strategy is None:
        return None
    options = arguments(module, written, strategy.arguments, f"partition `{strategy.name}`")
    if options is None:
        return None
    if why := strategy.refuse(options, module.library.grain, False):
        module.report(say.too_small(written, why))
        return None
    return r.Partition(strategy.name, tuple(sorted(options.items())))


def strategy_of(module: Module, partition: r.Partition) -> Strategy:
    """The contract of a partition that was found before. Raises KeyError."""
    found = STRATEGIES.find(partition.strategy, module.library.plugins.find)
    if found is None:
        raise KeyError(partition.strategy)
    return found


def contract(
    module: Module, what: str, registry: Registry[T], name: t.Name, *declared: type
) -> T | None:
    """The contract of a name, ours or another distribution's; reported where there is none."""
    plugins = module.library.plugins
    try:
        found = registry.find(name.text, plugins.find)
    except CodedError as broken:
        module.report(replace(broken.diagnostic, labels=(Label(name.span),)))
        return None
    if found is None:
        known = [*registry, *plugins.names(registry.group), *module.known(*declared)]
        module.report(say.unknown(what, name, known))
    return found


def search_of(module: Module, written: t.Expr) -> tuple[Search, dict[str, object]] | None:
    """The look-up an expression names, as `bm25(top: 5)`, with its arguments."""
    if not isinstance(written, t.Call) or not isinstance(written.callee, t.Name):
        module.report(say.partition_form(module, written))
        return None
    search = contract(module, "search", SEARCHES, written.callee)
    if search is None:
        return None
    options = arguments(module, written, search.arguments, f"search `{search.name}`")
    return (search, options) if options is not None else None


def arguments(
    module: Module, call: t.Call, known: tuple[Argument, ...], what: str
) -> dict[str, object] | None:
    """The arguments of a strategy by name, defaults filled in; None when something is wrong."""
    by_name = {a.name: a for a in known}
    free = list(by_name)
    options: dict[str, object] = {}
    for given in call.args:
        name = given.label or (free[0] if free else "")
        if name not in by_name or name in options:
            module.report(say.unknown_argument(given, what, list(by_name)))
            return None
        free.remove(name)
        value = value_of(module, by_name[name], given.value)
        if value is None:
            return None
        options[name] = value
    missing = [a.name for a in known if a.required and a.name not in options]
    if missing:
        module.report(say.missing_argument(call, what, missing))
        return None
    return {a.name: options.get(a.name, a.default) for a in known}


def budget_of(module: Module, uses: list[t.BudgetUse]) -> r.Budget:
    """The budget of a recipe; a default one where none was declared."""
    if not uses:
        return DEFAULT_BUDGET
    if len(uses) > 1:
        module.report(say.second_budget(uses[0], uses[1]))
    limits = uses[0].limits
    if isinstance(limits, t.Block):
        return budget_in(module, limits)
    found = module.find(limits.text)
    if found is None or not isinstance(found[1], t.Settings) or found[1].word != "budget":
        module.report(say.unknown("budget", limits, module.known(t.Settings)))
        return DEFAULT_BUDGET
    return budget_in(found[0], found[1].block)


def budget_in(module: Module, block: t.Block) -> r.Budget:
    """The limits that a block declares."""
    return limits_in(Settings(module, block, "budget"))


def limits_in(s: Settings | None) -> r.Budget:
    """The limits of a block of them; none where there is none."""
    if s is None:
        return r.Budget()
    of_models = [(limit, model_of(s.module, name).name, most) for limit, name, most in s.of_names]
    return r.Budget().having({**s.values, "of_models": tuple(x for x in of_models if x[1])})
