"""What a served recipe plans, runs and refuses; the client is hostile where it can be."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rlmlang import SharedBudget
from rlmlang.models.offline.reader import OfflineReader
from rlmlang.runtime.prepared import Options
from rlmlang.serving.offers import Reply
from rlmlang.serving.recipes import recipes_of
from rlmlang.serving.roots import Roots
from rlmlang.serving.service import Service
from tests.conftest import SIMPLE

KEY = "The key hangs behind the third bell."
TYPED = """rlm 1

enum Kind { short, long }

/// An order.
record Order {
  item: Text
  count: Int?
}

record Echo { orders: [Order], kind: Kind, flag: Bool?, share: Float }

/// Gives back what it is given.
recipe echo(
  /// What was ordered.
  orders: [Order] max 3,
  kind: Kind = short,
  flag: Bool?,
  share: Float = 0.5,
) -> Echo {
  return Echo(orders: orders, kind: kind, flag: flag, share: share)
}
"""


@pytest.fixture
def served(book: Path) -> Service:
    """Two recipes, a book inside the root, and a letter outside of it."""
    (book / "echo.rlm").write_text(TYPED)
    (book / "in").mkdir()
    (book / "in/book.txt").write_text((book / "book.txt").read_text())
    (book / "letter.txt").write_text("A secret letter.\n")
    (book / "in/link.txt").symlink_to(book / "letter.txt")
    (book / "in/up").symlink_to(book)
    return service(book)


def service(folder: Path, **more: Any) -> Service:
    options = Options(store=folder / "store.db")
    files = [(str(folder / name), options) for name in ("find.rlm", "echo.rlm")]
    return Service(recipes_of(files), Roots([str(folder / "in")]), **more)


def call(service: Service, tool: str, arguments: Any, told: list[Any] | None = None) -> Reply:
    """What a call gives, held against the schema that was offered for it."""

    async def progress(done: float, total: float | None, words: str) -> None:
        if told is not None:
            told.append((done, total, words))

    reply = asyncio.run(service.call(tool, arguments, progress))
    offer = next((x for x in service.offers() if x.name == tool), None)
    if offer is not None and not reply.failed:
        jsonschema.validate(json.loads(json.dumps(reply.values)), offer.gives)
    return reply


FIND = {"question": "Where is the key?", "book": {"path": "book.txt"}}


def test_a_recipe_is_a_tool_with_a_schema(served: Service) -> None:
    offers = {offer.name: offer for offer in served.offers()}
    assert list(offers) == ["find", "echo", "plan", "runs", "show"]
    assert [offer.free for offer in offers.values()] == [False, False, True, True, True]
    assert offers["find"].takes["required"] == ["question", "book"]
    takes = offers["echo"].takes
    assert offers["echo"].words.startswith("Gives back what it is given. (recipe of ")
    assert takes["required"] == ["orders"]
    orders = takes["properties"]["orders"]  # type: ignore[index, call-overload]
    assert orders["description"] == "What was ordered. At most 3 items."  # type: ignore[index, call-overload]
    for given, fits in (
        ({"orders": [{"item": "tea", "count": 2}], "kind": "long", "share": 1}, True),
        ({"orders": {"path": "orders.jsonl"}}, True),
        ({"orders": [{"count": 2}]}, False),
        ({"orders": [], "kind": "wide"}, False),
        ({"orders": [], "more": 1}, False),
    ):
        assert jsonschema.Draft202012Validator(takes).is_valid(given) == fits, given


def test_the_price_is_known_before_a_call(served: Service, book: Path) -> None:
    free = call(served, "plan", {"recipe": "find", "arguments": FIND})
    values = dict(free.values)
    assert values["worst"]["calls"] >= values["best"]["calls"] >= 1  # type: ignore[index, call-overload, operator]
    assert (values["budget"], values["ceiling"], values["worst"]["usd"]) == ("proven", "none", 0)  # type: ignore[index, call-overload]
    assert call(served, "runs", {}).values == {"runs": []}, "nothing was run for it"
    small = service(book, ceiling=SharedBudget(calls=0, usd=1.0))
    assert (
        call(small, "plan", {"recipe": "find", "arguments": FIND}).values["ceiling"] == "cannot fit"
    )
    unbound = call(served, "plan", {"recipe": "find"})
    assert unbound.values["worst"]["calls"] is None  # type: ignore[index, call-overload]
    assert "worst calls = " in unbound.text


def test_a_call_answers_with_evidence_that_can_be_read(served: Service) -> None:
    told: list[Any] = []
    reply = call(served, "find", FIND, told)
    assert not reply.failed and reply.text.startswith(KEY), reply.text
    assert reply.values["result"] == KEY and "no language model" in reply.text
    (link,) = reply.links
    assert "bytes" in link.name and link.words == KEY
    assert KEY in asyncio.run(served.read(link.uri))
    assert [x for x, _, _ in told] == sorted(x for x, _, _ in told) and told[-1][0] == 4
    assert all(done <= total for done, total, _ in told)
    again = call(served, "find", FIND)
    assert again.values["spent"]["calls"] == 0, "what is kept costs nothing"  # type: ignore[index, call-overload]
    (run, _) = call(served, "runs", {}).values["runs"]  # type: ignore[misc]
    assert "notes[" in call(served, "show", {"run": run["run"], "node": "notes"}).text
    assert "finished" in call(served, "show", {}).text


def test_a_long_answer_is_a_link(served: Service, book: Path) -> None:
    rows = [json.dumps({"item": "tea" * 30_000, "count": n}) for n in range(2)]
    (book / "in/orders.jsonl").write_text("\n".join(rows))
    reply = call(served, "echo", {"orders": {"path": "orders.jsonl"}})
    assert not reply.failed and len(reply.text) < 2_000 and "result" not in reply.values
    whole = asyncio.run(served.read(reply.links[0].uri))
    assert [x["count"] for x in json.loads(whole)["orders"]] == [0, 1]


OUTSIDE = ("../letter.txt", "/etc/passwd", "link.txt", "up/letter.txt", "~/x", "", "a\0b",
           "x" * 5_000, "in/../../letter.txt", "file:///etc/passwd/../../..", "/proc/self/environ")  # fmt: skip
WRONG: dict[str, tuple[str, Any, str]] = {
    "no such tool": ("fimd", {}, "no-recipe"),
    "no such argument": ("find", {**FIND, "budget": 9}, "unknown-input"),
    "a missing one": ("find", {"question": "?"}, "missing-input"),
    "a path that is none": ("find", {**FIND, "book": {"path": ["x"]}}, "wrong-input"),
    "a file that is not there": ("find", {**FIND, "book": {"path": "https://x.example/a"}}, "source-missing"),
    "standard input": ("find", {**FIND, "book": {"path": "-"}}, "source-missing"),
    "text of 20 MB": ("find", {**FIND, "book": "x" * 20_000_000}, "input-too-large"),
    "half a character": ("find", {**FIND, "question": "\ud83d"}, "wrong-input"),
    "a number for a text": ("find", {**FIND, "question": 5}, "wrong-input"),
    "a list for a text": ("find", {**FIND, "question": [["a"]]}, "wrong-input"),
    "a text for a number": ("echo", {"orders": [{"item": "tea", "count": "2"}]}, "wrong-input"),
    "a number for a list": ("echo", {"orders": 7}, "wrong-input"),
    "a record without a field": ("echo", {"orders": [{"count": 1}]}, "wrong-input"),
    "too many": ("echo", {"orders": [{"item": "tea"}] * 4}, "input-too-large"),
    "another label": ("echo", {"orders": [], "kind": "wide"}, "wrong-input"),
    "no number": ("echo", {"orders": [], "share": "much"}, "wrong-input"),
    "no recipe to plan": ("plan", {"recipe": ["find"]}, "no-recipe"),
    "arguments that are none": ("plan", {"recipe": "find", "arguments": [1]}, "wrong-input"),
    "no number of runs": ("runs", {"limit": "all"}, "wrong-input"),
    "no such run": ("show", {"run": "../../store"}, "unknown-run"),
    "no such option": ("show", {"store": "/tmp/x"}, "unknown-input"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_a_coded_screen(served: Service, what: str) -> None:
    tool, arguments, code = WRONG[what]
    reply = call(served, tool, arguments)
    assert reply.failed and reply.values["problem"]["code"] == code, reply.text  # type: ignore[index, call-overload]
    assert reply.text.startswith(f"error[{code}]") and len(reply.text) < 5_000
    assert "Traceback" not in reply.text and "--set" not in reply.text


def test_nothing_outside_of_the_roots_is_opened(served: Service) -> None:
    for path in OUTSIDE:
        reply = call(served, "find", {**FIND, "book": {"path": path}})
        code = reply.values["problem"]["code"]  # type: ignore[index, call-overload]
        assert code in ("outside-roots", "source-missing", "source-is-folder"), (path, reply.text)
        assert "secret" not in reply.text
    for path in ("../letter.txt", "../nothing.txt", "link.txt", "/etc/passwd", "/etc/nothing"):
        reply = call(served, "find", {**FIND, "book": {"path": path}})
        assert "outside-roots" in reply.text, "whether it is there is not said"
    nested = {"path": {"path": "/etc/passwd"}}
    assert "wrong-input" in call(served, "find", {**FIND, "book": nested}).text


def test_all_calls_stay_below_one_ceiling_and_what_is_paid_is_kept(
    book: Path, served: Service
) -> None:
    ceiling = SharedBudget(calls=3)
    small = service(book, ceiling=ceiling)
    pages = "".join(f"It rained on page {n}.\n" for n in range(200))
    pages = "".join(f"It rained on page {n}.\n" for n in range(200))
    (book / "in/other.txt").write_text(f"The boat lies here.\n{pages}")
    stopped = call(small, "find", {**FIND, "book": {"path": "other.txt"}, "question": "a boat?"})
    assert stopped.failed and "budget-spent" in stopped.text, stopped.text
    assert "--max-calls" in stopped.text and "pays nothing twice" in stopped.text
    assert ceiling.spent.calls <= 3
    run = stopped.values["run"]
    assert call(small, "runs", {}).values["runs"][-1]["state"] == "parked"  # type: ignore[index, call-overload]
    more = call(served, "find", {**FIND, "book": {"path": "other.txt"}, "question": "a boat?"})
    assert not more.failed and more.values["run"] == run, "the same call goes on with it"


class Slow:
    """Answers two calls, and then waits until nobody waits for it any more."""

    def __init__(self) -> None:
        self.asked, self.waits, self.left = 0, asyncio.Event(), asyncio.Event()

    async def complete(self, request: Any) -> Any:
        self.asked += 1
        if self.asked <= 2:
            return await OfflineReader().complete(request)
        self.waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()


def test_a_call_that_is_cancelled_is_parked_and_gone_on_with(book: Path, served: Service) -> None:
    async def cancelled() -> None:
        slow = Slow()
        task = asyncio.create_task(service(book, engine=slow).call("find", FIND))
        await slow.waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    (book / "in/book.txt").write_text(
        "".join(f"Page {n} is wet. It rained.\n" * 20 for n in range(9)) + KEY
    )
    asyncio.run(cancelled())
    (run,) = call(served, "runs", {}).values["runs"]  # type: ignore[misc]
    assert (run["state"], run["answers"]) == ("parked", 2)
    done = call(served, "find", FIND)
    assert done.values["run"] == run["run"]
    (ended,) = call(served, "runs", {}).values["runs"]  # type: ignore[misc]
    assert ended["answers"] - done.values["spent"]["calls"] == 2, "they are not paid again"  # type: ignore[index, call-overload]
    assert KEY in done.text


def test_runs_of_other_recipes_are_not_seen(book: Path, served: Service) -> None:
    (book / "other.rlm").write_text(SIMPLE)
    options = Options(store=book / "store.db")
    other = Service(recipes_of([(str(book / "other.rlm"), options)]), Roots([str(book / "in")]))
    name = call(other, "find", FIND).values["run"]
    assert call(served, "runs", {}).values == {"runs": []}
    assert "unknown-run" in call(served, "show", {"run": name}).text
