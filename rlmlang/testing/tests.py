"""`test` declarations run: inputs made, models mocked, expectations held against what came."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import anyio.to_thread

from rlmlang.context import Datum, as_slice
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Expr, Op
from rlmlang.ir.walk import names, show
from rlmlang.runtime.checking import checked
from rlmlang.runtime.code import call_code
from rlmlang.runtime.effects import RUNS, effects_of
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import BadRecipe, Options, Outcome, sound
from rlmlang.runtime.session import Session
from rlmlang.runtime.trust import hold, require_of, trusts
from rlmlang.testing.mocks import MockEngine
from rlmlang.testing.of_batch import of_batch
from rlmlang.trajectory.events import CallEvent, Event, StepFinished, StepStarted
from rlmlang.value import Json

AT_ONCE = 8
WORDS = (
    "river market engine lantern copper harbor theory signal garden winter ledger orchid".split()
)
SIDES = ("==", "!=", "<", "<=", ">", ">=", "in")


@dataclass(frozen=True)
class Missed:
    """An expectation that does not hold: its words, its line, and the values of its sides."""

    words: str
    line: int
    got: str
    wanted: str = ""


@dataclass(frozen=True)
class Used:
    """A package whose tests run where it is used: `id` is `NAME@VERSION`, `folder` where it lies,
    `home` the file whose project uses it, `code` its Python files that may run there."""

    id: str
    folder: str
    home: str
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tested:
    """What came of a test, of this `package` where it is one of a package; it passed when nothing
    was missed and no problem stands."""

    test: s.Test
    seconds: float
    missed: tuple[Missed, ...] = ()
    problem: CodedError | None = None
    events: tuple[Event, ...] = field(default=(), repr=False)
    package: str = ""

    @property
    def passed(self) -> bool:
        """Whether all held."""
        return self.problem is None and not self.missed


def tests_in(path: str, home: str) -> list[s.Test]:
    """The tests of a file, which is one of a package where it has another `home`. Raises BadRecipe
    for a file with errors, CodedError for none at all."""
    return sound(checked(path, home=home)).suite.tests


def run_tests(
    tests: Sequence[s.Test], *, trust: bool = False, used: Used | None = None
) -> list[Tested]:
    """All of them, several at a time, in their order; those of a package where one is `used`. No
    network, no model; what recipes do outside of their folders only with `trust`, or where it is on
    the list."""
    return anyio.run(_all, tests, trust, used)


async def _all(tests: Sequence[s.Test], trust: bool, used: Used | None) -> list[Tested]:
    found: dict[int, Tested] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(number: int, test: s.Test) -> None:
        async with limiter:
            found[number] = await run_test(test, trust=trust, used=used)

    async with anyio.create_task_group() as tasks:
        for number, test in enumerate(tests):
            tasks.start_soon(one, number, test)
    return [found[n] for n in range(len(tests))]


async def run_test(test: s.Test, *, trust: bool = False, used: Used | None = None) -> Tested:
    """One test."""
    started, events = time.monotonic(), list[Event]()
    home, package = (used.home, used.id) if used is not None else (test.base, "")
    missed: tuple[Missed, ...] = ()
    problem: CodedError | None = None
    try:
        _require(test, trust, used)
        if test.batch is not None:
            env = await anyio.to_thread.run_sync(of_batch, test.batch, home, trust)
            missed = _judged_all(test, env)
        else:
            options = replace(_options(test), trust=trust, home=home)
            ready = prepare(test.path, options, need_all=True)
            session = Session(ready, events.append, MockEngine(test, ready.plan))
            outcome = await session.run()
            missed = _missed(test, outcome, events)
            problem = None if _about_problems(test) else outcome.problem
    except BadRecipe as bad:  # with what the test gives it
        problem = CodedError(next(d for d in bad.diagnostics if d.severity == "error"))
    except CodedError as mistake:
        problem = mistake
    took = time.monotonic() - started
    return Tested(test, took, missed, problem, tuple(events), package)


def _require(test: s.Test, trust: bool, used: Used | None) -> None:
    """Raises CodedError for what a test may not do: outside of its folder (recipe-untrusted), and
    where it is one of a package, Python that the project does not allow (code-not-allowed)."""
    if used is None:
        require_of(test.base, (test,), Options(trust=trust))
        return
    found = effects_of((test,), used.folder)
    if any(e.does == RUNS for e in found) and not used.code:
        raise failed(
            "code-not-allowed",
            f"the package {used.id} may not run Python, and its test does",
            hint=f'in rlm.toml: [code] allow = ["{used.id.partition("@")[0]}"], and `rlm trust .`',
        )
    away = [e for e in found if e.does != RUNS]
    if away and not trusts(used.home, Options(trust=trust)):
        hold(used.home, away, Options(), runs=False)


# ── inputs ───────────────────────────────────────────────────────────────────


def _options(test: s.Test) -> Options:
    folder = Path(test.base).parent
    sources = {n: str(folder / v.path) for n, v in test.given if isinstance(v, s.Opened)}
    covered = {n for e in test.expects for n in names(e.test)}
    values = {
        n: _value(n, v, f"coverage({n})" in covered)
        for n, v in test.given
        if not isinstance(v, s.Opened)
    }
    return Options(
        test.recipe,
        sources=sources,
        values=values,
        store=None,
        unattended=True,
        alone=True,
    )


def _value(name: str, given: Expr | s.Fill, measured: bool) -> Datum:
    """A given value; text whose coverage is asked about lies in a document of its own."""
    if isinstance(given, s.Fill):
        return as_slice(name, filled(given))
    value = evaluate(given, {}, call_code)
    if measured and isinstance(value, str):
        return as_slice(name, value)
    return value


def filled(fill: s.Fill) -> str:
    """Words in sentences, the same for the same seed, with a text put in at its place."""
    chance = random.Random(fill.seed)  # noqa: S311, filler
    words = [chance.choice(WORDS) for _ in range(fill.words)]
    sentences = [" ".join(words[i : i + 12]).capitalize() + "." for i in range(0, len(words), 12)]
    if fill.insert:
        sentences.insert(int(len(sentences) * fill.at), fill.insert)
    return "\n".join(" ".join(sentences[i : i + 5]) for i in range(0, len(sentences), 5)) + "\n"


# ── expectations ─────────────────────────────────────────────────────────────


def _missed(test: s.Test, outcome: Outcome, events: Iterable[Event]) -> tuple[Missed, ...]:
    if outcome.problem is not None and not _about_problems(test):
        return ()
    env = measured(outcome, events)
    wanted = {n for e in test.expects for n in names(e.test) if n.startswith("coverage(")}
    env = {**dict.fromkeys(wanted, 0.0), **env}
    return _judged_all(test, env)


def _judged_all(test: s.Test, env: Mapping[str, Datum]) -> tuple[Missed, ...]:
    return tuple(m for e in test.expects if (m := _judged(e, env)) is not None)


def _about_problems(test: s.Test) -> bool:
    return any("problem" in names(e.test) for e in test.expects)


def measured(outcome: Outcome, events: Iterable[Event]) -> dict[str, Datum]:
    """What expectations may speak of."""
    ended = [e for e in events if isinstance(e, StepFinished)]
    used = outcome.usage
    read: dict[str, float] = {}
    for line in (x for x in outcome.receipt if not x.stated):
        name = f"coverage({line.source})"
        read[name] = max(read.get(name, 0.0), line.fraction)
    return {
        "result": jsonable(outcome.result),
        "calls": used.calls,
        "tokens": used.tokens,
        "usd": float(used.usd),
        "depth": _depth(events),
        "steps": [_step(e) for e in ended],
        "skipped": sum(e.skipped for e in ended),
        "problem": outcome.problem.diagnostic.code if outcome.problem else "",
        **read,
    }


def _step(event: StepFinished) -> str:
    return event.step


def _depth(events: Iterable[Event]) -> int:
    """How deep calls were nested: levels of a recursion, sessions below sessions."""
    events = list(events)
    grown = {e.node for e in events if isinstance(e, StepStarted) and e.verb == "recurse"}
    return max(
        (
            1 + e.call.sessions + len(e.call.branches if e.node in grown else ())
            for e in events
            if isinstance(e, CallEvent)
        ),
        default=0,
    )


def _judged(expect: s.Expect, env: Mapping[str, Datum]) -> Missed | None:
    """None when it holds."""
    try:
        if evaluate(expect.test, env, call_code):
            return None
    except CodedError as mistake:
        return Missed(expect.words, expect.line, str(mistake))
    test = expect.test
    if isinstance(test, Op) and test.op in SIDES:
        left, right = (_shown(x, env) for x in (test.left, test.right))
        return Missed(expect.words, expect.line, f"{show(test.left)} is {left}", right)
    return Missed(expect.words, expect.line, _shown(test, env))


def _shown(e: Expr, env: Mapping[str, Datum]) -> str:
    text = repr(evaluate(e, env, call_code))
    return text if len(text) <= 400 else f"{text[:400]}… ({len(text):,} characters)"


def measured_line(line: Mapping[str, Json]) -> str:
    """A receipt's line as an expectation; none for a source that was only looked into."""
    read, total = line["read"], line["total"]
    return f"expect coverage({line['source']}) == 1.0" if total and read == total else ""


def as_values(tested: Tested) -> dict[str, object]:
    """A tested test as JSON values."""
    problem = tested.problem.diagnostic if tested.problem else None
    return {
        "name": tested.test.name,
        "recipe": tested.test.recipe,
        "package": tested.package,
        "file": tested.test.base,
        "line": tested.test.line,
        "passed": tested.passed,
        "seconds": round(tested.seconds, 3),
        "missed": [dataclasses.asdict(m) for m in tested.missed],
        "problem": {"code": problem.code, "message": problem.message} if problem else None,
    }
