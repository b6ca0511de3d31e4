"""How many calls a ladder saves: 100 questions over one text, of which 80 are easy.

An easy question has the words of its answer's line, so the look-up finds it; the others ask in
other words, and every page must be read. A scripted engine answers a page rightly.
"""

import random
import re
from pathlib import Path

import rlmlang
from rlmlang.testing import ScriptedEngine

RECIPE = str(Path(__file__).with_name("ladder.rlm"))
WORDS = (
    "river market engine lantern copper harbor theory signal garden winter ledger orchid".split()
)


def text(chance):
    lines = [" ".join(chance.choice(WORDS) for _ in range(10)) + "." for _ in range(2_000)]
    for n in range(100):
        lines.insert(
            chance.randrange(len(lines)),
            f"The locker of guest{n} is number {chance.randrange(900)}.",
        )
    return "\n".join(lines)


def reader(task):
    """Finds a guest's locker on a page or in places, where it stands."""
    guest = re.search(r"\d+", task.inputs["question"])[0]
    found = re.search(
        rf"guest{guest} is number (\d+)", task.inputs.get("page") or task.inputs.get("places", "")
    )
    return found[1] if found else ""


def main():
    book = text(random.Random(4))
    right = calls = glances = 0
    for n in range(100):
        asked = (
            f"Which locker is guest{n}'s?" if n % 5 else f"Where does visitor no. {n} keep things?"
        )
        engine = ScriptedEngine(reader)
        outcome = rlmlang.run(RECIPE, engine=engine, store=None, models=("scripted/reader",),
                              values={"question": asked, "text": book})  # fmt: skip
        want = re.search(rf"guest{n} is number (\d+)", book)[1]
        right += outcome.result == want
        calls += outcome.usage.calls
        glances += outcome.usage.calls == 1
    pages = max(1, round((calls - 100) / (100 - glances)))
    print(f"{right} of 100 right; {glances} answered by the first rung")
    print(
        f"{calls:,} calls with the ladder, {100 * pages:,} when every page is read for each question"
    )


if __name__ == "__main__":
    main()
