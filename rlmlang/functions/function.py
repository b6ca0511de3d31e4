"""What a built-in function is: its signature, its typing rule and its implementation.

`gives` and `run` are two readings of one signature: `gives` takes the facts of the arguments,
`run` their values, and both take the options by name. Both are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from rlmlang.ir.expressions import Computed, Constant, Expr
from rlmlang.ir.recipe import Facts
from rlmlang.ir.types import (
    DATE,
    TIME,
    AnyType,
    EnumType,
    JsonType,
    MapType,
    Number,
    TreeType,
    Type,
)
from rlmlang.ir.wider import widest
from rlmlang.schema.partitions import ORDER, Coverage
from rlmlang.value import Frozen, value

if TYPE_CHECKING:
    from rlmlang.context import Datum

Kind = Literal["list", "text", "pattern", "number", "date", "time", "map", "tree", "any", "*"]
Written = Literal[
    "field", "fields", "keys", "order", "where", "count", "items", "duration", "aggregate",
    "matches",
]  # fmt: skip
Names = str | tuple[str, ...]
"""A field's name, or several; empty for the item itself."""


@value
class Option(Frozen):
    """A named argument: a literal of a type, or one of the kinds.

    `field` is the bare name of a field, `fields` one or several of them, `keys` the same but always
    a tuple, `order` true, false, or several of them, `matches` those of two lists that are equal;
    `where` is a condition on an item, `aggregate` a value about a `group`; `count` a number of
    items that the plan counts with, `items` one that may be computed when it runs, `duration` a
    time in seconds. Those that are `last` may stand unnamed behind the arguments, in order; one
    that `waives` the function's need of coverage does so when it is true.
    """

    name: str
    takes: Written | Type
    required: bool = False
    last: bool = False
    waives: bool = False


@value
class Function(Frozen):
    """A built-in. `takes` are the kinds of its arguments; `*` repeats the last one, a list, whose
    items must all be of one type. A tree is taken as the list of its documents, but for `tree`; a
    `pattern` is a text that is taken as it is written, a `date` may be a time. `gives` raises
    CodedError for options that do not go with the arguments.

    `needs` is the least coverage its lists must have, `reads` a field that their rows must. Two
    lists are known to go one to one where a function that `pairs` them says the same of both. Lists
    that must be `alike` come from the same source and passed the same conditions. Arguments
    that must `agree` are all of the first one's type, but for none. `refuses` says why arguments
    and options do not go together, in words; empty where they do. With `columns` each further
    option is an aggregate, and names a field of what is given. What needs `some` item has no value
    of an empty list; an aggregate of what is `sparse` may be about no rows. `settles` gives options
    that follow from what is known, which `run` is given too; `reads_pattern` gives some that follow
    from a pattern that is written in the recipe. `instead` says what to do about an
    argument of another kind. `example` is a call and its value as JSON; its `rows` are those of the
    reference.
    """

    name: str
    doc: str
    takes: tuple[Kind, ...]
    gives: Callable[..., Facts]
    run: Callable[..., Datum]
    needs: Coverage = "some"
    options: tuple[Option, ...] = ()
    reads: str = ""
    pairs: bool = False
    alike: bool = False
    agree: bool = False
    instead: str = ""
    refuses: Callable[..., str] | None = None
    columns: bool = False
    some: bool = False
    sparse: bool = False
    settles: Callable[..., Mapping[str, object]] | None = None
    reads_pattern: Callable[[str], Mapping[str, object]] | None = None
    example: tuple[str, str] = ("", "")

    @property
    def repeats(self) -> bool:
        """Whether more lists may follow the last."""
        return "*" in self.takes

    @property
    def least(self) -> int:
        """How many arguments there must be."""
        return len(self.takes) - self.repeats

    def facts(self, /, *args: Facts, **options: object) -> Facts:
        """What is known of its value; of an aggregate the facts are given."""
        return self.gives(*args, **_known(options))

    def misused(self, /, *args: Facts, **options: object) -> str:
        """Why arguments and options do not go together, in words; empty where they do."""
        return self.refuses(*args, **_known(options)) if self.refuses is not None else ""

    def settled(self, /, *args: Facts, **options: object) -> Mapping[str, object]:
        """Options that follow from what is known."""
        return self.settles(*args, **_known(options)) if self.settles is not None else {}

    def of_pattern(self, /, *args: Expr) -> Mapping[str, object]:
        """Options that follow from a pattern that is written, and not computed."""
        if self.reads_pattern is None:
            return {}
        pattern = args[self.takes.index("pattern")]
        return self.reads_pattern(str(pattern.value)) if isinstance(pattern, Constant) else {}

    def fits(self, at: int, type_: Type) -> bool:
        """Whether a value of a type may be the argument at this place."""
        return isinstance(type_, AnyType) or KINDS[self.kind(at)](type_)

    def disagrees(self, types: Sequence[Type]) -> bool:
        """Whether an argument is of another type than the first, where they must be alike."""
        return self.agree and widest(types) is None

    def kind(self, at: int) -> Kind:
        """The kind of the argument at this place."""
        return self.takes[min(at, self.least - 1)]

    def covered(self, facts: Facts, options: Mapping[str, object]) -> bool:
        """Whether an argument has the coverage that is needed with these options."""
        waived = any(o.waives and options.get(o.name) is True for o in self.options)
        return waived or ORDER.index(facts.coverage) <= ORDER.index(self.needs)

    def unlike(self, lists: Sequence[Facts]) -> str:
        """Why lists do not go together that must be alike, in words; empty where they do."""
        if not self.alike:
            return ""
        first, *others = lists
        for other in others:
            if first.where != other.where:
                return f"one is `{first.kept}`, the other `{other.kept}`"
            if not first.origins <= other.origins:
                return f"one comes from {_of(first)}, the other from {_of(other)}"
        return ""


def _known(options: Mapping[str, object]) -> dict[str, object]:
    """Options, with None for what is computed when the function is called."""
    return {k: None if isinstance(v, Computed) else v for k, v in options.items()}


def _of(facts: Facts) -> str:
    return " and ".join(f"`{o}`" for o in sorted(facts.origins)) or "no source"


KINDS: Mapping[Kind, Callable[[Type], bool]] = {
    "list": lambda t: t.is_list or isinstance(t, TreeType),
    "tree": lambda t: isinstance(t, TreeType),
    "number": lambda t: isinstance(t, Number),
    "map": lambda t: isinstance(t, MapType) and not t.optional,
    "text": lambda t: t.textual or isinstance(t, EnumType),
    "pattern": lambda t: t.textual,
    "date": lambda t: t in (DATE, TIME),
    "time": lambda t: t == TIME,
    "any": lambda t: not isinstance(t, JsonType),
}


OF = Option("of", "field")
ON = Option("on", "fields")
BY = Option("by", "fields", required=True)
KEYS = Option("keys", "keys", required=True)
