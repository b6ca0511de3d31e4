"""DSPy's optimizers, held to what a tuning may do: one seed, our own runs of the examples, nothing
drawn or printed, no pickles.

GEPA (Agrawal et al. 2025) rewrites tasks by reflection on feedback; bootstrapping keeps calls of
examples that scored as demonstrations; MIPROv2 (Opsahl-Ong et al. 2024) proposes both. Where DSPy
would evaluate a program in threads of its own, with bars and with a second try for what takes long,
`TunableProgram.answers` runs the examples instead.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random

import dspy
import gepa
from dspy.teleprompt.gepa.gepa_utils import DspyAdapter, LoggerAdapter

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.calls import CallId
from rlmlang.program.signatures import RESULT, fits_output
from rlmlang.program.tunable import Answered, TunableProgram

Metric = Callable[[dspy.Example, dspy.Prediction, object], float | bool]
RESULT_STEP = f"steps['{RESULT}']"
GOOD = 0.999  # the score from which on an example's calls may be demonstrations
LOG = LoggerAdapter(logging.getLogger(__name__))


@dataclass(frozen=True)
class Search:
    """What an optimizer works with: numbers of examples, trials (runs of the recipe), the seed, and
    the model that reflects."""

    train: Sequence[int]
    dev: Sequence[int]
    trials: int
    seed: int
    reflection: dspy.LM | None = None


# ── GEPA ─────────────────────────────────────────────────────────────────────


class RecipeAdapter(DspyAdapter):  # type: ignore[misc]
    """A recipe's program as GEPA sees it: DSPy's view, on runs that are ours."""

    def evaluate(
        self,
        batch: Sequence[dspy.Example],
        candidate: Mapping[str, str],
        capture_traces: bool = False,
        num_threads: int | None = None,
    ) -> gepa.EvaluationBatch:
        """The scores of some examples with the tasks of a candidate."""
        program = self.build_program(candidate)
        found = program.answers([example.number for example in batch])
        outputs = [dspy.Prediction(answered=one) for one in found]
        traced = [
            {
                "example_ind": place,
                "example": batch[place],
                "prediction": outputs[place],
                "score": one.score,
                "trace": program.entries(one),
            }
            for place, one in enumerate(found if capture_traces else ())
        ]
        return gepa.EvaluationBatch(outputs, [one.score for one in found], traced or None)


def rewritten(program: TunableProgram, search: Search) -> TunableProgram:
    """The program with tasks that GEPA rewrote."""
    predictors = dict(program.named_predictors())
    adapter = RecipeAdapter(
        program,
        None,
        {name: partial(_lesson, name) for name in predictors},
        rng=Random(search.seed),  # noqa: S311, the seed is the point
        reflection_lm=search.reflection,
        warn_on_score_mismatch=False,
    )
    with quietly():
        found = gepa.optimize(
            {name: predictor.signature.instructions for name, predictor in predictors.items()},
            examples(search.train),
            examples(search.dev),
            adapter,
            seed=search.seed,
            max_metric_calls=search.trials,
            use_merge=True,
            reflection_minibatch_size=3,
            track_best_outputs=False,
            logger=LOG,
        )
        made: TunableProgram = adapter.build_program(found.best_candidate)
    return made


def _lesson(name: str, *, module_outputs: dspy.Prediction, **more: object) -> dict[str, object]:
    """What GEPA is told of a predictor's part in an example."""
    found = module_outputs.answered
    step = name.removeprefix("steps['").partition("']")[0]
    return {"score": found.score, "feedback": feedback(found, step)}


def feedback(found: Answered, predictor: str) -> str:
    """What to learn from an example: the metric's reason, and the checks that the predictor's step
    failed."""
    told = [why for step, why in found.told if predictor.split(".")[0] == step]
    words = [found.reason, *(f"An answer of this step was not taken: {w}" for w in told[:3])]
    return f"Score {found.score:.2f}. {' '.join(w for w in words if w) or 'This was right.'}"


# ── demonstrations ───────────────────────────────────────────────────────────


class Bootstrap(dspy.BootstrapFewShot):  # type: ignore[misc]
    """Keeps the calls of examples that are good by a metric, without a word. A prompt whose answer
    is the recipe's result, and that has no good call, starts from labelled examples."""

    def __init__(self, metric: Metric, demos: int, examples: int) -> None:
        self.seen: list[Answered] = []

        def watched(
            example: dspy.Example, prediction: dspy.Prediction, trace: object = None
        ) -> float | bool:
            self.seen.append(prediction.answered)
            return metric(example, prediction, trace)

        super().__init__(
            metric=watched,
            max_bootstrapped_demos=demos,
            max_labeled_demos=0,
            max_errors=examples + 1,
        )

    def _bootstrap(self, *, max_bootstraps: int | None = None) -> None:
        self.name2traces: dict[str, list[dspy.Example]] = {n: [] for n in self.name2predictor}
        self.validation: list[dspy.Example] = []  # labels without calls are no demonstrations here
        kept = 0
        for example in self.trainset:
            if kept == self.max_bootstrapped_demos:
                break
            kept += self._bootstrap_one_example(example)
        own = self.name2traces.get(RESULT_STEP)
        if own is not None and not own:
            signature = dict(self.student.named_predictors())[RESULT_STEP].signature
            own += labelled(self.seen, signature)


def labelled(seen: Sequence[Answered], signature: type[dspy.Signature]) -> list[dspy.Example]:
    """What the step `result` was asked for some examples, with their labels as its answers; none
    where a label is no answer of its type."""
    found = []
    for answered in seen:
        asked = [t for t in answered.trace if t.call.again(0) == CallId(RESULT)]
        if asked and fits_output(signature, answered.label):
            inputs = asked[0].entry[1]
            found.append(dspy.Example(augmented=True, **inputs, **{RESULT: answered.label}))
    return found


def score(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> float:
    """An example's score, as a metric of DSPy."""
    return float(prediction.answered.score)


def good(example: dspy.Example, prediction: dspy.Prediction, trace: object = None) -> bool:
    """Whether an example's calls may be demonstrations, as a metric of DSPy."""
    return score(example, prediction) >= GOOD


def bootstrapped(program: TunableProgram, search: Search, demos: int) -> TunableProgram:
    """The program with at most so many demonstrations a predictor."""
    rows = examples(search.train)
    with quietly():
        made: TunableProgram = Bootstrap(good, demos, len(rows)).compile(program, trainset=rows)
    return made


# ── MIPROv2 ──────────────────────────────────────────────────────────────────


class Mipro(dspy.MIPROv2):  # type: ignore[misc]
    """MIPROv2 over runs that are ours."""

    def _bootstrap_fewshot_examples(
        self,
        program: TunableProgram,
        trainset: Sequence[dspy.Example],
        *_: object,
        num_fewshot_candidates: int,
        max_bootstrapped_demos: int,
        **more: object,
    ) -> dict[int, list[list[dspy.Example]]]:
        """Sets of demonstrations by predictor: none, then of examples in some order; once in the
        given one."""
        found = [program.reset_copy()]
        for number in range(1, num_fewshot_candidates):
            rows, demos = list(trainset), max_bootstrapped_demos
            if number != 2:
                self.rng.shuffle(rows)
                demos = self.rng.randint(1, max_bootstrapped_demos)
            found.append(Bootstrap(self.metric, demos, len(rows)).compile(program, trainset=rows))
        count = len(program.predictors())
        return {i: [made.predictors()[i].demos for made in found] for i in range(count)}

    def _optimize_prompt_parameters(
        self, program: TunableProgram, tasks: object, demos: object, evaluate: object, *more: object
    ) -> TunableProgram | None:
        found: TunableProgram | None = super()._optimize_prompt_parameters(
            program, tasks, demos, mean_score, *more
        )
        return found


def mean_score(
    program: TunableProgram, devset: Sequence[dspy.Example], **about: object
) -> dspy.Prediction:
    """The score of a program in per cent, as MIPROv2 asks for it."""
    found = program.answers([example.number for example in devset])
    return dspy.Prediction(score=round(100 * sum(one.score for one in found) / len(found), 2))


def proposed(program: TunableProgram, search: Search, demos: int) -> TunableProgram:
    """The program with tasks and demonstrations that MIPROv2 proposed. Raises CodedError
    (extra-missing)."""
    if importlib.util.find_spec("optuna") is None:
        raise failed(
            "extra-missing",
            "the optimizer mipro needs optuna",
            hint="pip install 'rlmlang[mipro]', or use optimizer: gepa",
        )
    rounds = max(1, search.trials // max(1, len(search.dev)) - 1)
    optimizer = Mipro(
        metric=score,
        prompt_model=search.reflection,
        task_model=search.reflection,
        auto=None,
        max_bootstrapped_demos=demos,
        max_labeled_demos=0,
        num_candidates=max(2, rounds // 2),
        seed=search.seed,
    )
    with quietly():
        made: TunableProgram = optimizer.compile(
            program,
            trainset=examples(search.train),
            valset=examples(search.dev),
            num_trials=rounds,
            minibatch=False,
            program_aware_proposer=False,
            data_aware_proposer=False,  # the data would be the numbers of the examples
        )
    return made


# ── what they share ──────────────────────────────────────────────────────────


def examples(numbers: Sequence[int]) -> list[dspy.Example]:
    """Examples as DSPy has them: they are known by number."""
    return [dspy.Example(number=n).with_inputs("number") for n in numbers]


@contextmanager
def quietly() -> Iterator[None]:
    """DSPy's settings for an optimizer: no history of every prompt; of what it logs in this thread
    meanwhile only errors, which would stand among results otherwise."""
    here, handlers = threading.get_ident(), list(logging.getLogger("dspy").handlers)

    def passes(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or record.thread != here

    for handler in handlers:
        handler.addFilter(passes)
    try:
        with dspy.context(disable_history=True, adapter=dspy.ChatAdapter()):
            yield
    finally:
        for handler in handlers:
            handler.removeFilter(passes)
