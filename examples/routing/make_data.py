"""Writes tickets.jsonl: 400 support tickets with the queue each belongs to, the same every time.

Two of five tickets name their queue's business besides saying what happened; the others only say
what happened, in words that no queue's name or description has. A reader that goes by words is
lost on those until it is shown some.
"""

import json
import random
from pathlib import Path

QUEUES = {
    "billing": (["invoice", "refund", "payment", "billing", "charge"],
                ["My card was hit twice this month", "The statement shows a wrong total",
                 "You took money after I cancelled", "The receipt lacks our VAT number",
                 "Why did the monthly fee go up", "I want my money back for March"]),
    "delivery": (["parcel", "delivery", "shipping", "courier"],
                 ["The box never showed up", "The van left it in the rain",
                  "Tracking has not moved for six days", "It went to my old address",
                  "The driver said nobody was home", "Half of the order is still on its way"]),
    "technical": (["error", "crash", "bug", "technical"],
                  ["The screen freezes after I sign in", "Nothing happens when I press save",
                   "It keeps spinning and never loads", "The app closes itself on my phone",
                   "Search returns an empty page", "The export file opens as gibberish"]),
    "account": (["account", "password", "login", "profile"],
                ["I forgot what I typed in when I joined", "The six digits never reach my phone",
                 "Somebody else can read my messages", "Please spell my surname with two n",
                 "I cannot get in since I changed phones", "Merge the two memberships I have"]),
    "returns": (["return", "exchange", "replacement", "returns"],
                ["The shoes are one size too small", "It arrived in a thousand pieces",
                 "The colour is nothing like the picture", "One sleeve is longer than the other",
                 "I would rather have the blue one", "The zip broke on the first day"]),
}  # fmt: skip
OPEN = ["Hello.", "Hi.", "Morning.", ""]
CLOSE = ["Thanks.", "Urgent!", "Regards, {name}.", ""]
NAMES = ["Ann", "Bo", "Cleo", "Dev", "Eli", "Fay", "Gus", "Hana"]
PLAIN = ["It is about the {word}.", "So much for the {word}!", "Is that a {word} matter?"]


def ticket(chance: random.Random, number: int) -> dict[str, str]:
    """A ticket with its queue."""
    queue = chance.choice(list(QUEUES))
    words, said = QUEUES[queue]
    body = chance.choice(said) + chance.choice([".", "!", ", again."])
    if chance.random() < 0.4:
        body += " " + chance.choice(PLAIN).format(word=chance.choice(words))
    parts = [chance.choice(OPEN), body, chance.choice(CLOSE).format(name=chance.choice(NAMES))]
    text = " ".join(p for p in parts if p)
    return {"ticket": f"{text} (ref {number:04})", "queue": queue}


def main() -> None:
    """Writes the file."""
    chance = random.Random(11)
    lines = [json.dumps(ticket(chance, n)) for n in range(400)]
    Path(__file__).with_name("tickets.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
