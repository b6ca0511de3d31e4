"""Calls in their provider's batches: what goes wrong with those, a kill at every moment, and what is
paid, by the provider's own count."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.provider_batches.clock import Pace
from rlmlang.runtime import execute
from rlmlang.runtime.library import EngineName
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome
from rlmlang.schema.provider_batches import FORMS, BatchLimits
from rlmlang.stores.reader import StoreReader
from rlmlang.trajectory.events import BatchChanged, CallFailed, Event
from tests.batch_provider import BatchProvider, batch_provider
from tests.conftest import Rlm

RECIPE = """rlm 1

model reader {
  default: "openai/gpt-5-mini"
}

prompt note(page: Slice) -> Text max 60tok {
  task: "What does the page say?"
  model: reader
}

recipe notes(book: Text) -> [Text] {
  budget {
    usd <= 10.00
  }
  let pages = split book by lines(per: 1, max: 100tok)
  return map pages with note()
}
"""
LINES = 12
ONE = Fraction(10 * 25 + 5 * 200, 200_000_000)  # half of 10 tok in at $0.25 a million, 5 at $2.00
WRONG = {"code": "invalid_json_line", "message": "not valid", "line": 3}
FULL = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached for gpt-5-mini"}


@pytest.fixture
def notes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe with its book, and batches that are looked at without much waiting."""
    (folder / "book.txt").write_text("".join(f"Line {n}.\n" for n in range(LINES)))
    (folder / "rlm.toml").write_text("[batches]\nwait = 0.3\npoll = 0.01\n")
    (folder / "notes.rlm").write_text(RECIPE)
    return str(folder / "notes.rlm")


def ran(
    notes: str,
    provider: BatchProvider,
    heard: list[Event] | None = None,
    engine: str = "batch",
    **sets: str,
) -> Outcome:
    """A run that sends its calls in batches."""
    options = Options(
        sets={f"budget.{k}": v for k, v in sets.items()},
        sources={"book": str(Path(notes).with_name("book.txt"))},
        api_base=provider.base,
        engine=engine,
        store=Path(notes).with_name("store.db"),
        max_wait=5.0,
    )
    ready = prepare(notes, options, need_all=True)
    return execute(ready, listener=None if heard is None else heard.append)


def failures(heard: list[Event]) -> Counter[str]:
    return Counter(e.code for e in heard if isinstance(e, CallFailed))


def charged_once(provider: BatchProvider, outcome: Outcome) -> None:
    """Every call is answered once, none live, and costs half of what it does live."""
    assert outcome.problem is None and outcome.result == ["bees"] * LINES
    assert len(provider.charged) == LINES and set(provider.charged.values()) == {1}
    assert provider.live == 0
    assert outcome.usage.usd == LINES * ONE


def test_all_calls_go_together_at_half_the_price(notes: str) -> None:
    heard: list[Event] = []
    with batch_provider() as provider:
        outcome = ran(notes, provider, heard)
        charged_once(provider, outcome)
        assert len(provider.batches) == 1
        again = ran(notes, provider)  # all kept: nothing is asked
    assert again.reused == LINES and len(provider.batches) == 1
    states = [(e.state, e.said) for e in heard if isinstance(e, BatchChanged)]
    assert states == [("sent", ""), ("sent", "in_progress"), ("sent", "completed")]


FAULTS: dict[str, tuple[dict[str, Any], int, str]] = {
    "a batch that expires after five": ({"ends": ["expired"], "done": 5}, 2, "not-taken"),
    "one that expires before the first": ({"ends": ["expired"]}, 2, "not-taken"),
    "a line that is refused with all others": ({"errors": [WRONG]}, 2, "not-taken"),
    "more tokens queued than may be": ({"errors": [FULL]}, 3, ""),
    "the queue is full twice": ({"errors": [FULL, FULL]}, 5, ""),
    "empty ids of files": ({"empty_ids": True}, 1, ""),
    "nothing works at first": (
        {"broken": Counter(upload=2, create=2, look=2, read=2, list=1)}, 1, "",
    ),
    "the answer to create is lost": ({"lost": Counter(create=1)}, 1, ""),
    "results break off": ({"lost": Counter(read=2)}, 1, ""),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_what_goes_wrong_loses_nothing_and_pays_nothing_twice(notes: str, what: str) -> None:
    faults, batches, code = FAULTS[what]
    heard: list[Event] = []
    with batch_provider() as provider:
        for name, value in faults.items():
            setattr(provider.faults, name, value)
        outcome = ran(notes, provider, heard)
        if what.startswith("a line"):  # which is its item's failure
            assert outcome.problem is not None
            assert failures(heard)["model-refused-request"] == 1
            return
        charged_once(provider, outcome)
        assert len(provider.batches) >= batches
    assert failures(heard).keys() == ({code} if code else set())


def killed(provider: BatchProvider, moment: str, work: Callable[[], object]) -> None:
    """A process of its own that the provider kills at a moment, by itself: nothing is told to it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(reader, 1)  # until the provider knows whom to kill
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    provider.faults.pid, provider.faults.kill = child, moment
    os.write(writer, b"g")
    _, status = os.waitpid(child, 0)
    os.close(reader), os.close(writer)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, moment


MOMENTS = ("before upload", "before create", "after create", "before look", "after look",
           "before read", "after read")  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_moment_orphans_no_batch_and_sends_none_twice(
    notes: str, moment: str
) -> None:
    with batch_provider() as provider:
        killed(provider, moment, lambda: ran(notes, provider))
        outcome = ran(notes, provider, usd="0.01")
        charged_once(provider, outcome)
        assert len(provider.batches) == 1
    assert outcome.resumed and outcome.now == outcome.usage


def test_kills_one_after_another_leave_the_budget_exact(notes: str) -> None:
    with batch_provider() as provider:
        for moment in ("after create", "before look", "after read"):
            killed(provider, moment, lambda: ran(notes, provider))
        outcome = ran(notes, provider, calls=str(LINES))
        charged_once(provider, outcome)
        assert len(provider.batches) == 1


def test_a_run_that_is_stopped_leaves_its_batch_and_takes_it_later(notes: str, rlm: Rlm) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, BatchChanged) and event.said == "in_progress":
            raise EnoughError

    with batch_provider() as provider:
        provider.faults.steps = 3
        with pytest.raises(EnoughError):
            ran(notes, provider, Listening(interrupt))
        assert not provider.charged
        with closing(StoreReader(Path(notes).with_name("store.db"))) as reader:
            (run,) = reader.runs()
            ((batch, calls),) = reader.batches(run)
            assert (reader.state(run), batch.name, calls) == ("parked", "batch_1", LINES)
            assert reader.totals(run)[0] == LINES  # at its worst, until it is read
        with pytest.raises(CodedError) as refused:
            ran(notes, provider, engine="live")
        assert refused.value.diagnostic.code == "batch-waiting" and not provider.live
        shown = rlm("show", "--store", str(Path(notes).with_name("store.db"))).out
        assert f"{LINES} calls wait in batch_1 (in_progress)" in shown
        outcome = ran(notes, provider)
        charged_once(provider, outcome)
        assert len(provider.batches) == 1


STOPS: dict[str, tuple[dict[str, Any], str]] = {
    "a batch that was cancelled": ({"ends": ["cancelled"], "done": 4}, "batch-unanswered"),
    "one that expires again and again": ({"ends": ["expired"] * 3}, "batch-unanswered"),
    "one that is refused for good": (
        {"errors": [{"code": "model_not_found", "message": "no such model"}]},
        "batch-refused",
    ),
}


@pytest.mark.parametrize("what", STOPS)
def test_what_stops_a_run_charges_what_was_answered_and_is_gone_on_with(
    notes: str, what: str
) -> None:
    faults, code = STOPS[what]
    with batch_provider() as provider:
        for name, value in faults.items():
            setattr(provider.faults, name, value)
        stopped = ran(notes, provider)
        assert stopped.problem is not None and stopped.problem.diagnostic.code == code
        assert stopped.usage.usd == len(provider.charged) * ONE
        charged_once(provider, ran(notes, provider))


@pytest.mark.parametrize("share", [1, 2])
def test_a_refused_key_leaves_the_batch_for_the_next_run(notes: str, share: int) -> None:
    """The money is set aside until it is known; with a share of its own a model costs that."""
    toml = Path(notes).with_name("rlm.toml")
    price = f"input = 0.25, output = 2.00, batch = {share / 10}"
    toml.write_text(f'{toml.read_text()}[prices]\n"openai/gpt-5-mini" = {{ {price} }}\n')
    with batch_provider() as provider:
        provider.faults.status["look"] = 401
        stopped = ran(notes, provider)
        assert stopped.problem is not None
        assert stopped.problem.diagnostic.code == "batch-unreachable"
        assert stopped.usage.calls == LINES and not provider.charged
        provider.faults.status.clear()
        outcome = ran(notes, provider)
        assert outcome.problem is None and len(provider.batches) == 1
    assert outcome.usage.usd == LINES * ONE * 2 * Fraction(share, 10)


def test_a_batch_is_full_by_what_it_may_hold(notes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMS, "openai", BatchLimits(5, 200_000_000))
    with batch_provider() as provider:
        charged_once(provider, ran(notes, provider))
        assert [len(b.lines) for b in provider.batches.values()] == [5, 5, 2]
    monkeypatch.setitem(FORMS, "openai", BatchLimits(50_000, 2_000))
    with batch_provider() as provider:
        charged_once(provider, ran(notes, provider))
        assert len(provider.batches) > 2


def test_who_waits_for_each_answer_is_priced_live_the_others_at_half(notes: str) -> None:
    def worst(recipe: str, engine: EngineName, **values: str) -> Fraction:
        plan = rlmlang.plan_recipe(
            recipe, values=values, model="openai/gpt-4.1-mini", engine=engine
        )
        usd = plan.totals.worst.usd
        assert usd is not None and (exact := usd.exact()) is not None
        return exact

    book = "One line.\nAnother line.\n"
    assert worst(notes, "batch", book=book) * 2 == worst(notes, "live", book=book)
    session = {"question": "Who?", "context": book}
    assert worst("std/rlm", "batch", **session) == worst("std/rlm", "live", **session)


def test_the_command_says_what_becomes_of_a_batch(notes: str, rlm: Rlm) -> None:
    with batch_provider() as provider:
        done = rlm("run", notes, "--source", "book=book.txt", "--api-base", provider.base,
                   "--engine", "batch", "--model", "openai/gpt-5-mini")  # fmt: skip
    assert done.code == 0, done.err
    assert f"batch_1 of {LINES} calls: completed, {LINES} done" in done.err


BATCH = """
batch all for notes {
  each book in glob("books/*.txt")
  output: "answers/{name}.json"
  budget {
    calls <= 40
  }
}
"""


def test_items_of_a_batch_of_ours_share_one_of_the_provider_over_a_kill(
    notes: str, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(notes).write_text(RECIPE + BATCH)
    for n in range(4):
        book = Path(notes).parent / "books" / f"b{n}.txt"
        book.parent.mkdir(exist_ok=True)
        book.write_text(f"One line of {n}.\nAnother of {n}.\n")
    with batch_provider() as provider:
        monkeypatch.setenv("RLM_API_BASE", provider.base)
        command = ("batch", notes, "--engine", "batch", "--json")
        killed(provider, "after look", lambda: rlm(*command))
        done = rlm(*command)
        assert done.code == 0, done.err
        assert [len(b.lines) for b in provider.batches.values()] == [8]
        assert sorted(provider.charged.values()) == [1] * 8
    found = json.loads(done.out)
    assert (found["usage"]["calls"], found["before"]["calls"]) == (8, 0)


def test_looks_at_a_batch_become_rare() -> None:
    pauses = list(islice(Pace(poll=15.0).pauses(), 40))
    assert pauses[0] == 15 and pauses == sorted(pauses) and pauses[-1] == 600


class EnoughError(Exception):
    """A listener has heard enough."""


class Listening(list[Event]):
    """A list that hands on what is put into it."""

    def __init__(self, hear: Callable[[Event], None]) -> None:
        super().__init__()
        self.hear = hear

    def append(self, event: Event) -> None:
        self.hear(event)
