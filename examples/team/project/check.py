"""Compares answers/ with what make_data.py knows, without rlmlang; ends with 1 where one is wrong."""

import csv
import json
import sys
from pathlib import Path


def main() -> int:
    """Says how many answers are right, which are wrong, and how many are missing."""
    here, right, wrong = Path(__file__).parent, 0, []
    with (here / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        item = row.pop("item")
        answer = here / "answers" / f"{item}.json"
        if not answer.exists():
            continue
        if json.loads(answer.read_text()) == {name: int(known) for name, known in row.items()}:
            right += 1
        else:
            wrong.append(item)
    missing = len(rows) - right - len(wrong)
    print(f"{right} right, {len(wrong)} wrong, {missing} missing", *wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
