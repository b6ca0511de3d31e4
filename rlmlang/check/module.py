"""One file's names: its own declarations and what it imports, resolved when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from rlmlang.check import type_problems as say
from rlmlang.check.environment import Variables, constant
from rlmlang.check.holes import Holes
from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.ir.expressions import Param
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Recipe
from rlmlang.ir.types import (
    ANY,
    GENERIC,
    IMAGE,
    JSON,
    TEXT,
    TYPE_NAMES,
    EnumType,
    Field,
    ImageType,
    JsonType,
    MapType,
    PairType,
    Plain,
    PromptType,
    RecordType,
    Type,
    list_of,
    named,
    record,
)
from rlmlang.schema.formula import Sizes
from rlmlang.schema.partitions import GRAIN
from rlmlang.schema.registry import ALONE, Plugins
from rlmlang.schema.units import UNITS
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Trial

T = TypeVar("T")
UNBOUNDED = Plain | EnumType | RecordType | PairType | MapType | PromptType | JsonType | ImageType
SIZE = "a number such as 20_000 or 8ktok"
Parse = Callable[[SourceFile], "t.File | None"]
Condition = Callable[["Module", "t.Expr", Type], object]
Make = Callable[["Module", t.Recipe], Recipe]
Known = Callable[["Module", t.Recipe, Make], Recipe]


class Loader(Protocol):
    """What brings the text behind a `use`, from its path, the file that says it and the version
    that it asks for; None where there is none."""

    def __call__(self, path: str, importer: str, version: str = "", /) -> SourceFile | None:
        """The text. Raises CodedError for what may not or cannot be read."""


@dataclass
class Library:
    """Every file read in one check: the loader brings text, each file is parsed once.

    `sizes` are the real sizes of what is bound, by the unknowns of formulas; `most` is how many
    tokens a model may count for a tok, 1 while no model is bound; `grain` is the least slack, in
    tok, of the measure; `images` are the most tokens of an image, by the models that see some.
    `condition` checks what stands behind a field's `where`, `tool` a pattern that code may call.
    `filled` are the places of the texts that values are put into, `facts` what was found of each
    expression, and of each step by its name, by their places. `load` gives the text behind a `use`,
    or None; `plugins` has what other distributions add. `variable(name, type, place)` is what the
    environment has for a constant, None where it is not set; without, it is not read. `broken` says
    that something was wrong already: what is of no known type may be so since then. `asked` says
    whether anything depended on that, `said` counts what was reported. `known` gives a recipe as an
    earlier check made it, where that is true; else it makes it.
    """

    load: Loader
    parse: Parse
    sizes: Sizes = field(default_factory=dict)
    plugins: Plugins = ALONE
    condition: Condition = lambda module, written, type_: None
    tool: Callable[[Module, t.Recipe], object] = lambda module, decl: None
    most: int = 1
    grain: int = GRAIN
    images: Mapping[str, int] = field(default_factory=dict)
    filled: list[Span] = field(default_factory=list)
    facts: dict[Span, Facts] = field(default_factory=dict)
    variable: Variables | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    modules: dict[str, Module] = field(default_factory=dict)
    broken: bool = False
    asked: bool = False
    said: int = 0
    known: Known = lambda module, decl, make: make(module, decl)

    def doubtful(self) -> bool:
        """Whether something was wrong already, for what is said otherwise then."""
        self.asked = True
        return self.broken

    def report(self, problem: Diagnostic) -> None:
        """Keeps a problem, once."""
        self.said += 1
        self.broken = self.broken or problem.severity == "error"
        if problem not in self.diagnostics:
            self.diagnostics.append(problem)


class Module:
    """The names of one file."""

    def __init__(self, library: Library, source: SourceFile, file: t.File) -> None:
        self.library = library
        self.source = source
        self.decls: dict[str, t.Declaration] = {}
        self.imports: dict[str, tuple[Module, t.Declaration]] = {}
        self.made: dict[str, object] = {}
        self.types: dict[str, Type] = {}
        self.imported: dict[str, t.Node] = {}  # where a name is imported
        self.uses: list[t.Use] = []
        self.trials: list[Trial] = []
        self.holes = Holes(file.holes, set(file.lost))
        self.root = not library.modules
        self.variables: dict[str, t.Expr] = {}
        for item in file.items:
            self._declare(item)

    @property
    def variable(self) -> Variables | None:
        """What reads the environment."""
        return self.library.variable

    def report(self, problem: Diagnostic) -> None:
        """Keeps a problem found in this file, unless it only follows from another."""
        if self.holes.explain(problem):
            self.library.said += 1
            self.library.broken = True
        else:
            self.library.report(problem)

    def _declare(self, item: t.Decl) -> None:
        if isinstance(item, t.Use):
            self.uses.append(item)
            return
        if isinstance(item, Trial):
            self.trials.append(item)
            return
        if isinstance(item, t.Record | t.Enum) and item.name.text in TYPE_NAMES:
            self.report(say.built_in(item.name))
        first = self.decls.get(item.name.text)
        if first is not None:
            self.report(say.duplicate(item.name, first.name))
            return
        self.decls[item.name.text] = item

    def find(self, name: str) -> tuple[Module, t.Declaration] | None:
        """The declaration of a name and the module it stands in."""
        if name in self.decls:
            return self, self.decls[name]
        return self.imports.get(name)

    def once(self, key: str, kind: type[T], make: Callable[[], T]) -> T:
        """What a declaration is made into, made when it is first asked for."""
        found = self.made.get(key)
        if not isinstance(found, kind):
            found = self.made[key] = make()
        return found

    def known(self, *kinds: type) -> list[str]:
        """The names declared or imported here, of these kinds."""
        own = [n for n, d in self.decls.items() if isinstance(d, kinds)]
        return own + [n for n, (_, d) in self.imports.items() if isinstance(d, kinds)]

    # ── types ────────────────────────────────────────────────────────────────

    def type(
        self,
        written: t.TypeExpr,
        variables: Mapping[str, Type] | None = None,
        *,
        data: bool = False,
        shown: bool = False,
    ) -> Type:
        """The type that was written; unknown names are reported and become `Any`, as do `Json`
        where no `data` comes in, and `Image` where it is not `shown` to a prompt."""
        found = self._type(written, variables or {}, data)
        if (found == JSON and not data) or (found == IMAGE and not (data or shown)):
            self.report(say.misplaced(written, found))
            return ANY
        return found.maybe() if written.optional else found

    def _type(self, written: t.TypeExpr, variables: Mapping[str, Type], data: bool) -> Type:
        shown = written.name == "prompt" or (data and written.name == "list")
        args = tuple(self.type(a.type, variables, shown=shown) for a in written.args)
        most = tuple(map(self.max_of, written.args, args))
        if written.name == "list":
            return list_of(args[0], most[0])
        if written.name == "prompt":
            return PromptType(args[:-1], args[-1])
        if written.name in variables:
            return variables[written.name]
        if written.name in TYPE_NAMES:
            return self._builtin(written, args, most)
        found = self.find(written.name)
        if found is None or not isinstance(found[1], t.Record | t.Enum):
            self.report(say.unknown_type(written, self.known(t.Record, t.Enum)))
            return ANY
        return found[0].declared_type(found[1])

    def _builtin(
        self, written: t.TypeExpr, args: tuple[Type, ...], sizes: tuple[int | None, ...]
    ) -> Type:
        least, most = GENERIC.get(written.name, (0, 0))
        if not least <= len(args) <= most:
            self.report(say.type_arguments(written, least, most))
            return ANY
        if written.name == "Map" and args[0] != TEXT:
            self.report(say.no_key(written.args[0].type, args[0]))
            return ANY
        return named(written.name, args, sizes)

    def declared_type(self, decl: t.Record | t.Enum) -> Type:
        """The type a record or enum declares."""
        name = decl.name.text
        if name not in self.types:
            self.types[name] = ANY  # a record that names itself would not end
            self.types[name] = self._make_type(decl)
        return self.types[name]

    def _make_type(self, decl: t.Record | t.Enum) -> Type:
        if isinstance(decl, t.Enum):
            self._repeats([v.name for v in decl.variants])
            labels = tuple((v.name.text, v.docs) for v in decl.variants)
            return EnumType(labels, decl.name.text, decl.docs)
        self._repeats([f.name for f in decl.fields])
        return record(*map(self.field, decl.fields), name=decl.name.text, doc=decl.docs)

    def field(self, f: t.Field) -> Field:
        """A field with its type and its condition."""
        type_, where = self.type(f.typed.type), None
        if f.where is not None:
            where = self.library.condition(self, f.where, type_)
        return Field(f.name.text, type_, self.max_of(f.typed, type_), f.docs, where)

    def _repeats(self, names: list[t.Name]) -> None:
        seen: dict[str, t.Name] = {}
        for name in names:
            if name.text in seen:
                self.report(say.duplicate(name, seen[name.text]))
            seen.setdefault(name.text, name)

    def params(
        self, written: tuple[t.Param, ...], variables: Mapping[str, Type] | None = None
    ) -> tuple[Param, ...]:
        """Parameters with their types."""
        self._repeats([p.name for p in written])
        types = [self.type(p.typed.type, variables, data=True) for p in written]
        return tuple(
            Param(p.name.text, type_, self.max_of(p.typed, type_), p.docs)
            for p, type_ in zip(written, types, strict=True)
        )

    # ── amounts ──────────────────────────────────────────────────────────────

    def max_of(self, written: t.Typed, type_: Type) -> int | None:
        """The `max` of a type: items of a list, tok of a text; reported where it bounds neither."""
        if written.max is None:
            return None
        if isinstance(type_, UNBOUNDED):
            self.report(say.no_max(written.max, type_))
            return None
        number = self.through_const(written.max)
        if type_.is_list and number is not None and number.unit in ("tok", "ch"):
            self.report(say.of_items(number, type_))
            return None
        return self.size(written.max, ("",) if type_.is_list else ("tok", "ch", ""))

    def size(
        self, written: t.Expr | None, units: tuple[str, ...] = ("tok", "ch", "")
    ) -> int | None:
        """A size in tok or a count, whole and 0 or more; None where nothing was written."""
        found = self.amount(written, units) if written is not None else None
        if found is None or written is None:
            return None
        if found < 0 or found != int(found):
            self.report(say.not_an_amount(written, "a whole number, 0 or more"))
            return None
        return int(found)

    def amount(
        self, written: t.Expr, units: tuple[str, ...], words: str = SIZE
    ) -> int | float | None:
        """An amount as it is counted, two ch as one tok; None, and a problem, for what is none or
        has another unit."""
        value, number = self.literal(written), self.through_const(written)
        if isinstance(value, bool) or not isinstance(value, int | float) or number is None:
            self.report(say.not_an_amount(written, words))
            return None
        if number.unit not in units:
            self.report(say.wrong_unit(number, units))
            return None
        return max(1, int(value / 2)) if number.unit == "ch" and value > 0 else value

    def through_const(self, written: t.Expr) -> t.Number | None:
        """The number that was written, behind a minus or a constant that stands for it."""
        if isinstance(written, t.Unary) and written.op == "-":
            return self.through_const(written.operand)
        if isinstance(written, t.Name):
            found = self.find(written.text)
            if found is not None and isinstance(found[1], t.Const):
                return found[0].through_const(constant(found[0], found[1]))
        return written if isinstance(written, t.Number) else None

    def literal(self, written: t.Expr) -> object:
        """The value of a literal or of a constant that is one; None for anything else."""
        match written:
            case t.Number():
                return scaled(written)
            case t.Text(value=text) | t.Date(value=text):
                return text
            case t.Constant(value=truth):
                return truth
            case t.Unary(op="-", operand=operand):
                inner = self.literal(operand)
                return -inner if isinstance(inner, int | float) else None
            case t.Name(text=name):
                found = self.find(name)
                if found is not None and isinstance(found[1], t.Const):
                    return found[0].literal(constant(found[0], found[1]))
        return None


def scaled(written: t.Number) -> float | int:
    """A number in the unit that we count in: parts of one, seconds, bytes, tok or things."""
    value = written.value
    match written.unit:
        case "%":
            return value / 100
        case "h" | "min" | "ms":
            return value * UNITS[written.unit].times
        case "KB" | "MB" | "GB":
            return int(value * UNITS[written.unit].times)
    return int(value) if value == int(value) else value
