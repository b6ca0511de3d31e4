"""Makes rows.jsonl, messages of five users, and truth.json, the table that counting must give."""

import json
import random
from collections import Counter
from pathlib import Path

SAID = {
    "location": ["Which city has the largest harbour?", "What mountain is the highest in Peru?",
                 "In which country does the river rise?"],
    "numeric": ["How many islands are there, the exact count?", "What was the price of the ticket?",
                "What is the date of the treaty?"],
    "human": ["What person wrote the letter?", "Which group of people built it?",
              "What organisation sent the ships?"],
    "entity": ["What animal sleeps the longest?", "Which product sold best?",
               "What event began the war?"],
}  # fmt: skip
USERS = ["ann", "bob", "cleo", "dan", "eve"]


def main() -> None:
    """Writes both files beside this one; the same seed makes the same rows."""
    rng = random.Random(2025)
    rows, truth = [], Counter()
    for number in range(1, 1_001):
        user, label = rng.choice(USERS), rng.choice(list(SAID))
        rows.append({"id": number, "user": user, "text": rng.choice(SAID[label])})
        truth[user, label] += 1
    here = Path(__file__)
    here.with_name("rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    table = [{"user": u, "label": x, "n": n} for (u, x), n in sorted(truth.items())]
    here.with_name("truth.json").write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
