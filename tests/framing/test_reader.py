"""The reader of replies: what can mean one value is read with a name for each repair, the rest is
refused."""

from __future__ import annotations

from typing import Any

import pytest

from rlmlang.framing import repairs as names
from rlmlang.framing.reader import Form, read_reply
from rlmlang.framing.replies import UnreadableError, header
from rlmlang.framing.values import value_of
from rlmlang.ir import types as ty

KIND = ty.EnumType((("billing", "Invoices and refunds"), ("sign_in", ""), ("other", "")), "Kind")
PERSON = ty.record(
    ty.Field("full_name", ty.TEXT),
    ty.Field("age", ty.INT),
    ty.Field("height", ty.FLOAT.maybe()),
    ty.Field("kind", KIND),
    ty.Field("tags", ty.list_of(ty.TEXT)),
    name="Person",
)
ADA = {"full_name": "Ada", "age": 36, "height": None, "kind": "billing", "tags": ["a"]}
TALL = {**ADA, "height": 1.5}
GOOD = '{"full_name": "Ada", "age": 36, "kind": "billing", "tags": ["a"]}'
SHAPES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "as asked": (GOOD, ADA),
    "in a fence": (f"```json\n{GOOD}\n```", ADA),
    "prose around": (f"Here it is:\n\n{GOOD}\n\nI hope that helps!", ADA),
    "prose and a fence": (f"Sure!\n```\n{GOOD}\n```\nDone.", ADA),
    "keys in other case": (GOOD.replace("full_name", "fullName").replace("age", "Age"), ADA),
    "unquoted keys": ('{full_name: "Ada", age: 36, kind: billing, tags: ["a"]}', ADA),
    "trailing commas": ('{"full_name": "Ada", "age": 36, "kind": "billing", "tags": ["a",],}', ADA),
    "single quotes": ("{'full_name': 'Ada', 'age': 36, 'kind': 'billing', 'tags': ['a']}", ADA),
    "an apostrophe": (
        "{'full_name': 'O'Hara', 'age': 36, 'kind': 'billing', 'tags': ['a']}",
        {**ADA, "full_name": "O'Hara"},
    ),
    "a number as text": (GOOD.replace("36", '"36"'), ADA),
    "a number with a unit": (GOOD.replace("36", '"36 years"'), ADA),
    "money": (GOOD.replace('"kind"', '"height": "$1.50", "kind"'), TALL),
    "thousands": (
        GOOD.replace('"kind"', '"height": "1,250.50", "kind"'), {**ADA, "height": 1250.5},
    ),
    "a fraction": (GOOD.replace('"kind"', '"height": "3/2", "kind"'), TALL),
    "a label in other case": (GOOD.replace("billing", "Billing"), ADA),
    "a label by its words": (GOOD.replace("billing", "invoices and refunds"), ADA),
    "a label with a period": (GOOD.replace('"billing"', '"billing."'), ADA),
    "a label in bold": (GOOD.replace('"billing"', '"**billing**"'), ADA),
    "a label in a sentence": (GOOD.replace('"billing"', '"The kind is billing."'), ADA),
    "one for a list": (GOOD.replace('["a"]', '"a"'), ADA),
    "a list of one": (f"[{GOOD}]", ADA),
    "fields that nobody asked for": (GOOD.replace('"age"', '"note": [1, {}], "age"'), ADA),
    "none in words": (GOOD.replace('"kind"', '"height": "N/A", "kind"'), ADA),
    "null": (GOOD.replace('"kind"', '"height": null, "kind"'), ADA),
    "Python's none": (GOOD.replace('"kind"', "'height': None, 'kind'"), ADA),
    "comments": ('{"full_name": "Ada", // her name\n"age": 36, /* years */ "kind": "billing", # x\n"tags": ["a"]}', ADA),
    "JSON in a string": ('"{\\"full_name\\": \\"Ada\\", \\"age\\": 36, \\"kind\\": \\"billing\\", \\"tags\\": [\\"a\\"]}"', ADA),
    "an object around": (f'{{"person": {GOOD}}}', ADA),
    "the field around": (f'{{"result": {GOOD}}}', ADA),
    "the same twice": (f"{GOOD}\n\nSo:\n\n{GOOD}", ADA),
    "smart quotes": (GOOD.replace(' "', " “").replace('":', "”:").replace('",', "”,").replace('{"', "{“"), ADA),
    "no commas between lines": ('{\n"full_name": "Ada"\n"age": 36\n"kind": "billing"\n"tags": ["a"]\n}', ADA),
    "TeX": (GOOD.replace("Ada", r"\frac{1}{2}"), {**ADA, "full_name": r"\frac{1}{2}"}),
    "a line in a string": (GOOD.replace("Ada", "Ada\nL."), {**ADA, "full_name": "Ada\nL."}),
    "bullets": ("- **Full name:** Ada\n- **Age:** 36\n- **Kind:** billing\n- **Tags:** a", ADA),
    "lines": ("full_name: Ada\nage: 36\nkind: Billing\ntags: a", ADA),
    "a table": ("| Full name | Age | Kind | Tags |\n|---|--:|---|---|\n| Ada | 36 | billing | a |", ADA),
    "a byte order mark": ("\ufeff" + GOOD, ADA),
    "half a character": (GOOD.replace("Ada", "Ada \\ud83d"), {**ADA, "full_name": "Ada \ufffd"}),
    "a version": (GOOD.replace('"Ada"', "1.10"), {**ADA, "full_name": "1.10"}),
    "a mark in the prose": (f"As shown [1], it is {GOOD}", ADA),
    "marks without width": ("\u200b\n" + GOOD + "\u2060", ADA),
    "a label of two words": (GOOD.replace("billing", "SIGN IN"), {**ADA, "kind": "sign_in"}),
    "a label as in code": (GOOD.replace("billing", "signIn"), {**ADA, "kind": "sign_in"}),
    "a label in capitals and bold": (GOOD.replace('"billing"', '"**BILLING.**"'), ADA),
    "a Greek letter": (GOOD.replace("Ada", r"\alpha_1"), {**ADA, "full_name": r"\alpha_1"}),
    "a drive and words": (GOOD.replace("Ada", r"D:\files\report"), {**ADA, "full_name": r"D:\files\report"}),
    # what may mean another value
    "TeX or a tab": (GOOD.replace("Ada", r"x \to y"), None),
    "TeX or a line": (GOOD.replace("Ada", r"\nu"), None),
    "a path or a line": (GOOD.replace("Ada", r"c:\new"), None),
    "a path upwards": (GOOD.replace("Ada", r"..\news\today.txt"), None),
    "cut in a string": ('{"full_name": "Ada", "age": 36, "kind": "billing", "tags": ["a', None),
    "cut between items": ('{"full_name": "Ada", "age": 36, "kind": "billing", "tags": ["a",', None),
    "two candidates": (f"{GOOD}\n{GOOD.replace('36', '37')}", None),
    "a draft in prose": (f"First {GOOD.replace('Ada', 'Bo')}, or rather {GOOD}", None),
    "a key twice": (GOOD.replace('"age": 36', '"age": 36, "age": 37'), None),
    "a key twice in other case": (GOOD.replace('"age": 36', '"age": 36, "Age": 37'), None),
    "two labels": (GOOD.replace('"billing"', '"billing or sign in"'), None),
    "a label that is denied": (GOOD.replace('"billing"', '"It is not billing"'), None),
    "a number with two readings": (GOOD.replace('"kind"', '"height": "1.250,50", "kind"'), None),
    "a thousand or a fraction": (GOOD.replace('"kind"', '"height": "1,250", "kind"'), None),
    "two numbers": (GOOD.replace("36", '"36 or 37"'), None),
    "a scale": (GOOD.replace("36", '"36k"'), None),
    "a fraction for a whole number": (GOOD.replace("36", "36.5"), None),
    "not a number": (GOOD.replace('"kind"', '"height": NaN, "kind"'), None),
    "a huge number": (GOOD.replace('"kind"', '"height": 1e999, "kind"'), None),
    "a truth for a number": (GOOD.replace("36", "true"), None),
    "a missing field": (GOOD.replace('"age": 36, ', ""), None),
    "a name nearly right": (GOOD.replace('"kind"', '"heights": 1.5, "kind"'), None),
    "none for a text": (GOOD.replace('"Ada"', "null"), None),
    "commas in one text": (GOOD.replace('["a"]', '"a, b"'), None),
    "a path with a tab": (GOOD.replace("Ada", r"C:\temp"), None),
    "quotes inside a string": (GOOD.replace("Ada", 'the "a" and "b"'), None),
    "a string of two": (GOOD.replace('["a"]', '["a" "b"]'), None),
    "dots for the rest": (GOOD.replace('["a"]', '["a", ...]'), None),
    "another language's escape": (GOOD.replace("Ada", r"\xa0"), None),
    "a table cut in a row": ("| Full name | Age | Kind | Tags |\n|---|--:|---|---|\n| Ada | 36 | bil", None),
    "prose": ("Ada is 36 years old.", None),
    "nothing": ("", None),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_is_read_in_every_shape_that_means_it(shape: str) -> None:
    text, wanted = SHAPES[shape]
    if wanted is None:
        with pytest.raises(ValueError, match="."):
            value_of(text, PERSON, "result")
        return
    value, repairs = value_of(text, PERSON, "result")
    assert value == wanted
    assert list(map(type, value.values())) == list(map(type, wanted.values()))  # type: ignore[union-attr]
    plain = ("as asked", "null")
    assert bool(repairs) == (shape not in plain), repairs


NUMBERS: dict[str, float | None] = {
    "42": 42, "**42**": 42, "42.": 42, " +42 ": 42, "−42": -42, "1_250": 1250, "1,250,000.5": 1250000.5,
    "$1.50": 1.5, "1.50 €": 1.5, "USD 3": 3, "$1,250": 1250, "1/2": 0.5, "12 apples": 12, "5 km": 5, "**5** apples": 5, "The answer is 5.": 5, "**Result: 5**": 5, "5。": 5, "\ufeff5": 5, "1e3": 1000,
    "Answer: 42": 42, "result = 42": 42, "1\u202f250": 1250, "１２": 12, "0.000": 0, "1.250": 1.25,
    "1.250,50": None, "1,250": None, "3,5": None, "€1.250": None, "50%": None, "3k": None, "3 million": None,
    "1-2": None, "about 5": None, "~5": None, "5 or 6": None, "5 or": None, "1/0": None, "nan": None, "inf": None,
    "1e999": None, "true": None, "": None, "none": None, "three": None, "1 2": None, "0x10": None, "5 of 10": None,
}  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_has_one_reading_or_is_none(text: str) -> None:
    wanted = NUMBERS[text]
    if wanted is None:
        with pytest.raises(ValueError, match="."):
            value_of(text, ty.FLOAT, "result")
    else:
        assert value_of(text, ty.FLOAT, "result")[0] == wanted


WHOLE: dict[str, int | None] = {
    "1,250": 1250, "5.0": 5, "37%": 37, "1e3": 1000, "12345678901234567890": 12345678901234567890,
    "1.000": None, "1.250": None, "5.5": None, "100%": None, "1e400": None, "1/2": None, "4/2": None,
    "9" * 5_000: None,
}  # fmt: skip


@pytest.mark.parametrize("text", WHOLE, ids=[t[:20] for t in WHOLE])
def test_a_whole_number_is_whole(text: str) -> None:
    wanted = WHOLE[text]
    if wanted is None:
        with pytest.raises(ValueError, match="."):
            value_of(text, ty.INT, "result")
    else:
        value = value_of(text, ty.INT, "result")[0]
        assert (value, type(value)) == (wanted, int)


OTHERS: list[tuple[str, ty.Type, object]] = [
    ("Yes.", ty.BOOL, True), ("**no**", ty.BOOL, False), ("True", ty.BOOL, True), ("[false]", ty.BOOL, False),
    ("perhaps", ty.BOOL, ...), ("yes and no", ty.BOOL, ...), ("true/false", ty.BOOL, ...),
    ("Sign-In", KIND, "sign_in"), ("sign_in: the user cannot log in", KIND, "sign_in"),
    ("**Category:** billing", KIND, "billing"), ("billing, or other", KIND, ...), ("bill", KIND, ...),
    ("It has another cause", KIND, ...), ('{"result": "billing"}', KIND, "billing"), ("none", KIND, ...), ("(billing)", KIND, "billing"), ("billing,", KIND, "billing"), ("«Billing»", KIND, "billing"),
    ("sign\u2011in", KIND, "sign_in"), ("signIn", KIND, "sign_in"), ("sign\\_in", KIND, "sign_in"), ("• billing", KIND, "billing"),
    ("ｂｉｌｌｉｎｇ。", KIND, "billing"), ("billing (late)", KIND, "billing"), ("billing\n\nIt is about money.", KIND, "billing"),
    ("billing?", KIND, ...), ("~~billing~~ other", KIND, ...), ("billing\n\nor other", KIND, ...),
    (r'["a\nb", "c\td"]', ty.list_of(ty.TEXT), ["a\nb", "c\td"]),
    ("Billing\nSign in", ty.list_of(KIND), ["billing", "sign_in"]), ("1\n2", ty.list_of(ty.INT), [1, 2]),
    ("False。", ty.BOOL, False), ("yes\u200b", ty.BOOL, True), ("The answer is yes.", ty.BOOL, True),
    ("\ufeff2024-01-05", ty.SCALARS["Date"], "2024-01-05"), ("\u200b\nwasps", ty.TEXT, "wasps"),
    ("2024-01-05T10:30:00Z", ty.SCALARS["Date"], "2024-01-05T10:30:00Z"), ("Date: 2024-01-05", ty.SCALARS["Date"], "2024-01-05"),
    ("The answer is 2024-01-05.", ty.SCALARS["Date"], "2024-01-05"), ("02/01/2024", ty.SCALARS["Date"], ...),
    ("yesterday", ty.SCALARS["Date"], ...), ("2024-13-01", ty.SCALARS["Date"], ...), ("2024-02-30", ty.SCALARS["Date"], ...),
    ('["2024-01-05"]', ty.list_of(ty.SCALARS["Date"]), ["2024-01-05"]), ('["soon"]', ty.list_of(ty.SCALARS["Date"]), ...),
    ("none", ty.SCALARS["Date"].maybe(), None),
    ("2024-01-05T10:30Z", ty.TIME, "2024-01-05T10:30:00+00:00"), ("Time: 2024-01-05 10:30:00+02:00.", ty.TIME, "2024-01-05T08:30:00+00:00"),
    ("2024-01-05", ty.TIME, ...), ("2024-01-05T25:00Z", ty.TIME, ...), ('["2024-01-05T10:30:00"]', ty.list_of(ty.TIME), ["2024-01-05T10:30:00+00:00"]),
    ("none", KIND.maybe(), None), ("", ty.INT.maybe(), None), ("N/A.", ty.INT.maybe(), None),
    ("None", ty.TEXT.maybe(), None), ("None", ty.TEXT, "None"), ("**2024-01-05**.", ty.SCALARS["Date"], "2024-01-05"),
    ("- a\n- b", ty.list_of(ty.TEXT), ["a", "b"]), ("1. a\n2. b", ty.list_of(ty.TEXT), ["a", "b"]),
    ("billing, other", ty.list_of(KIND), ["billing", "other"]), ("1, 2", ty.list_of(ty.INT), [1, 2]),
    ("1,250", ty.list_of(ty.INT), ...), ("a", ty.list_of(ty.TEXT), ["a"]), ("a, b", ty.list_of(ty.TEXT), ...),
    ("none", ty.list_of(ty.TEXT), []), ("", ty.list_of(ty.TEXT), ...), ("[1] [2]", ty.list_of(ty.INT), ...),
    ("[1]\n\n[1]", ty.list_of(ty.INT), [1]), ("As in [1].", ty.list_of(ty.INT), ...), ('{"items": [1]}', ty.list_of(ty.INT), [1]),
    (f"{GOOD}\n{GOOD}", ty.list_of(PERSON), [ADA, ADA]), (GOOD, ty.list_of(PERSON), [ADA]),
    ('["a", null]', ty.list_of(ty.TEXT), ...), ('["a", null]', ty.list_of(ty.TEXT.maybe()), ["a", None]),
    ("[1, 2", ty.list_of(ty.INT), ...), ("[1, 2]]", ty.list_of(ty.INT), ...), ("[" * 999, ty.list_of(ty.ANY), ...),
    (r'["C:\Users\ada"]', ty.list_of(ty.TEXT), [r"C:\Users\ada"]), ("[yes, 1]", ty.list_of(ty.BOOL), [True, True]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type_", "wanted"), OTHERS, ids=[o[0][:30] for o in OTHERS])
def test_other_types_are_read_alike(text: str, type_: ty.Type, wanted: object) -> None:
    if wanted is ...:
        with pytest.raises(ValueError, match="."):
            value_of(text, type_, "result")
    else:
        assert value_of(text, type_, "result")[0] == wanted


END = header("completed")
CHANNEL = "<|channel|>"
MARKED = f"{header('result')}\nParis\n\n{END}"
FORMS: list[tuple[Form, ty.Type, str, object]] = [
    ("fields", ty.TEXT, MARKED, "Paris"), ("plain", ty.TEXT, MARKED, "Paris"), ("json", ty.TEXT, MARKED, "Paris"),
    ("plain", ty.TEXT, "Paris", "Paris"), ("plain", ty.TEXT, f"Paris\n\n{END}", "Paris"),
    ("plain", ty.TEXT, "<think>\nRome?\n</think>\nParis", "Paris"), ("plain", ty.TEXT, "Rome?\n</think>\nParis", "Paris"),
    ("plain", ty.TEXT, f"  ### {header('result')}\nParis\n\n### {END}", "Paris"), ("fields", ty.INT, f"1. {header('result')} 4\n\n2. {END}", 4),
    ("fields", ty.TEXT, f"**{header('result')}:**\nParis\n\n**{END}**", "Paris"), ("plain", ty.TEXT, f"> {header('result')}\n> Paris", ...),
    ("plain", ty.TEXT, f"{header('result')}\nParis\n> {END}", "Paris"),
    ("plain", ty.TEXT, f"{CHANNEL}analysis<|message|>\n{header('result')}\nRome\n<|end|><|start|>assistant{CHANNEL}final<|message|>Paris", "Paris"),
    ("fields", ty.INT, f"{CHANNEL}analysis<|message|>\n{header('result')}\n3\n<|end|><|start|>assistant{CHANNEL}final<|message|>{header('result')}\n4\n\n{END}", 4),
    ("fields", ty.TEXT, f"{CHANNEL}analysis<|message|>\n{header('result')}\nRome\n\n{END}", ...),
    ("plain", ty.TEXT, "<unused94>thought\nRome?<unused95>Paris", "Paris"), ("plain", ty.TEXT, "<unused94>thought\nRome?", ...),
    ("plain", ty.TEXT, "<think>\nRome?", ...), ("plain", ty.TEXT, "Rome?\n</think>", ...),
    ("plain", ty.TEXT, '{"result": "Paris"}', '{"result": "Paris"}'),
    ("plain", ty.TEXT, f"Paris\n{END}\nand more", ...), ("plain", ty.INT, "42", 42),
    ("json", ty.TEXT, '{"result": "Paris"}', "Paris"), ("json", ty.TEXT, '"Paris"', "Paris"),
    ("json", ty.TEXT, "```json\n{\"Result\": \"Paris\"}\n```", "Paris"), ("json", ty.TEXT, "Paris", ...),
    ("json", ty.TEXT, '{"result": "Par', ...), ("json", ty.TEXT.maybe(), '{"result": null}', None),
    ("json", ty.TEXT.maybe(), "null", None), ("json", ty.TEXT, '{"result": "a"} {"result": "b"}', ...),
    ("json", ty.INT, "42", 42), ("json", ty.INT, '{"result": 42}', 42), ("json", KIND, '"billing"', "billing"),
    ("json", PERSON, GOOD, ADA), ("json", PERSON, f'{{"result": {GOOD}}}', ADA), ("json", ty.list_of(ty.INT), "[1]", [1]),
    ("json", ty.list_of(ty.INT), '{"result": [1]}', [1]), ("json", ty.BOOL, "<think>no?</think>true", True),
    ("fields", ty.TEXT, '{"result": "Paris"}', "Paris"), ("fields", ty.TEXT, "Paris", ...),
    ("fields", KIND, "Billing", "billing"), ("fields", ty.INT, "42", 42), ("fields", PERSON, GOOD, ADA),
    ("fields", ty.INT, f"{header('reslt')}\n42", ...), ("fields", ty.INT, "1. `page` (str):", ...),
    ("fields", KIND, f"{header('result')}\n{{\"result\": \"billing\"}}\n\n{END}", "billing"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "type_", "reply", "wanted"), FORMS)
def test_each_form_is_read_in_the_others_where_it_means_one_thing(
    form: Form, type_: ty.Type, reply: str, wanted: object
) -> None:
    if wanted is ...:
        with pytest.raises(UnreadableError):
            read_reply(reply, {"result": type_}, form)
    else:
        assert read_reply(reply, {"result": type_}, form).values == {"result": wanted}


def test_several_fields_are_read_from_one_object() -> None:
    types = {"reasoning": ty.TEXT, "result": ty.INT}
    for form in ("json", "fields"):
        reply = '{"reasoning": "It says so.", "result": 7}'
        found = read_reply(reply, types, form)
        assert found.values == {"reasoning": "It says so.", "result": 7}
    assert found.repairs == (names.HEADER,)


@pytest.mark.parametrize("finish", ["length", "content_filter", "tool_call", "error"])
def test_what_is_not_whole_is_not_read(finish: str) -> None:
    with pytest.raises(UnreadableError, match="not whole"):
        read_reply(MARKED, {"result": ty.TEXT}, finish=finish)


def test_a_form_as_it_was_asked_for_takes_no_repair() -> None:
    asked: list[tuple[Form, str]] = [
        ("fields", MARKED),
        ("plain", "Paris"),
        ("json", '{"result": "Paris"}'),
    ]
    for form, reply in asked:
        assert read_reply(reply, {"result": ty.TEXT}, form).repairs == ()


def test_a_record_that_cannot_be_read_names_its_field() -> None:
    action = ty.record(ty.Field("who", ty.TEXT), ty.Field("due", ty.DATE))
    with pytest.raises(ValueError, match="`due`: a date is wanted"):
        value_of('{"who": "ann", "due": "soon"}', action, "result")
