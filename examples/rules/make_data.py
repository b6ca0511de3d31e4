"""Writes amounts.jsonl: 60 amounts and how the house writes them, the same every time."""

import json
import random
from pathlib import Path

SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}

if __name__ == "__main__":
    chance = random.Random(5)
    lines = []
    for _ in range(60):
        sign, code = chance.choice(list(SIGNS.items()))
        number = chance.choice([f"{chance.randrange(1, 900)}", f"{chance.randrange(1, 90)}.5"])
        said = chance.choice([f"{sign}{number}", f"{number} {sign}"])
        lines.append(json.dumps({"amount": said, "written": f"{code} {float(number):.2f}"}))
    Path(__file__).with_name("amounts.jsonl").write_text("\n".join(lines) + "\n")
