"""The types of the language, as a closed union, and which fits where."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Literal, Self, TypeAlias, assert_never, get_args

from rlmlang.value import LATER, Frozen, node, value

Word = Literal["Text", "Slice", "Doc", "Quote", "Id", "Path", "Range", "Date", "Time"]
"""The kinds of text."""
GENERIC = {"Slice": (0, 1), "Table": (1, 1), "Pair": (2, 2), "Map": (2, 2)}


@value
class Field(Frozen):
    """A field of a record; `max` is its most in tok (or items), None where nothing was said."""

    name: str
    type: Type
    max: int | None = None
    doc: str = ""
    where: object = None


@node
class BaseType(Frozen):
    """What all types have. An `optional` one may be none."""

    optional: bool = False

    def __str__(self) -> str:
        return self._form() + ("?" if self.optional else "")

    def _form(self) -> str:
        return type(self).__name__.removesuffix("Type")

    @property
    def item(self) -> Type:
        """The type of an item of a list, table or batch; Any for what has none."""
        return self.of if isinstance(self, Listed) else ANY

    @property
    def is_list(self) -> bool:
        """Whether it holds items: a list, a table or a batch of rows."""
        return isinstance(self, Listed)

    @property
    def textual(self) -> bool:
        """Whether it is text of some kind."""
        return isinstance(self, TextType)

    def field(self, name: str) -> Field | None:
        """The field of that name, of a record."""
        return next((f for f in fields_of(self) if f.name == name), None)

    def required(self) -> Self:
        """The same without `?`."""
        return replace(self, optional=False) if self.optional else self

    def maybe(self) -> Self:
        """The same with `?`."""
        return self if self.optional else replace(self, optional=True)


@value
class TextType(BaseType):
    """Text, and what is written as text."""

    word: Word

    def _form(self) -> str:
        return self.word


class IntType(BaseType):
    """`Int`."""


class FloatType(BaseType):
    """`Float`."""


class BoolType(BaseType):
    """`Bool`."""


class TreeType(BaseType):
    """A folder of files."""


class ImageType(BaseType):
    """An image, which a model is shown as it is."""


class AnyType(BaseType):
    """Of a value of which nothing is known."""

    def _form(self) -> str:
        return "anything"


class JsonType(BaseType):
    """Of a value of JSON of which nothing is declared: code may look into it, nothing else."""


class NoneType(BaseType):
    """Of none alone."""

    def _form(self) -> str:
        return "none"


@value
class Listed(BaseType):
    """What holds items `of` a type; `most` is the `max` of each, in tok (or items)."""

    of: Type
    most: int | None = field(default=None, metadata=LATER)


class ListType(Listed):
    """`[item]`."""

    def _form(self) -> str:
        return f"[{self.of}]"


class TableType(Listed):
    """Rows that are shown below the names of their fields."""

    def _form(self) -> str:
        return f"Table<{self.of}>"


class BatchType(Listed):
    """A piece of a list."""

    def _form(self) -> str:
        return f"Slice<{self.of}>"


@value
class RecordType(BaseType):
    """Fields by name; without a name of its own it is known by them."""

    fields: tuple[Field, ...]
    name: str = ""
    doc: str = ""

    def _form(self) -> str:
        return self.name or "{" + ", ".join(f"{f.name}: {f.type}" for f in self.fields) + "}"


@value
class EnumType(BaseType):
    """One of some labels, each with its documentation."""

    labels: tuple[tuple[str, str], ...]
    name: str = ""
    doc: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels alone."""
        return tuple(n for n, _ in self.labels)

    def _form(self) -> str:
        return self.name or "{}"


@value
class PairType(BaseType):
    """Two values that belong together, `left` and `right`, each with its `max`."""

    left: Type
    right: Type
    most: tuple[int | None, int | None] = field(default=(None, None), metadata=LATER)

    @property
    def fields(self) -> tuple[Field, Field]:
        """Its sides, as fields."""
        left, right = self.most
        return Field("left", self.left, left), Field("right", self.right, right)

    def _form(self) -> str:
        return f"Pair<{self.left}, {self.right}>"


@value
class MapType(BaseType):
    """Values `of` a type by a text: a JSON object of any keys; `most` are the `max` of a key and
    of a value."""

    of: Type
    most: tuple[int | None, int | None] = field(default=(None, None), metadata=LATER)

    def _form(self) -> str:
        return f"Map<Text, {self.of}>"


@value
class PromptType(BaseType):
    """A prompt, by its first parameters and its answer."""

    takes: tuple[Type, ...]
    gives: Type

    def _form(self) -> str:
        return f"prompt({', '.join(map(str, self.takes))}) -> {self.gives}"


Number = IntType | FloatType
Plain = Number | BoolType
"""What JSON and Python have a value of their own for."""
Type = (
    TextType | Plain | TreeType | ListType | TableType | BatchType | RecordType | EnumType
    | PairType | MapType | PromptType | ImageType | AnyType | JsonType | NoneType
)  # fmt: skip
Fielded: TypeAlias = RecordType | PairType  # what is written as an object of known `fields`

ANY, NONE, JSON = AnyType(), NoneType(), JsonType()
INT, FLOAT, BOOL, TREE, IMAGE = IntType(), FloatType(), BoolType(), TreeType(), ImageType()
TEXT, SLICE, DOC = TextType("Text"), TextType("Slice"), TextType("Doc")
QUOTE, RANGE, DATE, TIME = TextType("Quote"), TextType("Range"), TextType("Date"), TextType("Time")
SCALARS: dict[str, Type] = {
    **{word: TextType(word) for word in get_args(Word)}, "Image": IMAGE,
    "Int": INT, "Float": FLOAT, "Bool": BOOL, "Tree": TREE, "Size": INT, "Json": JSON,
}  # fmt: skip
TYPE_NAMES = (*SCALARS, "Table", "Pair", "Map")


def named(word: str, args: tuple[Type, ...] = (), most: tuple[int | None, ...] = ()) -> Type:
    """The type that a word of the language means, with the types between < and > behind it and the
    `max` of each."""
    first, second = (*most, None, None)[:2]
    match word, args:
        case "Table", (row,):
            return TableType(row)
        case "Slice", (row,):
            return BatchType(row)
        case "Pair", (left, right):
            return PairType(left, right, (first, second))
        case "Map", (_, of):
            return MapType(of, (first, second))
    return SCALARS[word]


def list_of(item: Type, most: int | None = None) -> ListType:
    """`[item max most]`."""
    return ListType(item, most)


def bare(type_: Type) -> Type:
    """The same without the `max` of what is in it, as it is of a value: how large that is stands in
    its facts. The fields of records keep theirs."""
    match type_:
        case Listed(of):
            return replace(type_, of=bare(of), most=None)
        case MapType(of):
            return replace(type_, of=bare(of), most=(None, None))
        case PairType(left, right):
            return replace(type_, left=bare(left), right=bare(right), most=(None, None))
        case PromptType(takes, gives):
            return replace(type_, takes=tuple(map(bare, takes)), gives=bare(gives))
    return type_


def record(*fields: Field, name: str = "", doc: str = "") -> RecordType:
    """A record type; without a name it is known by its fields alone."""
    return RecordType(fields, name, doc)


def fields_of(type_: BaseType) -> tuple[Field, ...]:
    """The fields of a record; none for any other type."""
    return type_.fields if isinstance(type_, RecordType) else ()


def is_documents(type_: BaseType) -> bool:
    """Whether a value is a list of documents, which may be given as a folder."""
    return isinstance(type_, ListType) and type_.of.required() == DOC


def is_time(type_: BaseType) -> bool:
    """Whether values are instants, which no other text is."""
    return isinstance(type_, TextType) and type_.word == "Time"


def parts_of(type_: Type) -> tuple[Type, ...]:
    """The types that a type is made of."""
    match type_:
        case Listed(of) | MapType(of):
            return (of,)
        case RecordType() | PairType():
            return tuple(f.type for f in type_.fields)
        case PromptType(takes, gives):
            return (*takes, gives)
        case TextType() | IntType() | FloatType() | BoolType() | TreeType():
            return ()
        case EnumType() | ImageType() | AnyType() | JsonType() | NoneType():
            return ()
    assert_never(type_)


def fits(have: Type, want: Type) -> bool:
    """Whether a value of type `have` may stand where `want` is asked for.

    Records and enums fit by structure; lists and tables of the same items are one; a list of
    optional items fits a list of items, the empty ones being left out.
    """
    if isinstance(have, AnyType) or isinstance(want, AnyType):
        return True
    if isinstance(have, NoneType):
        return want.optional
    return (want.optional or not have.optional) and _fits(have, want)


def _fits(have: Type, want: Type) -> bool:
    match have:
        case TextType(word=word):
            return want.textual and (word == "Time" or not is_time(want))
        case Listed(of):
            return want.is_list and fits(of.required(), want.item.required())
        case EnumType():
            labels = isinstance(want, EnumType) and {*have.names} <= {*want.names}
            return labels or (want.textual and not is_time(want))
        case RecordType():
            return isinstance(want, RecordType) and _record_fits(have, want)
        case PairType(left, right):
            if not isinstance(want, PairType):
                return False
            return fits(left, want.left) and fits(right, want.right)
        case MapType(of):
            return isinstance(want, MapType) and fits(of, want.of)
        case IntType():
            return isinstance(want, Number)
        case PromptType():
            return isinstance(want, PromptType) and bare(have.required()) == bare(want.required())
        case FloatType() | BoolType() | TreeType() | ImageType():
            return type(have) is type(want)
        case AnyType() | JsonType() | NoneType():
            return type(have) is type(want)
    assert_never(have)


def _record_fits(have: RecordType, want: RecordType) -> bool:
    if have is want:
        return True
    mine = {f.name: f.type for f in have.fields}
    return all(f.name in mine and fits(mine[f.name], f.type) for f in want.fields)
