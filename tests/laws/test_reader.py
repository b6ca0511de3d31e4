"""A value of any type, written and damaged as models do, is read as itself or refused: never as
another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import jsonschema
from hypothesis import event, given, settings
from hypothesis import strategies as st

from rlmlang.framing import scalars
from rlmlang.framing.align import same
from rlmlang.framing.reader import Form, read_reply
from rlmlang.framing.replies import UnreadableError, header
from rlmlang.framing.values import value_of
from rlmlang.ir import types as ty
from rlmlang.ir.answer_forms import answer_schema
from rlmlang.ir.kinds import labels_of
from rlmlang.ir.models import Model
from rlmlang.ir.recipe import Prompt
from rlmlang.runtime.values import misfit
from rlmlang.unicode import INVISIBLE

LAW = settings(max_examples=250, deadline=None)
LABELS = ("billing", "sign_in", "other", "no", "yes", "none", "true", "n_a", "x", "sign_in_twice")
FIELDS = ("name", "full_name", "age", "note", "notes", "result", "a", "b", "items", "x1")
PIECES = (
    "a", "b", " ", "é", "漢", "😀", "'", '"', "\\", "\n", "\t", ",", ":", "{", "}", "[", "]", "#", "//", "|", "-", "- ",
    "“", "”", "’", "1", "1.10", "$5", "true", "the end", "*", "**", "`", "```", ".", "…", "=", "/*", "\u200b", "\xa0",
)  # fmt: skip
PATHS = (
    r"\frac{a}{b}",
    r"C:\data\new",
    r"C:\temp",
    r"\nabla f",
    r"\theta",
    r"\d+\.\d*",
    r"C:\Users\ada",
)


AROUND_TEXT = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")


def texts() -> st.SearchStrategy[str]:
    """Texts that are none of the words for none, without blanks or what nobody sees around them, and
    without the control characters whose escapes are read as backslashes."""
    made = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
    return (
        st.one_of(made, st.text(max_size=8), st.sampled_from(PATHS))
        .map(lambda t: AROUND_TEXT.sub("", t))
        .filter(lambda t: not scalars.says_none(t) and not re.search(r"[\x08\x0c\r]", t))
    )


def enums() -> st.SearchStrategy[ty.Type]:
    labels = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4, unique=True)
    return labels.map(lambda names: ty.EnumType(tuple((n, "") for n in names)))


def records(inner: st.SearchStrategy[ty.Type]) -> st.SearchStrategy[ty.Type]:
    names = st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True)
    return names.flatmap(
        lambda found: st.tuples(*(inner for _ in found)).map(
            lambda kinds: ty.record(*map(ty.Field, found, kinds))
        )
    )


def pairs(inner: st.SearchStrategy[ty.Type]) -> st.SearchStrategy[ty.Type]:
    return st.tuples(inner, inner).map(lambda sides: ty.PairType(*sides))


def maps(inner: st.SearchStrategy[ty.Type]) -> st.SearchStrategy[ty.Type]:
    return inner.map(lambda of: ty.MapType(of=of))


def maybe(kinds: st.SearchStrategy[ty.Type]) -> st.SearchStrategy[ty.Type]:
    return st.tuples(kinds, st.booleans()).map(lambda k: k[0].maybe() if k[1] else k[0])


SCALARS = maybe(
    st.one_of(st.sampled_from([ty.TEXT, ty.SCALARS["Date"], ty.INT, ty.FLOAT, ty.BOOL]), enums())
)
TYPES = st.recursive(
    SCALARS,
    lambda inner: maybe(
        st.one_of(inner.map(ty.list_of), records(inner), pairs(inner), maps(inner))  # type: ignore[arg-type]
    ),
    max_leaves=6,
)


def values(type_: ty.Type) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if type_.optional:
        return st.one_of(st.none(), values(type_.required()))
    match type_:
        case ty.IntType():
            return st.one_of(st.integers(-2000, 2000), st.integers(), st.integers(10**18, 10**30))
        case ty.FloatType():
            near = st.integers(-4000, 4000).map(lambda n: n / 4)
            return st.one_of(near, st.floats(allow_nan=False, allow_infinity=False))
        case ty.BoolType():
            return st.booleans()
        case ty.EnumType():
            return st.sampled_from(type_.names)
        case ty.TextType("Date"):
            return st.dates().map(str)
        case ty.Listed(of):
            return st.lists(values(of), max_size=4)
        case ty.RecordType() | ty.PairType():
            return st.fixed_dictionaries({f.name: values(f.type) for f in type_.fields})
        case ty.MapType(of):
            return st.dictionaries(texts(), values(of), max_size=3)
    return texts()


LINE = re.compile(r"(?<!\\)((?:\\\\)*)\\n")
"""A line end in JSON, and not the `n` behind a backslash that is one."""


class Writer:
    """JSON as a careless model writes it; `damage` is what it does, one thing or several."""

    def __init__(self, damage: frozenset[str], random: Random) -> None:
        self.damage, self.random = damage, random

    def does(self, name: str) -> bool:
        return name in self.damage and self.random.random() < 0.7

    def text(self, value: str) -> str:
        if self.does("single quotes"):
            body = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
            return "'" + re.sub(r"'(?=\s*(?:[,:}\]#]|//|/\*|$))", r"\\'", body) + "'"
        if self.does("smart quotes") and not re.search("[“”]", value):
            return f"“{json.dumps(value, ensure_ascii=False)[1:-1]}”"
        if self.does("raw lines"):
            return LINE.sub(r"\1\n", json.dumps(value, ensure_ascii=False))
        if value in PATHS and self.does("raw backslashes"):
            return f'"{value}"'
        return json.dumps(value, ensure_ascii=self.does("escapes"))

    def number(self, value: float) -> str:
        plain = json.dumps(value)
        forms = {
            "number as text": f'"{plain}"', "grouped": f'"{value:,}"', "unit": f'"{plain} km"',
            "money": f'"${value:,}"', "bold": f'"**{plain}**"', "plus": f"+{plain}" if value >= 0 else plain,
            "minus": '"' + plain.replace("-", "−") + '"', "digits": '"' + plain.translate(WIDE) + '"',
        }  # fmt: skip
        found = [form for name, form in forms.items() if self.does(name)]
        return self.random.choice(found) if found else plain

    def label(self, value: str) -> str:
        forms = {
            "case": value.upper(), "period": f"{value}.", "bold": f"**{value}**", "blanks": value.replace("_", " "),
            "hyphens": value.replace("_", "-").title(), "sentence": f"The label is {value}.", "reason": f"{value}: it says so",
        }  # fmt: skip
        found = [form for name, form in forms.items() if self.does(name)]
        if not found and self.does("bare words"):
            return value
        return json.dumps(self.random.choice(found) if found else value)

    def value(self, value: Any, type_: ty.Type) -> str:
        if value is None:
            words = ["null", "None", '"none"', '"N/A"', '"null"']
            free = self.does("none in words") and "none" not in labels_of(type_)
            return self.random.choice(words if free else words[:1])
        if isinstance(type_, ty.EnumType):
            return self.label(value)
        if isinstance(value, bool):
            words = [str(value), f'"{value}"', '"Yes."' if value else '"no"']
            return self.random.choice(words) if self.does("truth") else json.dumps(value)
        if isinstance(value, int | float):
            return self.number(value)
        if isinstance(type_, ty.Listed):
            return self.list(value, type_)
        if isinstance(type_, ty.Fielded):
            return self.record(value, type_)
        if isinstance(type_, ty.MapType):
            return self.map(value, type_)
        return self.text(value)

    def list(self, value: list[Any], type_: ty.Listed) -> str:
        if len(value) == 1 and value[0] not in ([], None) and self.does("one for a list"):
            return self.value(value[0], type_.of)
        return "[" + self.parts([self.value(v, type_.of) for v in value]) + "]"

    def map(self, value: dict[str, Any], type_: ty.MapType) -> str:
        """An object, or the list that a schema asks for."""
        found = {json.dumps(k): self.value(v, type_.of) for k, v in value.items()}
        if self.does("entries"):
            return (
                "[" + self.parts([f'{{"key": {k}, "value": {v}}}' for k, v in found.items()]) + "]"
            )
        return "{" + self.parts([f"{k}: {v}" for k, v in found.items()], apart=True) + "}"

    def record(self, value: dict[str, Any], type_: ty.Fielded) -> str:
        parts = [
            f"{self.key(f.name)}: {self.value(value[f.name], f.type)}"
            for f in type_.fields
            if value[f.name] is not None or not self.does("missing none")
        ]
        if self.does("extra fields"):
            parts.insert(self.random.randrange(len(parts) + 1), '"zzz": [1, {}]')
        if self.does("order"):
            self.random.shuffle(parts)
        made = "{" + self.parts(parts, apart=True) + "}"
        if self.does("JSON in a string"):
            return json.dumps(made, ensure_ascii=False)
        return f"[{made}]" if self.does("a list of one") else made

    def key(self, name: str) -> str:
        if self.does("keys in other letters"):
            name = self.random.choice(
                [name.upper(), name.replace("_", " ").title(), name.replace("_", "-")]
            )
        return name if self.does("bare keys") and re.fullmatch(r"[\w-]+", name) else self.text(name)

    def parts(self, parts: list[str], *, apart: bool = False) -> str:
        comma = "\n" if apart and self.does("no commas") else ", "
        note = " // note, }\n" if self.does("comments") else ""
        return f"{comma}{note}".join(parts) + (
            "," if parts and self.does("trailing commas") else ""
        )


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
DAMAGES = (
    "single quotes", "smart quotes", "raw lines", "raw backslashes", "escapes", "number as text", "grouped", "unit",
    "money", "bold", "plus", "minus", "digits", "case", "period", "blanks", "hyphens", "sentence", "reason",
    "bare words", "none in words", "truth", "one for a list", "missing none", "extra fields", "order",
    "JSON in a string", "a list of one", "keys in other letters", "bare keys", "no commas", "comments", "trailing commas",
    "entries",
)  # fmt: skip
AROUND: dict[str, Callable[[str], str]] = {
    "alone": str, "fence": "```json\n{}\n```".format, "prose": "Here it is:\n\n{}\n\nI hope that helps.".format,
    "mark": "As [1] says: {}".format, "twice": "{0}\n\nAgain:\n\n{0}".format, "wrapped": '{{"result": {}}}'.format,
    "blanks": "\ufeff\n  {}\n\n".format, "fenced wrapped": 'So:\n```\n{{"result": {}}}\n```\nDone'.format,
}  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> tuple[ty.Type, Any, str, str]:
    """A type, a value, how it was written, and what was done to it."""
    type_ = draw(TYPES)
    value = draw(values(type_))
    damage = draw(st.frozensets(st.sampled_from(DAMAGES), max_size=3))
    writer = Writer(damage, draw(st.randoms(use_true_random=False)))
    return type_, value, writer.value(value, type_), ", ".join(sorted(damage))


@LAW
@given(answers(), st.sampled_from(sorted(AROUND)))
def test_what_is_damaged_is_read_as_itself_or_refused(
    answer: tuple[ty.Type, Any, str, str], around: str
) -> None:
    type_, value, text, _ = answer
    if type_.textual:
        text, around = str(value or ""), "alone"
    try:
        found, _ = value_of(AROUND[around](text), type_, "result")
    except ValueError:
        event(f"{around}: refused")
        return
    event(f"{around}: read")
    assert same(found) == same(value), text


@LAW
@given(answers(), st.sampled_from(["json", "fields", "plain"]), st.booleans())
def test_each_form_reads_a_value_as_itself(
    answer: tuple[ty.Type, Any, str, str], form: Form, marked: bool
) -> None:
    type_, value, text, damage = answer
    if type_.textual and (marked or form == "plain"):
        text, damage = str(value or ""), ""
    elif type_.textual:
        text = f'{{"result": {text}}}'
    reply = f"{header('result')}\n{text}\n\n{header('completed')}" if marked else text
    try:
        found = read_reply(reply, {"result": type_}, form).values["result"]
    except UnreadableError:
        assert damage or type_.textual or "null" in text or not text.strip(), reply
        return
    assert same(found) == same(value), reply


def as_asked(value: Any, type_: ty.Type) -> Any:
    """A value as a schema asks for it: a map as a list of its keys and values."""
    if isinstance(type_, ty.MapType) and value is not None:
        return [{"key": k, "value": as_asked(v, type_.of)} for k, v in value.items()]
    if isinstance(type_, ty.Listed) and value is not None:
        return [as_asked(v, type_.of) for v in value]
    if isinstance(type_, ty.Fielded) and value is not None:
        return {f.name: as_asked(value[f.name], f.type) for f in type_.fields}
    return value


@LAW
@given(st.data(), TYPES)
def test_what_fits_the_schema_of_a_type_is_read_as_itself(
    data: st.DataObject, type_: ty.Type
) -> None:
    value = data.draw(values(type_))
    prompt = Prompt("p", (), type_, None, "Do it.", Model("", "", 10_000, 1_000, 0.0))
    whole = {"result": as_asked(value, type_)}
    jsonschema.validate(whole, answer_schema(prompt))
    try:
        found = read_reply(json.dumps(whole), {"result": type_}, "json").values["result"]
    except UnreadableError:
        assert re.search(r"[\n\t\\]", str(value)), whole  # which may be escapes, or parts of paths
        return
    assert same(found) == same(value)
    assert misfit(found, type_) == ""


@LAW
@given(answers(), st.data())
def test_what_is_cut_is_read_as_nothing(
    answer: tuple[ty.Type, Any, str, str], data: st.DataObject
) -> None:
    type_, _, text, _ = answer
    if text[:1] not in ("[", "{") or not text.endswith(("]", "}")):
        return
    cut = text[: data.draw(st.integers(0, len(text) - 1))].rstrip()
    if cut and not type_.textual and cut != text:
        try:
            found, _ = value_of(cut, type_, "result")
        except ValueError:
            return
        raise AssertionError(f"{cut!r} of {text!r} was read as {found!r}")
