"""DSPy's optimizers, held to what a tuning may do: one seed, no resubmitted stragglers, no pickles.

GEPA (Agrawal et al. 2025) rewrites tasks by reflection on feedback; bootstrapping keeps calls of
examples that scored as demonstrations; MIPROv2 (Opsahl-Ong et al. 2024) proposes both.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import dspy
import dspy.evaluate.evaluate as evaluating
from dspy.utils.parallelizer import ParallelExecutor

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.program.tunable import TunableProgram

GOOD = 0.999  # the score from which on an example's calls may be demonstrations


@dataclass(frozen=True)
class Search:
    """What an optimizer works with: numbers of examples, trials (runs of the recipe), the seed, and
    the model that reflects."""

    train: Sequence[int]
    dev: Sequence[int]
    trials: int
    seed: int
    reflection: Any = None
    at_once: int = 1


def gepa(program: TunableProgram, search: Search) -> TunableProgram:
    """The program with rewritten tasks."""
    optimizer = dspy.GEPA(
        metric=feedback, max_metric_calls=search.trials, reflection_lm=search.reflection,
        seed=search.seed, num_threads=search.at_once, warn_on_score_mismatch=False,
    )  # fmt: skip
    with quietly():
        made: TunableProgram = optimizer.compile(
            program, trainset=examples(search.train), valset=examples(search.dev)
        )
    return made


def bootstrap(program: TunableProgram, search: Search, demos: int) -> TunableProgram:
    """The program with at most so many demonstrations a predictor."""
    optimizer = dspy.BootstrapFewShot(
        metric=lambda example, prediction, trace=None: prediction.answered.score >= GOOD,
        max_bootstrapped_demos=demos, max_labeled_demos=0, max_rounds=1,
        max_errors=len(search.train) + 1,
    )  # fmt: skip
    with quietly():
        made: TunableProgram = optimizer.compile(program, trainset=examples(search.train))
    return made


def mipro(program: TunableProgram, search: Search, demos: int) -> TunableProgram:
    """The program with proposed tasks and demonstrations. Raises CodedError (extra-missing)."""
    if importlib.util.find_spec("optuna") is None:
        raise failed("extra-missing", "the optimizer mipro needs optuna",
                     hint="pip install 'rlmlang[mipro]', or use optimizer: gepa")  # fmt: skip
    rounds = max(1, search.trials // max(1, len(search.dev)) - 1)
    optimizer = dspy.MIPROv2(
        metric=lambda example, prediction, trace=None: prediction.answered.score,
        prompt_model=search.reflection, task_model=search.reflection, auto=None,
        max_bootstrapped_demos=demos, max_labeled_demos=0, num_candidates=max(2, rounds // 2),
        seed=search.seed, num_threads=search.at_once, max_errors=len(search.train) + 1,
    )  # fmt: skip
    with quietly():
        made: TunableProgram = optimizer.compile(
            program, trainset=examples(search.train), valset=examples(search.dev),
            num_trials=rounds, minibatch=False, program_aware_proposer=False,
        )  # fmt: skip
    return made


def feedback(
    example: Any, prediction: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None
) -> Any:
    """A score and what to learn from it: the metric's reason, and the checks that a step failed."""
    found = prediction.answered
    name = str(pred_name or "").removeprefix("steps['").partition("']")[0]
    told = [why for step, why in found.told if not name or name.split(".")[0] == step]
    words = [found.reason, *(f"An answer of this step was not taken: {w}" for w in told[:3])]
    said = " ".join(w for w in words if w) or "This was right."
    return dspy.Prediction(score=found.score, feedback=f"Score {found.score:.2f}. {said}")


def examples(numbers: Sequence[int]) -> list[Any]:
    """Examples as DSPy has them: they are known by number."""
    return [dspy.Example(number=n).with_inputs("number") for n in numbers]


@contextmanager
def quietly() -> Iterator[None]:
    """DSPy's settings for an optimizer: no history of every prompt, no second sending of what takes
    long; what it logs and prints would stand among results."""
    kept = evaluating.ParallelExecutor
    evaluating.ParallelExecutor = functools.partial(ParallelExecutor, timeout=0)
    log = logging.getLogger("dspy")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        settings = dspy.context(disable_history=True, adapter=dspy.ChatAdapter())
        with settings, _no_bars(), redirect_stdout(io.StringIO()):
            yield
    finally:
        evaluating.ParallelExecutor = kept
        log.setLevel(level)


@contextmanager
def _no_bars() -> Iterator[None]:
    """Without the bars that DSPy draws with tqdm: there is one of ours."""
    import tqdm

    kept: Callable[..., Any] = tqdm.tqdm.__init__

    def quiet(self: Any, *args: Any, **more: Any) -> None:
        kept(self, *args, **{**more, "disable": True})

    tqdm.tqdm.__init__ = quiet
    try:
        yield
    finally:
        tqdm.tqdm.__init__ = kept
