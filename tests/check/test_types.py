"""The types of the language: how they are written, what fits where, and how a plan holds them."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import pytest

from rlmlang.ir.binding import Binding
from rlmlang.ir.types import (
    ANY,
    BOOL,
    FLOAT,
    IMAGE,
    INT,
    JSON,
    NONE,
    QUOTE,
    SCALARS,
    SLICE,
    TEXT,
    TREE,
    EnumType,
    Field,
    PromptType,
    Type,
    bare,
    fits,
    list_of,
    named,
    record,
)
from rlmlang.plan.encoding import declared, decode, encode
from rlmlang.plan.serialize import hash_of
from rlmlang.plan.serialize import plain as serialized
from rlmlang.schema.formula import Unknown, What

ROW = record(Field("id", named("Id"), 8), Field("note", QUOTE.maybe()), name="Row", doc="A row.")
MOOD = EnumType((("glad", "smiles"), ("sad", "")), "Mood")
WRITTEN: dict[str, Type] = {
    "Text": TEXT, "Text?": TEXT.maybe(), "Tree": TREE, "Int": INT, "Float?": FLOAT.maybe(),
    "Bool": BOOL, "Row": ROW, "Mood": MOOD, "[Row?]": list_of(ROW.maybe()),
    "Table<Row>": named("Table", (ROW,)), "Slice": SLICE, "Slice<Row>": named("Slice", (ROW,)),
    "Pair<Row, Mood>?": named("Pair", (ROW, MOOD)).maybe(), "{n: Int}": record(Field("n", INT)),
    "Map<Text, [Row]>": named("Map", (TEXT, list_of(ROW))),
    "prompt(Text, [Row]) -> Mood": PromptType((TEXT, list_of(ROW)), MOOD),
    "anything": ANY, "none": NONE, "Json": JSON, "Image": IMAGE,
}  # fmt: skip


def test_every_type_is_among_these() -> None:
    assert {type(t) for t in WRITTEN.values()} == set(get_args(Type))


@pytest.mark.parametrize("written", WRITTEN)
def test_a_type_is_written_and_kept(written: str) -> None:
    type_ = WRITTEN[written]
    assert str(type_) == written
    assert type_.required().maybe() == type_.maybe()
    assert decode(encode(type_), Type, "it") == type_
    assert fits(type_, type_.maybe()) and fits(type_, ANY) and fits(NONE, type_.maybe())


def test_words_mean_types() -> None:
    assert {w: str(named(w)) for w in SCALARS} == {w: w for w in SCALARS} | {"Size": "Int"}


@pytest.mark.parametrize(
    ("have", "want", "fitting"),
    [
        (INT, FLOAT, True),
        (FLOAT, INT, False),
        (BOOL, INT, False),
        (TEXT.maybe(), TEXT, False),
        (QUOTE, TEXT, True),
        (MOOD, TEXT, True),
        (TEXT, MOOD, False),
        (TREE, TEXT, False),
        (MOOD, EnumType((("sad", ""), ("glad", ""), ("even", ""))), True),
        (EnumType((("even", ""),)), MOOD, False),
        (ROW, record(Field("id", TEXT)), True),
        (record(Field("id", INT)), ROW, False),
        (list_of(INT.maybe()), named("Table", (FLOAT,)), True),
        (list_of(TEXT), SLICE, False),
        (named("Slice", (ROW,)), list_of(ROW), True),
        (named("Slice", (ROW,)), SLICE, False),
        (named("Pair", (INT, TEXT)), named("Pair", (FLOAT, TEXT)), True),
        (named("Pair", (TEXT, INT)), named("Pair", (FLOAT, TEXT)), False),
        (named("Map", (TEXT, INT)), named("Map", (TEXT, FLOAT)), True),
        (named("Map", (TEXT, INT)), ROW, False),
        (PromptType((TEXT,), INT), PromptType((TEXT,), FLOAT), False),
    ],
    ids=str,
)
def test_what_fits_where(have: Type, want: Type, fitting: bool) -> None:
    assert fits(have, want) is fitting


def test_a_document_makes_no_type_that_is_none() -> None:
    wrong = ({"is": "TextType", "word": "Texts"}, {"is": "BaseType"}, {"is": "ListType", "of": 3})
    for written in wrong:
        with pytest.raises(ValueError, match="^it"):
            decode(written, Type, "it")


def test_the_max_of_an_item_is_kept_and_changes_nothing_of_the_kind() -> None:
    for plain, sized in (
        (list_of(TEXT), list_of(TEXT, 20)),
        (named("Map", (TEXT, INT)), named("Map", (TEXT, INT), (8, None))),
        (named("Pair", (TEXT, INT)), named("Pair", (TEXT, INT), (8, None))),
    ):
        assert decode(encode(sized), Type, "it") == sized != plain
        assert hash_of(sized) != hash_of(plain) and "most" not in json.dumps(serialized(plain))
        assert bare(list_of(sized, 4)) == list_of(plain)
        assert fits(plain, sized) and fits(sized, plain) and str(sized) == str(plain)
        assert fits(PromptType((sized,), INT), PromptType((plain,), INT))


def test_the_hash_of_a_list_covers_the_fields_of_its_rows() -> None:
    more = dataclasses.replace(ROW, fields=(*ROW.fields, Field("n", INT)))
    assert hash_of(list_of(ROW)) != hash_of(list_of(more))


def test_each_value_of_a_plan_has_a_name_of_its_own() -> None:
    names = [kind.__name__ for kind in declared()]
    assert len(names) > 60
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("what", get_args(What))
def test_an_unknown_is_written_and_read(what: What) -> None:
    unknown = Unknown(what, "log")
    assert str(unknown) == (f"{what}(log)" if what else "log")
    assert Unknown.read(str(unknown)) == unknown
    given = Binding(sizes={unknown: 3})
    assert decode(encode(given), Binding, "it") == given


def test_what_is_no_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="most"):
        Unknown.read("most(log)")
