"""DSPy's own modules, made for a prompt: how its calls are divided among what they do.

What DSPy leaves to a function of the user's, the reward of BestOfN and Refine, is what the prompt
says of its answers: 1 for one that would be taken, 0 for another.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from contextvars import ContextVar

import dspy
import pydantic

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Code
from rlmlang.program.module_value import value_of
from rlmlang.program.render import line
from rlmlang.program.signatures import output_type
from rlmlang.protocols import Host

Signature = type[dspy.Signature]
Make = Callable[[Signature, r.Prompt, r.DspyModule], dspy.Module]
ANSWERING: ContextVar[tuple[r.Prompt, Host] | None] = ContextVar("rlm_answering", default=None)
"""The prompt that is being answered, in the thread of its module."""


def reward(inputs: Mapping[str, str], prediction: dspy.Prediction) -> float:
    """1 for an answer that has the prompt's type and holds what its `check` says, else 0."""
    prompt, host = _answering()
    try:
        return 0.0 if host.problem(value_of(prompt, prediction)) else 1.0
    except CodedError:
        return 0.0


def _answering() -> tuple[r.Prompt, Host]:
    found = ANSWERING.get()
    if found is None:
        raise RuntimeError("a recipe's module is asked by a run of its recipe: rlmlang.run(…)")
    return found


def tool_of(code: Code) -> dspy.Tool:
    """A `code` function as a tool of a module: it runs where such functions run."""

    def call(**given: Datum) -> str:
        _, host = _answering()
        return line(host.code(code, [given.get(p.name) for p in code.params]))

    call.__annotations__.clear()  # DSPy reads them as types of its own
    types = {p.name: output_type(p.type) for p in code.params}
    args = {name: pydantic.TypeAdapter(kind).json_schema() for name, kind in types.items()}
    told = f"{code.name}({', '.join(f'{p.name}: {p.type}' for p in code.params)}) -> {code.result}"
    return dspy.Tool(call, name=code.name, desc=told, args=args, arg_types=types)


class ChainsCompared(dspy.Module):  # type: ignore[misc]
    """Several chains of thought at a temperature, and MultiChainComparison over them."""

    def __init__(self, signature: Signature, chains: int) -> None:
        super().__init__()
        self.chains = chains
        self.think = dspy.ChainOfThought(signature, temperature=1.0)
        self.compare = dspy.MultiChainComparison(signature, M=chains)

    def forward(self, **inputs: str) -> dspy.Prediction:
        """The answer that the chains come to."""
        found = [self.think(**inputs) for _ in range(self.chains)]
        return self.compare(found, **inputs)


def _best_of(signature: Signature, prompt: r.Prompt, module: r.DspyModule) -> dspy.Module:
    inner = dspy.Predict(signature)
    return dspy.BestOfN(inner, N=module.calls, reward_fn=reward, threshold=1.0)


def _refine(signature: Signature, prompt: r.Prompt, module: r.DspyModule) -> dspy.Module:
    inner = dspy.Predict(signature)
    return dspy.Refine(inner, N=(module.calls + 1) // 2, reward_fn=reward, threshold=1.0)


def _react(signature: Signature, prompt: r.Prompt, module: r.DspyModule) -> dspy.Module:
    tools = [tool_of(code) for code in module.tools]
    return dspy.ReAct(signature, tools, max_iters=module.calls - 1)


def _of_users(record: logging.LogRecord) -> bool:
    """Whether a line is about what the user wrote, and not about a module of DSPy's in a run: that
    is in the run's record."""
    found = ANSWERING.get()
    return found is None or found[0].module is None or found[0].module.code is not None


for _name in ("program_of_thought", "predict"):
    logging.getLogger(f"dspy.predict.{_name}").addFilter(_of_users)


def _program(signature: Signature, prompt: r.Prompt, module: r.DspyModule) -> dspy.Module:
    """ProgramOfThought, which is told the task: DSPy's drops it. Raises CodedError."""
    kind = getattr(dspy, "ProgramOfThought", None)
    if kind is None:
        words = f"DSPy {dspy.__version__} has no ProgramOfThought any more"
        hint = 'write `repl { … }` in the place of `module`, or pip install "dspy<3.5"'
        raise failed("module-missing", words, hint=hint)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made: dspy.Module = kind(signature, max_iters=module.calls - 1)
    for _, predictor in made.named_predictors():
        told = f"{signature.instructions}\n\n{predictor.signature.instructions}"
        predictor.signature = predictor.signature.with_instructions(told)
    return made


KNOWN: Mapping[str, Make] = {
    "ChainOfThought": lambda signature, prompt, module: dspy.ChainOfThought(signature),
    "BestOfN": _best_of,
    "Refine": _refine,
    "MultiChainComparison": lambda s, prompt, module: ChainsCompared(s, module.calls - 1),
    "ReAct": _react,
    "ProgramOfThought": _program,
}
