"""DSPy's own modules that may answer a prompt: `module: "dspy:NAME"`."""

from __future__ import annotations

from rlmlang.value import Frozen, value

DSPY = "dspy:"
"""What stands before the name of one of them; a module of the user's is `FILE.py:NAME`."""
FORM = r"(dspy:[A-Za-z]\w*)|([^:\n]*[^:\n/]\.py:[A-Za-z_]\w*)"


@value
class KnownModule(Frozen):
    """One of them: what it does with its calls, the fewest that it makes, how few it can be given,
    whether it takes tools."""

    name: str
    doc: str
    least: int = 1
    needs: int = 1
    tools: bool = False


MODULES = {
    m.name: m
    for m in (
        KnownModule("ChainOfThought", "asks once, for the reasons before the answer"),
        KnownModule("BestOfN", "asks up to `calls` times, until an answer holds what `check` says"),
        KnownModule(
            "Refine", "the same, with advice between two answers, which is every second call"
        ),
        KnownModule(
            "MultiChainComparison",
            "asks for reasons and an answer with all calls but one, and with that compares them",
            least=3,
            needs=3,
        ),
        KnownModule(
            "ReAct",
            "calls tools, one a call, and with the last call gives the answer",
            least=2,
            needs=2,
            tools=True,
        ),
        KnownModule(
            "ProgramOfThought",
            "writes a program, which a sandbox runs, mends one that failed, and with the last call "
            "answers from what it gave",
            least=2,
            needs=2,
        ),
    )
}

LEFT_OUT = {
    "CodeAct": "it runs the source of its tools in an interpreter of its own: "
    "`dspy:ProgramOfThought` writes programs for a sandbox, `dspy:ReAct` calls tools",
    "RLM": "`repl { … }` of a prompt is one, with caps that the plan counts",
    "Predict": "leave `module` out: every prompt is one",
    "KNN": "`rlm tune` finds the demonstrations of a prompt",
    "Parallel": "`map` asks about all items of a list at a time",
}
"""DSPy's modules that answer no prompt here, and what stands in their place."""
