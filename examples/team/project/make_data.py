"""Makes contracts/ and logs/, a hundred documents each, and truth.csv with what is owed."""

import csv
import random
from pathlib import Path

CAUSES = [
    "a cable to the second site was cut",
    "a router dropped half of all packets",
    "the disk of the first server was full",
    "a backup could not be restored",
    "the new version was deployed with a wrong setting",
]
NAMES = ["Acme Metals", "Borealis Paper", "Cobalt Works", "Delta Lines"]
CONTRACT = """# {seller} and {buyer}

This contract begins on 1 May 2026 and runs until it is ended.
{seller} shall have an outage of {allowed} minutes a month at most.
{seller} shall pay a penalty of {price} euros for each minute above.
The law of the place where {seller} has its seat applies.
"""


def log_of(rng: random.Random, outages: list[int]) -> str:
    """A month of a service, in which it was down for so many minutes each time."""
    lines = [f"INFO  {n} requests answered" for n in rng.sample(range(1000, 9000), 6)]
    for minutes in outages:
        lines.insert(rng.randrange(len(lines)), f"DOWN {minutes} minutes: {rng.choice(CAUSES)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes all beside this file; the same seed makes the same documents."""
    rng, here = random.Random(16), Path(__file__).parent
    for folder in ("contracts", "logs"):
        (here / folder).mkdir(exist_ok=True)
    with (here / "truth.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item", "allowed", "down", "owed"])
        for number in range(1, 101):
            seller, buyer = rng.sample(NAMES, 2)
            allowed, price = rng.randint(10, 60), rng.randint(2, 9)
            outages = [rng.randint(1, 45) for _ in range(rng.randrange(4))]
            terms = {"seller": seller, "buyer": buyer, "allowed": allowed, "price": price}
            (here / "contracts" / f"{number:03}.md").write_text(CONTRACT.format(**terms))
            (here / "logs" / f"{number:03}.log").write_text(log_of(rng, outages))
            owed = max(sum(outages) - allowed, 0) * price
            rows.writerow([f"{number:03}", allowed, sum(outages), owed])


if __name__ == "__main__":
    main()
