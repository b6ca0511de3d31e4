"""Makes notes/, the minutes of twelve meetings, and truth.json with their overdue actions."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

OWNERS = ["ann", "bob", "cleo"]
TASKS = ["order the new chairs", "send the draft to the printer", "call the landlord",
         "book the hall", "update the price list", "answer the auditor"]  # fmt: skip
TALK = ["We looked at the numbers.", "Cleo told us about the fair.", "Nothing else came up."]
TODAY = date(2026, 5, 1)


def main() -> None:
    """Writes all beside this file; the same seed makes the same notes."""
    rng = random.Random(4)
    here = Path(__file__).parent
    (here / "notes").mkdir(exist_ok=True)
    late = []
    for number in range(12):
        held = date(2026, 1, 12) + timedelta(days=14 * number)
        name, lines = f"notes/{held}.md", [f"# Meeting of {held}", ""]
        for _ in range(rng.randint(2, 5)):
            lines.append(rng.choice(TALK))
            if rng.random() < 0.7:
                owner, task = rng.choice(OWNERS), rng.choice(TASKS)
                due = held + timedelta(days=rng.randint(3, 40))
                done = rng.random() < 0.4
                lines.append(f"- [{'x' if done else ' '}] {owner.title()} will {task} by {due:%d %B %Y}.")  # fmt: skip
                if not done and due < TODAY:
                    late.append({"owner": owner, "due": str(due), "days": (TODAY - due).days,
                                 "said": lines[-1], "path": name, "line": len(lines)})  # fmt: skip
        (here / name).write_text("\n".join(lines) + "\n")
    late.sort(key=lambda x: (x["owner"], x["due"]))
    truth = {o: [x for x in late if x["owner"] == o] for o in sorted({x["owner"] for x in late})}
    (here / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
