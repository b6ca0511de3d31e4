"""Results of DSPy's RLM as JSON: a prediction's fields with its trajectory, or that alone.

It holds what the model thought, its code and what that printed; neither requests nor models, tokens
or times, and nothing of what code asked models.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    CallFinished,
    CallStarted,
    CellFinished,
    Event,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TurnStarted,
)
from rlmlang.trajectory.logs.log import Fields, Log, Telling, UnreadableLogError
from rlmlang.value import Json

RECIPE, STEP = "dspy-rlm", "answer"
NODE = f"{RECIPE}.{STEP}"
OWN = ("trajectory", "final_reasoning")
FINAL, ERROR = "FINAL: ", ("[Error]", "[Type Error]")


def _knows(first: Json) -> bool:
    steps = first.get("trajectory") if isinstance(first, dict) else first
    one = steps[0] if isinstance(steps, list) and steps else None
    return isinstance(one, dict) and "code" in one and "output" in one


def _read(lines: Sequence[Fields], path: str, at: float) -> list[Event]:
    if len(lines) != 1:
        raise UnreadableLogError(lines[1].where, "a second value: one prediction is a file")
    (prediction,) = lines
    steps = list(prediction.each("trajectory"))
    telling, session = Telling(NODE), CallId.of(STEP)
    telling.tell(RunStarted(recipe=RECIPE, plan="", path=path), at)
    telling.tell(StepStarted(verb="call"), at)
    for number, step in enumerate(steps):
        _turn(telling, session, number, step, at)
    telling.tell(StepFinished(verb="call", items=1), at)
    telling.tell(RunFinished(outcome="finished", result=_result(prediction, steps)), at)
    return telling.told


def _turn(telling: Telling, session: CallId, number: int, step: Fields, at: float) -> None:
    for name in ("code", "output"):
        if not isinstance(step.values.get(name), str):
            raise step.wrong(name, "text")
    code, output, parent = step.text("code"), step.text("output"), STEP
    answer = "\n\n".join(x for x in (step.text("reasoning"), f"```python\n{code}\n```") if x)
    call, row = session.inside("turn", number), telling.row()
    telling.tell(TurnStarted(call=call, turn=number + 1, turns=0, calls_left=0), at, parent)
    telling.tell(CallStarted(call=call, prompt=STEP, row=row), at, parent)
    telling.tell(CallFinished(call=call, prompt=STEP, answer=answer, row=row), at, parent)
    failed, final = output.startswith(ERROR), output.startswith(FINAL)
    cell = CellFinished(
        call=call,
        code=code,
        output="" if failed or final else output,
        error=output if failed else "",
        kind="python" if failed else "",
        submitted=final,
        value=output.removeprefix(FINAL) if final else None,
    )
    telling.tell(cell, at, parent)


def _result(prediction: Fields, steps: Sequence[Fields]) -> Json:
    """The fields of the prediction: one alone is the result; without them what was submitted."""
    fields = {name: value for name, value in prediction.values.items() if name not in OWN}
    if fields:
        return next(iter(fields.values())) if len(fields) == 1 else fields
    last = steps[-1].text("output") if steps else ""
    return last.removeprefix(FINAL) if last.startswith(FINAL) else None


DSPY = Log("dspy-rlm", "A result of DSPy's RLM, as JSON.", _knows, _read)
