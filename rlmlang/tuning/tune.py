"""A tuning from its first example to its file.

The examples are split by seed: the optimizer learns from `train` and chooses on `dev`; the score
that is reported is of `test`, which it never saw.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from rlmlang.budget import Usage
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.apply_tuning import with_tuned
from rlmlang.ir.predictors import prompts_of
from rlmlang.loop_thread import LoopThread
from rlmlang.program.optimizers import Search, bootstrapped, proposed, rewritten
from rlmlang.program.program import RecipeProgram
from rlmlang.program.reflection_lm import ReflectionEngine
from rlmlang.program.tunable import TunableProgram, found_in
from rlmlang.runtime.tuned import Tuning
from rlmlang.testing.datasets import Examples
from rlmlang.testing.evals import Scored, Way
from rlmlang.testing.interval import Interval, difference_of, mean_of, verdict
from rlmlang.tuning.example_runner import ExampleRunner, TuningStopped
from rlmlang.tuning.reflection import reflecting

DEMOS = 4


@dataclass(frozen=True)
class Parts:
    """The numbers of the examples for learning, for choosing and for the score."""

    train: tuple[int, ...]
    dev: tuple[int, ...]
    test: tuple[int, ...]


@dataclass(frozen=True)
class Tried:
    """A setting that was tried on `dev`, and its mean."""

    words: str
    mean: float


@dataclass
class Tuned:
    """What a tuning found: the tuning, the scores of `test` before and after, what was tried."""

    tune: s.Tune
    tuning: Tuning
    parts: Parts
    before: Interval
    after: Interval
    difference: Interval
    usage: Usage
    runs: int
    tried: list[Tried] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """What the difference says."""
        return verdict(self.difference)


def parts_of(tune: s.Tune, examples: Examples) -> Parts:
    """The split of a tuning. Raises CodedError (too-few-examples)."""
    numbers = [x.number for x in examples.rows[: tune.eval.limit or None]]
    random.Random(tune.seed).shuffle(numbers)  # noqa: S311, the seed is the point
    a = round(len(numbers) * tune.train)
    b = a + round(len(numbers) * tune.dev)
    c = b + round(len(numbers) * tune.test)
    found = Parts(tuple(numbers[:a]), tuple(numbers[a:b]), tuple(numbers[b:c]))
    if not (found.train and found.dev and len(found.test) > 1):
        raise failed(
            "too-few-examples",
            f"{len(numbers)} examples are too few for a split of {len(found.train)}, "
            f"{len(found.dev)} and {len(found.test)}",
            hint="label more, or change `split`",
        )
    return found


Begun = Callable[[Callable[[], object]], None]


def run_tune(
    tune: s.Tune,
    recipe: r.Recipe,
    examples: Examples,
    way: Way,
    reflection: str = "",
    told: Callable[[str, Scored | None], None] = lambda words, scored: None,
    begun: Begun = lambda stop: None,
) -> Tuned:
    """The tuning; `begun` is given what stops it, to be called from another thread. Raises
    CodedError for what stopped it: what was answered is kept, and the same command goes on from
    there."""
    parts = parts_of(tune, examples)
    with LoopThread() as loop:
        runner = ExampleRunner(tune.eval, examples.rows, way, loop, lambda x: told("", x))
        begun(runner.stop)
        work = TuningRun(tune, recipe, parts, runner, way, reflection, told)
        try:
            return work.all()
        except KeyboardInterrupt:
            raise runner.stop() from None
        except TuningStopped as stopped:
            raise runner.problem or stopped from None
        finally:
            begun(lambda: None)


@dataclass
class TuningRun:
    """The stages of a tuning."""

    tune: s.Tune
    recipe: r.Recipe
    parts: Parts
    runner: ExampleRunner
    way: Way
    reflection: str
    told: Callable[[str, Scored | None], None]
    tried: list[Tried] = field(default_factory=list)

    def all(self) -> Tuned:
        """Before, numbers, prompts, after."""
        self.told("the score before", None)
        before = self.runner.scores(self.parts.test, Tuning())
        tuning = self._prompts(self._grid(Tuning()))
        self.told("the score after", None)
        after = self.runner.scores(self.parts.test, tuning)
        spent, runs = self.way.account.spent - self.runner.carried, self.runner.runs
        return Tuned(
            self.tune, tuning, self.parts, *_intervals(before, after), spent, runs, self.tried
        )

    # ── numbers and models ───────────────────────────────────────────────────

    def _grid(self, best: Tuning) -> Tuning:
        """The setting of numbers and models that scores best on `dev`; of equals the first."""
        top, chosen = -1.0, best
        for setting in settings_of(self.tune):
            mean = self._mean(setting, ", ".join(words_of(setting)))
            if mean > top:
                top, chosen = mean, setting
        return chosen

    def _mean(self, tuning: Tuning, words: str) -> float:
        self.told(f"trying {words}", None)
        mean = mean_of([x.score for x in self.runner.scores(self.parts.dev, tuning)]).mean
        self.tried.append(Tried(words, mean))
        return mean

    # ── prompts ──────────────────────────────────────────────────────────────

    def _prompts(self, tuning: Tuning) -> Tuning:
        """The best of what the optimizer finds and what there was, judged on `dev`."""
        if self.tune.optimizer == "grid":
            return tuning
        top, chosen = self._mean(tuning, "prompts as they are"), tuning
        for words, found in self._found(tuning):
            if found == tuning:
                self.tried.append(Tried(f"{words}: none found, nothing was changed", top))
                continue
            mean = self._mean(found, words)
            if mean > top:
                top, chosen = mean, found
        return chosen

    def _found(self, tuning: Tuning) -> Iterator[tuple[str, Tuning]]:
        tasks, demos = self._names("task"), self._names("demos")
        counts = sorted(
            {int(str(c)) for k in self.tune.knobs if k.kind == "demos" for c in k.choices if c}
        )
        match self.tune.optimizer:
            case "bootstrap":
                for count in counts or [DEMOS]:
                    names = demos or tasks
                    yield f"{count} demonstrations", self._bootstrapped(tuning, names, count)
            case "mipro":
                yield "mipro", self._optimized(tuning, tasks or demos, max(counts, default=DEMOS))
            case _:
                found = self._optimized(tuning, tasks, 0)
                yield "rewritten tasks", found
                for count in counts:
                    more = self._bootstrapped(found, demos, count)
                    yield f"rewritten tasks, {count} demonstrations", more

    def _names(self, kind: str) -> list[str]:
        return [p for k in self.tune.knobs if k.kind == kind for p in k.predictors]

    def _bootstrapped(self, tuning: Tuning, names: Sequence[str], count: int) -> Tuning:
        if not names:
            return tuning
        self.told(f"collecting {count} demonstrations", None)
        program, before = self._program(tuning, names, failures=False)
        made = self._guarded(lambda: bootstrapped(program, self._search(None), count))
        return self._with(tuning, found_in(made.steps, before.steps))

    def _optimized(self, tuning: Tuning, names: Sequence[str], demos: int) -> Tuning:
        """Tasks rewritten by reflection."""
        if not names:
            return tuning
        self.told("rewriting tasks", None)
        program, before = self._program(tuning, names, failures=not demos)
        with self._reflecting() as model:
            search = self._search(model)
            if demos:
                made = self._guarded(lambda: proposed(program, search, demos))
            else:
                made = self._guarded(lambda: rewritten(program, search))
        return self._with(tuning, found_in(made.steps, before.steps))

    def _program(
        self, tuning: Tuning, names: Sequence[str], *, failures: bool
    ) -> tuple[TunableProgram, RecipeProgram]:
        before = RecipeProgram(prompts_of(with_tuned(self.recipe, tuning.prompts)))
        answer = self.runner.answering(tuning)
        return TunableProgram(before, names, answer, failures=failures), before

    def _search(self, model: ReflectionEngine | None) -> Search:
        parts, tune = self.parts, self.tune
        lm = None if model is None else model.lm
        return Search(parts.train, parts.dev, tune.trials, tune.seed, lm)

    def _reflecting(self) -> AbstractContextManager[ReflectionEngine | None]:
        if not self.reflection:
            return nullcontext()
        return reflecting(self.tune.name, self.reflection, self.way, self.runner.loop)

    def _guarded(self, work: Callable[[], TunableProgram]) -> TunableProgram:
        """What an optimizer made. Raises CodedError for what it broke off with."""
        try:
            return work()
        except CodedError:
            raise
        except Exception as mistake:
            problem = getattr(mistake, "problem", None)  # a coded one on its way through DSPy
            if not isinstance(problem, CodedError):
                problem = _broken(self.tune, mistake)
            raise problem from mistake

    def _with(self, tuning: Tuning, found: dict[str, r.Tuned]) -> Tuning:
        """A tuning with what was found now; tasks found before stay where only demos are new."""
        merged = dict(tuning.prompts)
        for name, one in found.items():
            earlier = merged.get(name, r.Tuned())
            merged[name] = r.Tuned(one.task or earlier.task, one.demos or earlier.demos)
        return replace(tuning, prompts=merged)


def settings_of(tune: s.Tune) -> list[Tuning]:
    """Every setting of numbers and models that the knobs allow; none where there are no such."""
    knobs = [k for k in tune.knobs if k.kind in ("number", "model")]
    if not knobs:
        return []
    return [_set(knobs, values) for values in itertools.product(*(k.choices for k in knobs))]


def _set(knobs: Sequence[s.Knob], values: Sequence[object]) -> Tuning:
    pairs = list(zip(knobs, values, strict=True))
    sets = {k.path: str(v) for k, v in pairs if k.kind == "number"}
    models = tuple(f"{k.path.rpartition('.')[0]}={v}" for k, v in pairs if k.kind == "model")
    return Tuning(sets=sets, models=models)


def words_of(setting: Tuning) -> list[str]:
    """A setting of numbers and models in words."""
    return [*(f"{k}={v}" for k, v in setting.sets.items()), *setting.models]


def _intervals(
    before: Sequence[Scored], after: Sequence[Scored]
) -> tuple[Interval, Interval, Interval]:
    old, new = [x.score for x in before], [x.score for x in after]
    return mean_of(old), mean_of(new), difference_of(old, new)


def _broken(tune: s.Tune, mistake: Exception) -> CodedError:
    words = " ".join(str(mistake).split())[:300]
    return failed(
        "optimizer-failed",
        f"the optimizer {tune.optimizer} failed: {type(mistake).__name__}: {words}",
        hint="what was answered is kept; another optimizer or seed may do",
    )
