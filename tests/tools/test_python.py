"""Python functions as tools of `completion`: typed, counted, handed over as what they are."""

from __future__ import annotations

import asyncio
import functools
import operator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Optional

import dspy
import pydantic
import pytest

import rlmlang
from rlmlang import CodedError, Tool
from rlmlang.ir.repl_prompts import signature
from rlmlang.stores.reader import StoreReader
from rlmlang.testing import ScriptedEngine
from rlmlang.tools.python import python_function
from rlmlang.trajectory.events import ToolCalled


@dataclass
class Place:
    name: str
    floor: int = 0


class Order(pydantic.BaseModel):
    item: str
    count: int = pydantic.Field(ge=1)


class Shop:
    prices = {"tea": 2.5, "cake": 4.0}  # noqa: RUF012

    def price(self, item: str, per: Literal["piece", "box"] = "piece") -> float:
        """What an item costs."""
        return self.prices[item] * (10 if per == "box" else 1)

    def __call__(self, item: str) -> bool:
        """Whether there is one."""
        return item in self.prices


def where(place: Place, orders: list[Order], note: Optional[str] = None) -> dict[str, int]:
    """Where things go."""
    assert isinstance(place, Place) and all(isinstance(o, Order) for o in orders)
    return {o.item: o.count + place.floor for o in orders}


async def later(key: str, by: date = date(2026, 1, 1)) -> str:
    await asyncio.sleep(0)
    return f"{key} {by.isoformat()}"


def plain(key, most=10, mark=None):
    return [key, most, mark]


def answered(cell: str, *tools: Any, **more: Any) -> tuple[str, str]:
    """What a session says whose model writes this cell, and what the model was told."""
    engine = ScriptedEngine(lambda task: f"```python\n{cell}\n```")
    found = rlmlang.completion("q", "text", engine=engine, tools=tools, **{"store": None, **more})
    return found.text, engine.requests[0]


@pytest.mark.parametrize(
    ("tool", "shown", "call", "wanted"),
    [
        (Shop().price, 'price(item: Text, per: "piece" | "box" = \'piece\') -> Float  # What an item costs.',
         "price('tea', per='box')", "25.0"),
        (Tool(Shop(), name="has"), "has(item: Text) -> Bool  # Whether there is one.", "has('tea')", "True"),
        (where, "where(place: {name: Text, floor: Int?}, orders: [{item: Text, count: Int}], note: Text? = None)"
         " -> Map<Text, Int>  # Where things go.",
         "where({'name': 'a', 'floor': 2}, [{'item': 'x', 'count': 3}])", "{'x': 5}"),
        (later, "later(key: Text, by: Date = …) -> Text", "later('k', '2026-02-03')", "k 2026-02-03"),
        (functools.partial(plain, most=3), "plain(key: Text, most: Int = 3, mark: Text? = None) -> anything",
         "plain('k')", "['k', 3, None]"),
        (dspy.Tool(Shop().price, name="cost", desc="The price."), "cost(item: Text, per: ", "cost('cake')", "4.0"),
        (Tool(lambda a, b: a + b, name="add", doc="Both."), "add(a: Text, b: Text) -> anything  # Both.",
         "add('x', 'y')", "xy"),
    ],
    ids=["method", "object", "classes", "async", "partial", "dspy", "lambda"],
)  # fmt: skip
def test_functions_are_called_as_they_are_annotated(
    tool: Any, shown: str, call: str, wanted: str
) -> None:
    text, told = answered(f"SUBMIT(str({call}))", tool)
    assert text == wanted
    assert shown in told


def test_what_goes_wrong_is_told_to_the_code_and_to_the_user(tmp_path: Path) -> None:
    tries = ["price(3)", "price('gold')", "price('tea', 'crate')", "price()",
             "where({'name': 'a'}, [{'item': 'x', 'count': 0}])", "thing()"]  # fmt: skip

    def thing() -> object:
        """Gives what is no value."""
        return object()

    cell = "said = []\n" + "\n".join(
        f"try:\n    {x}\nexcept Exception as e:\n    said.append(str(e))" for x in tries
    )
    store = tmp_path / "s.db"
    text, _ = answered(f"{cell}\nSUBMIT('~'.join(said))", Shop().price, where, thing, store=store)
    said = text.split("~")
    assert said[0].startswith("item is 3, not Text; call it as price(")
    assert said[1] == "KeyError: 'gold'"
    assert said[2].startswith("per is 'crate', not ")
    assert said[4].startswith("where: 0.count Input should be greater than or equal to 1")
    assert said[5].startswith("thing gave what is no plain value")
    reader = StoreReader(store)
    calls = [e for e in reader.events(reader.choose("")) if isinstance(e, ToolCalled)]
    assert [c.tool for c in calls] == ["price", "where", "thing"]
    (frame,) = calls[0].frames
    assert frame.startswith(f"{__file__}:") and "in price: return self.prices[item]" in frame


def test_a_limit_is_the_sessions(tmp_path: Path) -> None:
    cell = "n = 0\ntry:\n    while True:\n        plain('k')\n        n += 1\nexcept RuntimeError as e:\n    SUBMIT(f'{n} {e}')"
    text, told = answered(cell, Tool(plain, calls=4))
    assert text.startswith("4 plain may be called 4 times in this session, and was.")
    assert "(at most 4 calls)" in told
    assert answered(cell, plain)[0].startswith("1000 plain may be called 1,000 times")


def test_it_is_the_same_in_a_running_loop() -> None:
    seen = []

    async def mark(key: str) -> str:
        seen.append(asyncio.get_running_loop())
        return key

    async def main() -> str:
        engine = ScriptedEngine(lambda task: "```python\nSUBMIT(mark('x'))\n```")
        found = await rlmlang.acompletion("q", "text", engine=engine, tools=[mark], store=None)
        assert seen == [asyncio.get_running_loop()]
        return found.text

    assert asyncio.run(main()) == "x"


def loose(*keys: str) -> str:
    return ""


def positional(key: str, /) -> str:
    return key


def framed(rows: operator.itemgetter) -> str:
    return ""


def broken(key: Nowhere) -> str:  # type: ignore[name-defined]  # noqa: F821
    return ""


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ([lambda key: key], "that is no name that code could call it by"),
        ([loose], "`keys` may be anything"),
        ([positional], "`key` cannot be given by name"),
        ([framed], "its `rows` is a itemgetter"),
        ([broken], "its annotations cannot be read: name 'Nowhere' is not defined"),
        ([3], "it is no function"),
        ([max], "Python does not know what it takes"),
        ([plain, Tool(plain)], "another tool of the session has that name"),
        ([Tool(plain, name="context")], "has that name"),
        ([Tool(plain, name="SUBMIT")], "has that name"),
        ([Tool(plain, calls=0)], "0 calls are none"),
        (["files"], "it names no tool of an MCP server"),
        (plain, "tools are a list"),
    ],
)
def test_what_code_cannot_call_is_refused_before_anything_is_asked(tools: Any, words: str) -> None:
    engine = ScriptedEngine(lambda task: "")
    with pytest.raises(CodedError) as raised:
        rlmlang.completion("q", "text", engine=engine, tools=tools, store=None)
    assert raised.value.diagnostic.code == "tool-unusable"
    assert words in str(raised.value)
    assert engine.requests == []


def test_a_type_that_holds_itself_ends() -> None:
    class Node(pydantic.BaseModel):
        inner: list[Node] = []

    Node.model_rebuild(_types_namespace={"Node": Node})

    def look(node: Any) -> str:
        return ""

    look.__annotations__["node"] = Node
    assert signature(python_function(look).declared).startswith("look(node: {inner: [{inner: [")
