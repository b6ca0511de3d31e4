"""Makes texts/, sixty contracts, and truth.json with the clauses that are not in them."""

import json
import random
from pathlib import Path

CLAUSES = {
    "Term": "This contract begins on {day} May 2026 and runs until it is ended.",
    "Payment": "{buyer} shall pay {sum} euros by {day} June 2026. Late sums bear interest.",
    "Liability": "{seller} is liable for damage that it has caused. {seller} shall be insured.",
    "Law": "The law of the place where {seller} has its seat applies.",
}
NAMES = ["Acme Metals", "Borealis Paper", "Cobalt Works", "Delta Lines"]


def main() -> None:
    """Writes all beside this file; the same seed makes the same contracts."""
    rng, here, truth = random.Random(8), Path(__file__).parent, []
    (here / "texts").mkdir(exist_ok=True)
    for number in range(1, 61):
        seller, buyer = rng.sample(NAMES, 2)
        lost = [c for c in CLAUSES if rng.random() < 0.07]
        about = {"seller": seller, "buyer": buyer, "day": rng.randint(1, 30)}
        about["sum"] = rng.randint(2, 90) * 100
        lines = [f"# {seller} and {buyer}\n"]
        for name, text in CLAUSES.items():
            if name not in lost:
                lines.append(f"## {name}\n\n{text.format(**about)}\n")
        (here / "texts" / f"{number:03}.md").write_text("\n".join(lines))
        if lost:
            truth.append({"path": f"{number:03}.md", "missing": lost})
    (here / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")


if __name__ == "__main__":
    main()
