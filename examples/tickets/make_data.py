"""Makes tickets.jsonl, 300 support tickets of six weeks, and truth.json, their table."""

import json
import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

SAID = {
    "billing": ["The invoice is wrong.", "I wait for a refund.", "Why this charge?"],
    "delivery": ["My parcel is late.", "The courier never came."],
    "technical": ["The app shows an error.", "It will crash every day."],
}


def main() -> None:
    """Writes both files beside this one; the same seed makes the same tickets."""
    rng = random.Random(3)
    rows, truth = [], Counter()
    for number in range(1, 301):
        day, queue = date(2026, 9, 7) + timedelta(days=rng.randrange(42)), rng.choice(list(SAID))
        week, said = day - timedelta(days=day.weekday()), rng.choice(SAID[queue])
        rows.append({"id": number, "day": str(day), "text": said})
        truth[str(week), queue] += 1
    here = Path(__file__)
    here.with_name("tickets.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    weeks = sorted({week for week, _ in truth})
    table = [{"week": w} | {q: truth[w, q] for q in SAID} | {"unsure": 0} for w in weeks]
    here.with_name("truth.json").write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
