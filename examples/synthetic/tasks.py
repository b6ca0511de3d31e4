"""Tests of the decomposition, not of a model: exact answers, leaves that are right by chance.

A scripted engine reads each page as a perfect reader would, and errs with probability 1 - p, the
same way for the same seed. With p = 1 every recipe must score 100 % at every size: the
decomposition itself loses nothing. With less, the measured score stands beside the one that
follows from p by arithmetic.
"""

import json
import random
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from math import exp, lgamma, log, log1p
from pathlib import Path
from zlib import crc32

from dspy.lm15 import Message, Response, TextPart, Usage

import rlmlang

HERE = Path(__file__).parent
RECIPES = str(HERE / "tasks.rlm")
LABELS = ["numeric", "location", "person", "date", "other"]
SAID = {
    "numeric": "How many",
    "location": "Where is",
    "person": "Who made",
    "date": "When was",
    "other": "Why is",
}
WORDS = (
    "river market engine lantern copper harbor theory signal garden winter ledger orchid".split()
)
NEEDLE = re.compile(r"The magic number is (\d+)\.")
FACT = re.compile(r"(\w+) hands the key to (\w+)\.")
ROW = re.compile(r'\{"id".*?\}')


@dataclass
class Leaf:
    """A reader that is right with probability p."""

    p: float
    seed: int
    calls: int = 0

    async def complete(self, request):
        self.calls += 1
        said = request.messages[-1].text or ""
        text = self.answer(said)
        return Response(id="leaf", model=request.model, finish_reason="stop", usage=Usage(input_tokens=len(said) // 4, output_tokens=8),
                        message=Message.assistant([TextPart(f"[[ ## result ## ]]\n{text}\n\n[[ ## completed ## ]]")]))  # fmt: skip

    def right(self, what):
        return random.Random(f"{self.seed} {what}").random() < self.p

    def answer(self, said):
        if "[[ ## rows ## ]]" in said:
            return json.dumps([self.tag(json.loads(x)) for x in ROW.findall(said)])
        found = NEEDLE.search(said)
        return found[1] if found and self.right(found[1]) else ""

    def tag(self, row):
        label = next(k for k, v in SAID.items() if row["text"].startswith(v))
        if not self.right(row["id"]):
            others = [x for x in LABELS if x != label]
            label = others[crc32(f"{self.seed} {row['id']}".encode()) % len(others)]
        return {"id": row["id"], "label": label}


class FactLeaf(Leaf):
    """A reader of facts, who always answers with a list."""

    def answer(self, said):
        return json.dumps([{"from": a, "to": b} for a, b in FACT.findall(said) if self.right(a)])


# ── the tasks ────────────────────────────────────────────────────────────────


def haystack(chance, size, lines):
    """Text of a size in tok (two bytes each) with lines put into it anywhere."""
    line = " ".join(chance.choice(WORDS) for _ in range(9)) + ".\n"
    filler = [line] * (size * 2 // len(line))
    for each in lines:
        filler.insert(chance.randrange(len(filler) + 1), each + "\n")
    return "".join(filler)


def rows_of(chance, count, users):
    """Rows with their labels."""
    labels = [chance.choice(LABELS) for _ in range(count)]
    return labels, [{"id": n, "user": f"u{chance.randrange(users)}", "text": f"{SAID[x]} the {chance.choice(WORDS)}?"}
                    for n, x in enumerate(labels)]  # fmt: skip


def run(recipe, leaf, **values):
    outcome = rlmlang.run(
        RECIPES, engine=leaf, recipe=recipe, values=values, store=None, models=("scripted/leaf",)
    )
    if outcome.problem is not None:
        raise outcome.problem
    return outcome.result


def needle(size, p, seed):
    chance = random.Random(seed)
    number = str(chance.randrange(10_000, 99_999))
    text = haystack(chance, size, [f"The magic number is {number}."])
    return run("needle", Leaf(p, seed), haystack=text) == number, p


def counting(size, p, seed):
    """Right when the count of `numeric` is exact: as many lost as came in from others."""
    labels, rows = rows_of(random.Random(seed), size, 7)
    got = {t["label"]: t["n"] for t in run("counting", Leaf(p, seed), rows=rows)}
    mine = labels.count("numeric")
    return got.get("numeric", 0) == mine, balanced(mine, size - mine, 1 - p)


def balanced(mine, others, q):
    """P(X = Y) for X ~ Bin(mine, q), Y ~ Bin(others, q / 4)."""

    def pick(n, k, chance):
        if chance == 0:
            return float(k == 0)
        ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        return exp(ways + k * log(chance) + (n - k) * log1p(-chance))

    return sum(pick(mine, k, q) * pick(others, k, q / 4) for k in range(min(mine, others) + 1))


def pairs(size, p, seed):
    """Right when every user is found rightly: the product over users."""
    labels, rows = rows_of(random.Random(seed), size, size // 12)
    users = {}
    for label, row in zip(labels, rows, strict=True):
        users.setdefault(row["user"], []).append(label == "numeric")
    truth = sorted(u for u, has in users.items() if any(has))
    want = "\n".join(f"{a} {b}" for i, a in enumerate(truth) for b in truth[i + 1 :])
    q, analytic = 1 - p, 1.0
    for has in users.values():
        none = q ** sum(has) * (1 - q / 4) ** (len(has) - sum(has))
        analytic *= 1 - none if any(has) else none
    return run("pairs", Leaf(p, seed), rows=rows, label="numeric") == want, analytic


def hops(size, p, seed, count=4):
    chance = random.Random(seed)
    people = [f"P{n}" for n in chance.sample(range(1_000), count + 1)]
    lines = [f"{a} hands the key to {b}." for a, b in pairwise(people)]
    got = run(
        "hops", FactLeaf(p, seed), text=haystack(chance, size, lines), start=people[0], count=count
    )
    return got == people[-1], p**count


TASKS = {
    "S-NIAH (tok)": (needle, [8_000, 64_000, 512_000, 4_000_000, 16_000_000]),
    "counting (rows)": (counting, [200, 2_000, 20_000]),
    "pairs (rows)": (pairs, [120, 1_200, 12_000]),
    "4 hops (tok)": (hops, [8_000, 64_000, 512_000, 4_000_000]),
}


def score(task, size, p, trials, first=0):
    """The share of trials that were right, and the mean of the analytic probability."""
    found = [task(size, p, seed) for seed in range(first, first + trials)]
    return sum(x for x, _ in found) / trials, sum(x for _, x in found) / trials


def main(quick):
    print("| task | size | p = 1 | p | measured | analytic |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, (task, sizes) in TASKS.items():
        for size in sizes[: 2 if quick else None]:
            perfect, _ = score(task, size, 1.0, 3)
            line = f"| {name} | {size:,} | {perfect:.0%}"
            if size == sizes[0]:
                trials = 100 if quick else 400
                for p in (0.9, 0.99):
                    measured, analytic = score(task, size, p, trials, 1_000)
                    print(
                        f"{line} | {p} | {measured:.3f} of {trials} | {analytic:.3f} |", flush=True
                    )
            else:
                print(f"{line} | | | |", flush=True)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
