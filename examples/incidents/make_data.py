"""Makes reports/, fifty incident reports in two folders, and truth.jsonl, a record of each."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

CAUSES = {
    "network": ["A router dropped half of all packets.", "A cable to the second site was cut."],
    "storage": ["The disk of the first server was full.", "A backup could not be restored."],
    "release": ["The new version was deployed with a wrong setting.", "A rollback was needed."],
}
REST = ["Nobody noticed it at first.", "Customers wrote to us.", "It was over before noon."]


def main() -> None:
    """Writes both beside this file; the same seed makes the same reports."""
    rng = random.Random(50)
    here = Path(__file__).parent
    truth = []
    for number in range(1, 51):
        cause, minutes = rng.choice(list(CAUSES)), rng.randint(5, 600)
        day = date(2026, 1, 1) + timedelta(days=rng.randrange(330))
        path = f"{rng.choice(['north', 'south'])}/incident-{number:02}.md"
        said = [rng.choice(CAUSES[cause]), *rng.sample(REST, 2)]
        text = f"# Down for {minutes} minutes\n\nIt began on {day}. {' '.join(said)}\n"
        (here / "reports" / path).parent.mkdir(parents=True, exist_ok=True)
        (here / "reports" / path).write_text(text)
        truth.append(
            {"path": f"reports/{path}", "day": str(day), "cause": cause, "minutes": minutes}
        )
    truth.sort(key=lambda row: row["path"])
    (here / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in truth))


if __name__ == "__main__":
    main()
