"""The program and the recipe, made better by one call of GEPA, and what the recipe has besides."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import dspy
from model import RULE, model, thinker, writer
from plain import Urgent

import rlmlang

RECIPE = Path(__file__).with_name("urgent.rlm")
PRICED = "openai/gpt-4o-mini"
KINDS = ("urgent: the door is stuck", "a refund is due", "thanks a lot", "where is the park?")


def inbox(day, size=8):
    """An inbox, no two tickets alike, and what is urgent of it in this house."""
    tickets = [f"{KINDS[n % 4]} ({day}.{n})\n" for n in range(size)]
    urgent = [t for t in tickets if t.startswith(KINDS[:2])]
    return dspy.Example(inbox="".join(tickets), result=urgent).with_inputs("inbox")


TRAIN, HELD_OUT = [inbox(day) for day in range(4)], [inbox(day) for day in range(4, 9)]


def right(example, found, *_):
    got, want = {*found.result}, {*example.result}
    score = len(got & want) / len(got | want)
    return dspy.Prediction(score=score, feedback=RULE if score < 1 else "right")


def better(program):
    with redirect_stdout(sys.stderr):  # its progress bars
        return dspy.GEPA(
            metric=right, reflection_lm=model(thinker, "rule/thinker")[0], max_metric_calls=40,
            num_threads=1, seed=1,
        ).compile(program, trainset=TRAIN, valset=TRAIN)  # fmt: skip


def score(program):
    return sum(right(day, program(inbox=day.inbox)).score for day in HELD_OUT) / len(HELD_OUT)


def stopped(call):
    try:
        call()
    except rlmlang.CodedError as problem:
        return problem


def main():
    lm, rules = model(writer, PRICED)
    large = inbox("today", 20).inbox

    def asked(call, *args, **given):
        before = rules.asked
        return call(*args, **given), rules.asked - before

    with dspy.context(lm=lm), TemporaryDirectory() as folder:
        store = Path(folder, "runs.db")
        program, recipe = Urgent(), rlmlang.load(RECIPE, result=list[str], store=store)
        for name, one in {"program": program, "recipe": recipe}.items():
            print(
                f"{name:8} {score(one):.0%} before, {score(better(one)):.0%} after, of inboxes not seen"
            )

        plan = rlmlang.plan_recipe(RECIPE, values={"inbox": large}, model=PRICED)
        print(
            f"\nprice    {plan.totals.worst.calls} calls at most, ${float(plan.totals.worst.usd.exact()):.3f}: {plan.verdict.word}"
        )
        few = rlmlang.load(RECIPE, sets={"budget.calls": 5})
        problem, count = asked(stopped, lambda: few(inbox=large))
        print(f"budget   {count} requests: {problem}")
        part = rlmlang.load(RECIPE, store=store, within=rlmlang.SharedBudget(calls=15))
        problem, count = asked(stopped, lambda: part(inbox=large))
        print(f"stopped  {count} requests: {problem}")
        found, count = asked(recipe, inbox=large)
        print(f"resumed  {count} requests, {len(found.result)} urgent tickets")
        for line in found.receipt:
            print(
                f"coverage {line.source}: {line.read} of {line.total} bytes read ({line.promised})"
            )
        print(f"again    {asked(recipe, inbox=large)[1]} requests of the recipe,", end=" ")
        print(f"{asked(program, inbox=large)[1]} of the program")


if __name__ == "__main__":
    main()
