"""Makes answers.csv, a survey of three age groups, and truth.json, the shares of its themes."""

import csv
import json
import random
from collections import Counter
from pathlib import Path

SAID = {
    "price": ["It costs too much for what it is.", "The fee went up again."],
    "speed": ["It is slow in the evening.", "I wait a minute for every page, slow as ever."],
    "support": ["Nobody answered my call.", "The helpdesk was kind, they answered at once."],
    "other": ["I like the blue one.", "All fine here."],
}
GROUPS = ["18-34", "35-54", "55+"]


def main() -> None:
    """Writes both files beside this one; the same seed makes the same answers."""
    rng = random.Random(6)
    rows = []
    for number in range(1, 201):
        theme = rng.choice(list(SAID))
        rows.append((number, rng.choice(GROUPS), rng.choice(SAID[theme]), theme))
    here = Path(__file__)
    with here.with_name("answers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "age", "said"), *(r[:3] for r in rows)])
    sizes, counts = Counter(r[1] for r in rows), Counter((r[1], r[3]) for r in rows)
    first = {(r[1], r[3]): r for r in reversed(rows)}
    truth = [
        {"age": a, "theme": t, "answers": n, "percent": round(100 * n / sizes[a], 1),
         "quote": first[a, t][2], "line": first[a, t][0] + 1}
        for (a, t), n in sorted(counts.items())
    ]  # fmt: skip
    here.with_name("truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
