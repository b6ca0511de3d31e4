"""The types of the language and which fits where."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.value import Frozen, value

TEXTUAL = ("Text", "Slice", "Doc", "Quote", "Id", "Path", "Range", "Date")
NUMERIC = ("Int", "Float")
SCALARS = (*TEXTUAL, *NUMERIC, "Bool", "Tree")
GENERIC = {"Slice": (0, 1), "Table": (1, 1), "Pair": (2, 2)}
TYPE_NAMES = (*SCALARS, "Table", "Pair", "Size")


@value
class Field(Frozen):
    """A field of a record; `max` is its most in tok (or items), None where nothing was said."""

    name: str
    type: Type
    max: int | None = None
    doc: str = ""
    where: object = None


@value
class Type(Frozen):
    """A type. `kind` is a built-in word, `List`, `Record`, `Enum`, `Prompt`, `Any` or `None`."""

    kind: str
    args: tuple[Type, ...] = ()
    name: str = ""
    fields: tuple[Field, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    doc: str = ""

    def __str__(self) -> str:
        return _show(self) + ("?" if self.optional else "")

    @property
    def item(self) -> Type:
        """The type of an item of a list, table or batch; Any for what has none."""
        if self.kind in ("List", "Table") or (self.kind == "Slice" and self.args):
            return self.args[0]
        return ANY

    @property
    def is_list(self) -> bool:
        """Whether it holds items: a list, a table or a batch of rows."""
        return self.kind in ("List", "Table") or (self.kind == "Slice" and bool(self.args))

    @property
    def textual(self) -> bool:
        """Whether it is text of some kind."""
        return self.kind in TEXTUAL and not self.args

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((f for f in self.fields if f.name == name), None)

    def required(self) -> Type:
        """The same without `?`."""
        return replace(self, optional=False)

    def maybe(self) -> Type:
        """The same with `?`."""
        return replace(self, optional=True)


ANY = Type("Any")
NONE = Type("None")
TEXT, SLICE, TREE = Type("Text"), Type("Slice"), Type("Tree")
INT, FLOAT, BOOL = Type("Int"), Type("Float"), Type("Bool")


def list_of(item: Type) -> Type:
    """`[item]`."""
    return Type("List", (item,))


def record(*fields: Field, name: str = "", doc: str = "") -> Type:
    """A record type; without a name it is known by its fields alone."""
    return Type("Record", name=name, fields=fields, doc=doc)


def fits(have: Type, want: Type) -> bool:
    """Whether a value of type `have` may stand where `want` is asked for.

    Records and enums fit by structure; lists and tables of the same items are one; a list of
    optional items fits a list of items, the empty ones being left out.
    """
    if "Any" in (have.kind, want.kind):
        return True
    if have.kind == "None":
        return want.optional
    if have.optional and not want.optional:
        return False
    return _fits(have.required(), want.required())


def _fits(have: Type, want: Type) -> bool:
    if have.is_list and want.is_list:
        return fits(have.item.required(), want.item.required())
    if have.textual and want.textual:
        return True
    match have.kind, want.kind:
        case ("Enum", _) if want.textual:
            return True
        case "Int", "Float":
            return True
        case "Enum", "Enum":
            return {n for n, _ in have.labels} <= {n for n, _ in want.labels}
        case "Record", "Record":
            return _record_fits(have, want)
        case "Pair", "Pair":
            return all(fits(a, b) for a, b in zip(have.args, want.args, strict=True))
        case "Prompt", "Prompt":
            return have == want
    return have.kind == want.kind and not have.args and not want.args


def _record_fits(have: Type, want: Type) -> bool:
    if have.name and have.name == want.name:
        return True
    mine = {f.name: f.type for f in have.fields}
    return all(f.name in mine and fits(mine[f.name], f.type) for f in want.fields)


def _show(t: Type) -> str:
    if t.kind == "List":
        return f"[{t.args[0]}]"
    if t.kind == "Prompt":
        return f"prompt({', '.join(map(str, t.args[:-1]))}) -> {t.args[-1]}"
    if t.kind in ("Record", "Enum"):
        return t.name or "{" + ", ".join(f"{f.name}: {f.type}" for f in t.fields) + "}"
    if t.kind == "Any":
        return "anything"
    return t.kind.lower() if t.kind == "None" else t.kind + _arguments(t)


def _arguments(t: Type) -> str:
    return f"<{', '.join(map(str, t.args))}>" if t.args else ""
