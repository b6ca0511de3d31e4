"""What code may ask of its host: one table of names, types and ranges, limits of time and size, and
an answer to whatever goes wrong."""

from __future__ import annotations

import asyncio
import inspect
import math
import re
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import plugins
from rlmlang.context import TextDocument, Tree, whole
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes import handles as module
from rlmlang.sandboxes import stretches
from rlmlang.sandboxes.bridge import Bridge, Caps
from rlmlang.sandboxes.context_tools import ContextTools
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.worker import channel, contexts
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.tools import BUILT_IN, HANDLE
from tests.sandboxes.sessions import every, run, submitted

LOG = whole(TextDocument("log.txt", b"hello there\n" * 200_000))
TREE = Tree("src", (TextDocument("a.py", b"def a():\n    pass\n" * 10),))
KINDS = {"text": LOG, "tree": TREE, "rows": [{"n": 1}] * 3_000}
WRONG = (None, True, -(10**9), 10**9, 10**5_000, 2.5, math.nan, "", "x" * 10**6, b"x", [], [[]],
         {"a": 1}, {1: 2}, object())  # fmt: skip


def bridge(query: Any = None, values: dict[str, Any] = KINDS) -> Bridge:
    host = {"__query": query, "__tool": query, **BUILT_IN}
    made = Bridge(Handles(plugins.partition, Estimate()), values, host, submitted)
    for name, value in values.items():
        made.handles._handle(name, value, 1, name)
    return made


def asked(made: Bridge, name: str, *args: Any) -> dict[str, Any]:
    return asyncio.run(made.answer(name, list(args)))


def test_the_table_is_what_there_is() -> None:
    assert all(hasattr(Handles, f"_{name}") for name in HANDLE)
    assert all(hasattr(ContextTools, name) for name in BUILT_IN)
    for kind, made in contexts.KINDS.items():
        source = inspect.getsource(made)
        for name in re.findall(r'\.ask\("(\w+)"', source):
            assert kind in HANDLE[name].of, (kind, name)
    for name, question in (HANDLE | BUILT_IN).items():
        method = getattr(
            ContextTools if name in BUILT_IN else Handles, name if name in BUILT_IN else f"_{name}"
        )
        wanted = [p for p in inspect.signature(method).parameters if p not in ("self", "value")]
        assert len(wanted) == len(question.parameters), name


@pytest.mark.parametrize("name", HANDLE)
def test_wrong_arguments_are_answered(name: str) -> None:
    made = bridge()

    async def all_of_them() -> None:
        for number in (0, 1, 2, True, 10**40):
            for wrong in WRONG:
                for args in ((wrong,), ("there", wrong), ("hello", 1, wrong), (wrong,) * 9):
                    found = await made.answer("__host", [name, number, *args])
                    assert found.keys() == {"return_value"} or found["message"], (name, args)

    asyncio.run(all_of_them())


@pytest.mark.parametrize("name", BUILT_IN)
def test_wrong_arguments_of_tools_are_answered(name: str) -> None:
    made = bridge()
    for wrong in WRONG:
        for fields in ({}, {"nothing": 1}, {"max": wrong}, {"part": wrong}, {"start": wrong}):
            found = asked(made, "__tool", name, [wrong], fields)
            assert found.keys() == {"return_value"} or found["message"], (name, wrong, fields)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("search", 0, "hello", 400, 10**9), "around is 1,000,000,000; it may be from 0 to 10,000"),
        (("search", 0, "hello", True), "max is a whole number, not True"),
        (("search", 0, "hello", -1), "max is -1; it may be from 1"),
        (("search", 0, "("), "the pattern is wrong"),
        (("search", 0, "x" * 10**6), "pattern has 1,000,000 characters; at most"),
        (("search", 0, "hello", 10_000, 10_000), "are more than 2,000,000 characters together"),
        (("split", 0, "tree", {"into": 10**7}), "into is 10,000,000"),
        (("split", 0, "tokens", {"max": 1}), "more than 100,000 pieces"),
        (("split", 0, "tokens", {"max": 9, "overlap": 9}), "overlap must be less than max"),
        (("split", 0, "tokens", {"max": math.nan}), "max is a whole number, not nan"),
        (("split", 0, "tree", {"into": 2, "slack": math.nan}), "slack is nan"),
        (("split", 0, "items", {"per": 1}), "a text is split by tokens"),
        (("split", 0, "os", {}), "a text is split by tokens"),
        (("split", 0, "lines", {}), "takes per, max"),
        (("lines", 0, 0, 10**9), "more than 2,000,000 characters"),
        (("slice", 0, 1.5), "start is a whole number, not 1.5"),
        (("slice", 0, 10**400), "start is a number of 1,329 bits"),
        (("_of", 0), "a handle has no _of"),
        (("rows", 0), "a handle has no rows"),
        (("files", 1, 2), "files takes nothing"),
    ],
)
def test_a_mistake_says_what_is_allowed(args: tuple[Any, ...], words: str) -> None:
    found = asked(bridge(), "__host", *args)
    assert words in found.get("message", str(len(found.get("return_value", ()))))


@pytest.mark.parametrize("by", STRATEGIES)
def test_options_of_partitions_are_held_against_the_catalog(by: str) -> None:
    short = whole(TextDocument("log.txt", b"hello there\n" * 500))
    made, strategy = bridge(values={**KINDS, "text": short}), STRATEGIES[by]
    number = 0 if "text" in strategy.of else 1 if "tree" in strategy.of else 2
    usual = {"size": 500, "count": 5, "fraction": 0.1, "text": "h"}
    good = {
        a.name: a.choices[0] if a.choices else usual[a.kind] if a.default != 0 else 0
        for a in strategy.arguments
    }
    if number < 2:
        assert asked(made, "__host", "split", number, by, good)["return_value"]
    for argument in strategy.arguments:
        for wrong in WRONG:
            found = asked(made, "__host", "split", number, by, {**good, argument.name: wrong})
            assert "message" in found or argument.kind == "text" or wrong == 10**9


RAISED = (RecursionError("too deep"), MemoryError(), UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
          OSError(5, "gone"), ZeroDivisionError("0"), AssertionError(), StopIteration(), KeyError("k"),
          ExceptionGroup("two", [ValueError("a")]), ValueError("half \ud83d"), TimeoutError("late"),
          failed("source-changed", "the file has changed"))  # fmt: skip


@pytest.mark.parametrize("mistake", RAISED, ids=lambda m: type(m).__name__)
def test_whatever_is_raised_is_an_answer(mistake: Exception) -> None:
    async def query(*args: Any) -> Any:
        raise mistake

    def submit(values: Any, fields: Any) -> Any:
        raise mistake

    made = bridge(query)
    found = asked(made, "__query", ["x"], [None], False)
    assert found["message"]
    found["message"].encode()
    made.submit = submit
    assert asked(made, "__submit", ["x"], {})["exc_type"] == "TypeError"


@pytest.mark.parametrize("mistake", RAISED[:2], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("tier", every("deno"))
def test_code_goes_on_after_it(tier: tuple[str, ...], mistake: Exception) -> None:
    async def query(*args: Any) -> Any:
        raise mistake

    code = "try:\n    llm_query('x')\nexcept RuntimeError as e:\n    print('told', e)"
    (ran,) = run({}, code, query=query, tier=tier)
    assert ran.output.startswith("told"), ran


def test_the_end_of_a_budget_ends_the_run() -> None:
    async def query(*args: Any) -> Any:
        raise failed("budget-spent", "it is spent")

    with pytest.raises(CodedError, match="it is spent"):
        asked(bridge(query), "__query", ["x"], [None], False)


def test_what_stands_in_many_places_counts_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlmlang.sandboxes.arguments.VALUES", 10_000)
    lists: list[Any] = []
    for _ in range(60):
        lists = [lists, lists]
    assert (
        "more than 10,000 values" in asked(bridge(), "__query", [lists], [None], False)["message"]
    )
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert "inside each other" in asked(bridge(), "__query", [deep], [None], False)["message"]
    assert (
        "more than 10,000 values"
        in asked(bridge(), "__query", ["x"] * 20_000, [], False)["message"]
    )


def test_a_cell_may_look_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is one that goes on by a second each time it is looked at."""
    made, now = bridge(), iter(range(10**9))
    monkeypatch.setattr("rlmlang.sandboxes.limits.time.thread_time", lambda: float(next(now)))
    made.handles.watch.begin(30.0)
    answers = [asked(made, "__host", "find", 0, "nobody") for _ in range(20)]
    assert answers[0] == {"return_value": -1}
    assert "the 30 s that a cell may compute" in answers[-1]["message"]
    made.handles.watch.begin(30.0)
    assert asked(made, "__host", "find", 0, "nobody") == {"return_value": -1}


def test_too_much_in_one_message_is_not_read() -> None:
    assert not channel.excess(b"[" * 1_000)
    assert "lists or dictionaries" in channel.excess(b"[" * (channel.OPENED + 1))
    sent: list[bytes] = []
    made = channel.Channel(lambda view: None, sent.append)
    found = made.call("__query", [["x" * (channel.FRAME + 1)], [None], False])
    assert found["exc_type"] == "ValueError"
    assert not sent


@pytest.mark.parametrize("tier", every("deno"))
def test_a_long_text_from_a_program_is_a_handle(tier: tuple[str, ...]) -> None:
    (ran,) = run(
        {"log": "héllo\n" * 300_000},
        "print(len(log), log.count('héllo'), log[:6])",
        tier=tier,
        caps=Caps(),
    )
    assert ran.output.split() == ["2100000", "300000", "héllo"], ran


@settings(max_examples=150, deadline=None)
@given(st.text("ab\néж x", min_size=1, max_size=400))
def test_stretches_change_no_match(text: str) -> None:
    made, value = Handles(plugins.partition, Estimate()), whole(TextDocument("t", text.encode()))
    before = module.STRETCH, module.AHEAD, stretches.CHUNK
    module.STRETCH, module.AHEAD, stretches.CHUNK = 64, 32, 50
    try:
        for pattern in ("ab", "a\n?b", "x+", "é.", "[^x]{1,9}", "b*"):
            found = made.look("search", value, (pattern, 10_000, 3))
            wanted = [
                (len(text[: m.start()].encode()), m.group()) for m in regex.finditer(pattern, text)
            ]
            assert [(hit["start"], hit["match"]) for hit in found] == wanted
        for words in ("ab", "aa", "a", "é", "aba", "x x"):
            assert made.look("count", value, (words,)) == text.count(words)
    finally:
        module.STRETCH, module.AHEAD, stretches.CHUNK = before
