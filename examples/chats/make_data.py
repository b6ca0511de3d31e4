"""Makes chat.jsonl, a week of a team's chat, and truth.json with its decisions and open questions."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

WHO = ["ann", "bob", "cleo", "dan"]
DECIDED = ["We decided to ship on Friday.", "Agreed: the blue logo stays.",
           "It is decided, we move to the new office."]  # fmt: skip
ASKED = ["Does anyone know who has the keys?", "Can somebody say when the fair begins?",
         "Does anyone know if we need a permit?"]  # fmt: skip
TALK = ["Good morning.", "Lunch is here.", "I am late today, sorry."]
REPLY = "I have looked it up, see the wiki."


def main() -> None:
    """Writes both files beside this one; the same seed makes the same chat."""
    rng = random.Random(12)
    at, rows, kinds = datetime(2026, 4, 6, 8, tzinfo=UTC), [], {}
    for number in range(1, 121):
        at += timedelta(minutes=rng.randint(1, 90))
        asked = [r["id"] for r in rows if kinds[r["id"]] == "question"]
        kind = rng.choice(["decision", "question", "reply", "talk", "talk"])
        kind = "talk" if kind == "reply" and not asked else kind
        said = {"decision": DECIDED, "question": ASKED, "reply": [REPLY], "talk": TALK}[kind]
        to = rng.choice(asked) if kind == "reply" else None
        kinds[number] = kind
        rows.append({"id": number, "at": at.isoformat(), "who": rng.choice(WHO),
                     "said": rng.choice(said), "reply_to": to})  # fmt: skip
    here = Path(__file__)
    here.with_name("chat.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    answered = {r["reply_to"] for r in rows}
    told = {
        r["id"]: f"{datetime.fromisoformat(r['at']):%d %b %H:%M} {r['who']}: {r['said']}"
        for r in rows
    }
    days: dict[str, int] = {}
    for row in rows:
        days[row["at"][:10]] = days.get(row["at"][:10], 0) + 1
    truth = {
        "decisions": [told[n] for n, k in kinds.items() if k == "decision"],
        "unanswered": [told[n] for n, k in kinds.items() if k == "question" and n not in answered],
        "days": [{"day": d, "messages": n} for d, n in days.items()],
    }
    here.with_name("truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
